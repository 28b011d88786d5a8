package farside.runtime;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import farside.director.Director;
import farside.driver.drive.OpenDrive;
import farside.driver.filedisk.FileDisk;
import farside.driver.netty.RoundFlush;
import farside.driver.netty.Transport;
import farside.port.DriveOutcome;
import farside.port.IoVector;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Sockets, a drive and a director on one thread, in the shape that cabinets have.
class EchoOnProcessorTest {
  private static final int MESSAGE_COUNT = 2_000;
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCK_COUNT = 64;

  @TempDir
  Path directory;

  private final List<Throwable> faults = new CopyOnWriteArrayList<>();

  static Stream<Transport> transports() {
    return Stream.of(Transport.values()).filter(Transport::isAvailable);
  }

  /// Answers a number with itself. With a drive: only after the number was written to a block
  /// of it and read back from there.
  private static final class Echo implements Rounds, RoundFlush {
    private record Mail(ChannelHandlerContext from, long number) {}

    private final ArrayDeque<Mail> arrived = new ArrayDeque<>();
    private final Mail[] underWay = new Mail[BLOCK_COUNT];
    private final OpenDrive drive;
    private final MemorySegment memory;
    private final IoVector vector = new IoVector();
    private ChannelHandlerContext toFlush;
    private int nextBlock;

    Echo(OpenDrive drive, Arena arena) {
      this.drive = drive;
      memory = arena.allocate((long) BLOCK_BYTES * BLOCK_COUNT, BLOCK_BYTES);
    }

    ChannelInboundHandlerAdapter head() {
      return new ChannelInboundHandlerAdapter() {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
          ByteBuf bytes = (ByteBuf) message;
          while (bytes.readableBytes() >= Long.BYTES) {
            arrived.add(new Mail(context, bytes.readLong()));
          }
          bytes.release();
        }
      };
    }

    @Override
    public int doWork(long nowNs) {
      int worked = drive == null ? 0 : drive.drain(this::onCompletion, 64);
      while (!arrived.isEmpty()) {
        if (drive != null && underWay[nextBlock] != null) {
          break;
        }
        take(arrived.poll());
        worked++;
      }
      return worked;
    }

    private void take(Mail mail) {
      if (drive == null) {
        answer(mail);
        return;
      }
      int block = nextBlock;
      nextBlock = (nextBlock + 1) % Math.min(BLOCK_COUNT, drive.queueDepth());
      underWay[block] = mail;
      MemorySegment place = memory.asSlice((long) block * BLOCK_BYTES, BLOCK_BYTES);
      place.set(ValueLayout.JAVA_LONG, 0, mail.number);
      vector.clear().add(place.address(), BLOCK_BYTES);
      drive.submitWrite((long) block * BLOCK_BYTES, vector, block);
    }

    private void onCompletion(long tag, DriveOutcome outcome, long firstBadByte) {
      assertThat(outcome).isEqualTo(DriveOutcome.DONE);
      int block = (int) tag % BLOCK_COUNT;
      long address = memory.address() + (long) block * BLOCK_BYTES;
      if (tag < BLOCK_COUNT) {
        memory.asSlice((long) block * BLOCK_BYTES, BLOCK_BYTES).fill((byte) 0);
        drive.submitRead((long) block * BLOCK_BYTES, address, BLOCK_BYTES, tag + BLOCK_COUNT);
        return;
      }
      Mail mail = underWay[block];
      underWay[block] = null;
      assertThat(memory.get(ValueLayout.JAVA_LONG, (long) block * BLOCK_BYTES))
          .isEqualTo(mail.number);
      answer(mail);
    }

    private void answer(Mail mail) {
      mail.from.write(
          mail.from.alloc().directBuffer(Long.BYTES).writeLong(mail.number),
          mail.from.voidPromise());
      toFlush = mail.from;
    }

    @Override
    public void flushRound() {
      if (toFlush != null) {
        toFlush.flush();
        toFlush = null;
      }
    }

