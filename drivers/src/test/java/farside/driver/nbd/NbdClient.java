package farside.driver.nbd;

import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.OptionFlyweight;
import farside.protocol.nbd.RequestFlyweight;
import farside.protocol.nbd.SimpleReplyFlyweight;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/// A client on a plain blocking socket, that says good and bad things.
final class NbdClient implements AutoCloseable {
  private static final int TIMEOUT_MS = 10_000;

  final Socket socket = new Socket();
  final DataInputStream in;
  final OutputStream out;
  long sizeBytes;
  int transmissionFlags;

  NbdClient(InetSocketAddress address) throws IOException {
    socket.setReceiveBufferSize(64 * 1024);
    socket.connect(address, TIMEOUT_MS);
    socket.setSoTimeout(TIMEOUT_MS);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
    out = socket.getOutputStream();
  }

  /// Connects and opens the export in the old way, which needs no replies to be taken apart.
  static NbdClient opened(InetSocketAddress address, String export) throws IOException {
    NbdClient client = new NbdClient(address);
    client.greet();
    client.option(1, export.getBytes(StandardCharsets.UTF_8));
    client.sizeBytes = client.in.readLong();
    client.transmissionFlags = client.in.readUnsignedShort();
    return client;
  }

  void greet() throws IOException {
    in.skipNBytes(18);
    out.write(new byte[] {0, 0, 0, 3});
  }

  void option(int option, byte[] data) throws IOException {
    UnsafeBuffer header = new UnsafeBuffer(new byte[OptionFlyweight.LENGTH_BYTES]);
    OptionFlyweight.put(header, 0, option, data.length);
    out.write(header.byteArray());
    out.write(data);
  }

  static byte[] request(
      NbdCommand command, int flags, long cookie, long offsetBytes, long lengthBytes) {
    UnsafeBuffer header = new UnsafeBuffer(new byte[RequestFlyweight.LENGTH_BYTES]);
    RequestFlyweight.put(header, 0, flags, command.number(), cookie, offsetBytes, lengthBytes);
    return header.byteArray();
  }

  void send(NbdCommand command, long cookie, long offsetBytes, long lengthBytes)
      throws IOException {
    out.write(request(command, 0, cookie, offsetBytes, lengthBytes));
  }

  void write(long cookie, long offsetBytes, byte[] payload) throws IOException {
    send(NbdCommand.WRITE, cookie, offsetBytes, payload.length);
    out.write(payload);
  }

  SimpleReplyFlyweight readReply() throws IOException {
    byte[] header = new byte[SimpleReplyFlyweight.LENGTH_BYTES];
    in.readFully(header);
    SimpleReplyFlyweight reply = new SimpleReplyFlyweight().wrap(new UnsafeBuffer(header), 0);
    if (reply.magic() != SimpleReplyFlyweight.MAGIC) {
      throw new AssertionError("no reply: magic " + Integer.toHexString(reply.magic()));
    }
    return reply;
  }

  /// Reads one reply's header and returns its error.
  int expectReply(long cookie) throws IOException {
    SimpleReplyFlyweight reply = readReply();
    if (reply.cookie() != cookie) {
      throw new AssertionError("expected a reply for " + cookie + ", got " + reply.cookie());
    }
    return reply.error();
  }

  byte[] expectData(long cookie, int lengthBytes) throws IOException {
    int error = expectReply(cookie);
    if (error != 0) {
      throw new AssertionError("read " + cookie + " ended with " + error);
    }
    byte[] data = new byte[lengthBytes];
    in.readFully(data);
    return data;
  }

  byte[] read(long cookie, long offsetBytes, int lengthBytes) throws IOException {
    send(NbdCommand.READ, cookie, offsetBytes, lengthBytes);
    return expectData(cookie, lengthBytes);
  }

  /// True once the server has closed its half, and everything before that was read.
  boolean expectEnd() throws IOException {
    try {
      in.readByte();
      return false;
    } catch (EOFException | SocketException ended) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
