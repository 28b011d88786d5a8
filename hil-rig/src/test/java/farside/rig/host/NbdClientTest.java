package farside.rig.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NbdClientTest {
  private static final long SEED = Long.getLong("farside.seed", 20_261_122L);
  private static final int TIMEOUT_MS = 5000;
  private ServerSocket listener;

  /// What the far end does with one connection.
  private interface Script {
    void run(DataInputStream in, DataOutputStream out) throws IOException;
  }

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    listener.close();
  }

  @Test
  void aWholeConversationIsUnderstood() throws Exception {
    AtomicReference<byte[]> written = new AtomicReference<>();
    serve((in, out) -> {
      shakeHands(in, out, 1 << 20, 0b10);
      long writeCookie = expectRequest(in, 1, 8192, 5);
      written.set(in.readNBytes(5));
      long readCookie = expectRequest(in, 0, 4096, 3);
      reply(out, readCookie, 0);
      out.write(new byte[] {7, 8, 9});
      reply(out, writeCookie, 28);
      out.flush();
      expectRequest(in, 2, 0, 0);
    });

    try (NbdClient client = NbdClient.connect(address(), "0010", TIMEOUT_MS)) {
      assertThat(client.sizeBytes()).isEqualTo(1 << 20);
      assertThat(client.isReadOnly()).isTrue();
      long write = client.submitWrite(8192, new byte[] {1, 2, 3, 4, 5}, false);
      long read = client.submitRead(4096, 3);
      NbdClient.Reply first = client.awaitReply();
      NbdClient.Reply second = client.awaitReply();
      assertThat(first.cookie()).isEqualTo(read);
      assertThat(first.data()).containsExactly(7, 8, 9);
      assertThat(second.cookie()).isEqualTo(write);
      assertThat(second.error()).isEqualTo(28);
      assertThat(written.get()).containsExactly(1, 2, 3, 4, 5);
      client.disconnect();
    }
  }

  @Test
  void aRefusedExportIsToldInTheServersWords() throws Exception {
    serve((in, out) -> {
      greet(out);
      in.readNBytes(4 + 8 + 4 + 4 + 4 + 4 + 2);
      out.writeLong(0x0003e889045565a9L);
      out.writeInt(7);
      out.writeInt(0x80000006);
      out.writeInt(6);
      out.write("no one".getBytes(StandardCharsets.US_ASCII));
      out.flush();
    });

    assertThatThrownBy(() -> NbdClient.connect(address(), "0099", TIMEOUT_MS))
        .isInstanceOf(NbdException.class)
        .hasMessageContaining("export 0099 refused: no one");
  }

  @Test
  void garbageEndsTheConnectionWithAnErrorAndNothingWorse() throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 200; i++) {
      byte[] garbage = garbled(random);
      Thread server = serve((in, out) -> {
        out.write(garbage);
        out.flush();
      });
      assertThatThrownBy(() -> {
            try (NbdClient client = NbdClient.connect(address(), "0010", TIMEOUT_MS)) {
              client.read(0, 4096);
              client.read(0, 4096);
            }
          })
          .as("seed %d, try %d", SEED, i)
          .isInstanceOf(IOException.class);
      server.join();
    }
  }

  /// A right handshake with one byte changed, or cut short, or noise alone.
  private static byte[] garbled(SplittableRandom random) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    greet(out);
    exportInfo(out, 1 << 20, 0);
    reply(out, 1, 0);
    byte[] whole = bytes.toByteArray();
    byte[] result = Arrays.copyOf(whole, random.nextInt(whole.length + 1));
    if (result.length > 0 && random.nextBoolean()) {
      result[random.nextInt(result.length)] ^= (byte) (1 << random.nextInt(8));
    }
    if (random.nextInt(4) == 0) {
      random.nextBytes(result);
    }
    return result;
  }

  private InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
  }

  private Thread serve(Script script) {
    return Thread.ofVirtual().start(() -> {
      try (Socket socket = listener.accept()) {
        script.run(
            new DataInputStream(socket.getInputStream()),
            new DataOutputStream(socket.getOutputStream()));
      } catch (IOException ended) {
        // The client left, which is what some of the tests are about.
      }
    });
  }

  private static void shakeHands(
      DataInputStream in, DataOutputStream out, long sizeBytes, int flags) throws IOException {
    greet(out);
    assertThat(in.readInt()).isEqualTo(3);
    assertThat(in.readLong()).isEqualTo(0x49484156454F5054L);
    assertThat(in.readInt()).isEqualTo(7);
    in.readNBytes(in.readInt());
    exportInfo(out, sizeBytes, flags);
  }

  private static void greet(DataOutputStream out) throws IOException {
    out.writeLong(0x4e42444d41474943L);
    out.writeLong(0x49484156454F5054L);
    out.writeShort(3);
    out.flush();
  }

  private static void exportInfo(DataOutputStream out, long sizeBytes, int flags)
      throws IOException {
    out.writeLong(0x0003e889045565a9L);
    out.writeInt(7);
    out.writeInt(3);
    out.writeInt(12);
    out.writeShort(0);
    out.writeLong(sizeBytes);
    out.writeShort(flags);
    out.writeLong(0x0003e889045565a9L);
    out.writeInt(7);
    out.writeInt(1);
    out.writeInt(0);
    out.flush();
  }

  private static long expectRequest(
      DataInputStream in, int command, long offsetBytes, int lengthBytes) throws IOException {
    assertThat(in.readInt()).isEqualTo(0x25609513);
    assertThat(in.readUnsignedShort()).isZero();
    assertThat(in.readUnsignedShort()).isEqualTo(command);
    long cookie = in.readLong();
    assertThat(in.readLong()).isEqualTo(offsetBytes);
    assertThat(in.readInt()).isEqualTo(lengthBytes);
    return cookie;
  }

  private static void reply(DataOutputStream out, long cookie, int error) throws IOException {
    out.writeInt(0x67446698);
    out.writeInt(error);
    out.writeLong(cookie);
  }
}