    @Override
    public long nextDeadlineNs() {
      return Director.NO_DEADLINE;
    }

    @Override
    public boolean isDown() {
      return false;
    }
  }

  private Channel listen(
      Processor processor, Echo echo, java.net.SocketAddress address, boolean domain) {
    Transport transport = processor.transport();
    return new ServerBootstrap()
        .group(processor.eventLoop())
        .channel(domain ? transport.domainServerChannelClass() : transport.serverChannelClass())
        .childHandler(new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(echo.head());
          }
        })
        .bind(address)
        .syncUninterruptibly()
        .channel();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void everyMessageComesBackOverTcp(Transport transport) throws Exception {
    Processor processor = new Processor("E", transport, faults::add);
    try (Arena arena = Arena.ofShared()) {
      Echo echo = new Echo(null, arena);
      processor.addFlush(echo);
      processor.start(echo);
      Channel server = listen(
          processor, echo, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), false);
      pingPong((InetSocketAddress) server.localAddress());
      stop(processor);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void everyMessageComesBackByWayOfTheDrive(Transport transport) throws Exception {
    Processor processor = new Processor("E", transport, faults::add);
    OpenDrive drive = FileDisk.open(
        new FileDisk.Setup(
            "D1", directory.resolve("d1"), BLOCK_BYTES * BLOCK_COUNT, BLOCK_BYTES, false),
        transport,
        processor.eventLoop(),
        processor::wake);
    try (Arena arena = Arena.ofShared()) {
      Echo echo = new Echo(drive, arena);
      processor.addFlush(echo);
      processor.addFlush(drive);
      processor.addQuietSign(drive::isQuiet);
      processor.start(echo);
      Channel server = listen(
          processor, echo, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), false);
      pingPong((InetSocketAddress) server.localAddress());
      stop(processor);
      drive.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void everyMessageComesBackOverAUnixSocket(Transport transport) throws Exception {
    Processor processor = new Processor("E", transport, faults::add);
    Path path = directory.resolve("socket");
    try (Arena arena = Arena.ofShared()) {
      Echo echo = new Echo(null, arena);
      processor.addFlush(echo);
      processor.start(echo);
      listen(processor, echo, transport.domainAddress(path), true);
      try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        client.connect(UnixDomainSocketAddress.of(path));
        for (long number = 0; number < MESSAGE_COUNT; number++) {
          client.write(ByteBuffer.allocate(8).putLong(0, number));
          ByteBuffer back = ByteBuffer.allocate(8);
          int readBytes = 0;
          while (back.hasRemaining() && readBytes >= 0) {
            readBytes = client.read(back);
          }
          assertThat(back.getLong(0)).isEqualTo(number);
        }
      }
      stop(processor);
    }
  }

  /// One at a time, then all at once.
  private static void pingPong(InetSocketAddress address) throws IOException {
    try (Socket client = new Socket(address.getAddress(), address.getPort())) {
      client.setTcpNoDelay(true);
      client.setSoTimeout(10_000);
      DataOutputStream out = new DataOutputStream(client.getOutputStream());
      DataInputStream in = new DataInputStream(client.getInputStream());
      for (long number = 0; number < MESSAGE_COUNT; number++) {
        out.writeLong(number);
        assertThat(in.readLong()).isEqualTo(number);
      }
      ByteBuffer burst = ByteBuffer.allocate(MESSAGE_COUNT * Long.BYTES);
      for (long number = 0; number < MESSAGE_COUNT; number++) {
        burst.putLong(number);
      }
      out.write(burst.array());
      boolean[] seen = new boolean[MESSAGE_COUNT];
      for (int count = 0; count < MESSAGE_COUNT; count++) {
        seen[(int) in.readLong()] = true;
      }
      assertThat(seen).doesNotContain(false);
    }
  }

  private void stop(Processor processor) throws InterruptedException {
    processor.stop();
    assertThat(processor.awaitStopped(10, SECONDS)).isTrue();
    assertThat(faults).isEmpty();
  }
}
