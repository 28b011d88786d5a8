package farside.driver.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Real sockets, each asked by what its congestion is controlled.
class PacingTest {
  private static final RawUnixChannelOption CONGESTION_CONTROL =
      new RawUnixChannelOption("TCP_CONGESTION", 6, 13, 16);
  private static final Path SYSTEMS_CHOICE = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");

  private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
  private EventLoopGroup loops;

  static Stream<Transport> transports() {
    return Arrays.stream(Transport.values()).filter(Transport::isAvailable);
  }

  @AfterEach
  void endLoops() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void bothEndsOfAConnectionWithinThisMachineAreUnpaced(Transport transport) throws Exception {
    Channel listener = listener(transport, InetAddress.getLoopbackAddress());
    InetSocketAddress address = (InetSocketAddress) listener.localAddress();

    Channel caller = caller(transport, address, true);

    assumeTrue(transport != Transport.NIO, "NIO has no such option, and must only not fail");
    assertThat(controlOf(caller)).isEqualTo("reno");
    assertThat(controlOf(accepted.take())).isEqualTo("reno");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whatMayComeFromElsewhereIsLeftToTheSystem(Transport transport) throws Exception {
    Channel listener = listener(transport, InetAddress.getByName("0.0.0.0"));
    int port = ((InetSocketAddress) listener.localAddress()).getPort();

    Channel caller =
        caller(transport, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), false);

    assumeTrue(transport != Transport.NIO, "NIO has no such option, and must only not fail");
    assertThat(controlOf(caller)).isEqualTo(Files.readString(SYSTEMS_CHOICE).strip());
    assertThat(controlOf(accepted.take()))
        .isEqualTo(Files.readString(SYSTEMS_CHOICE).strip());
  }

  private Channel listener(Transport transport, InetAddress address) {
    loops = new MultiThreadIoEventLoopGroup(1, transport.ioHandlerFactory());
    return new ServerBootstrap()
        .group(loops)
        .channel(transport.serverChannelClass())
        .handler(avoiding(new InetSocketAddress(address, 0)))
        .childHandler(new ChannelInboundHandlerAdapter() {
          @Override
          public void channelActive(ChannelHandlerContext context) {
            accepted.add(context.channel());
          }

          @Override
          public boolean isSharable() {
            return true;
          }
        })
        .bind(address, 0)
        .syncUninterruptibly()
        .channel();
  }

  private Channel caller(Transport transport, InetSocketAddress address, boolean isUnpaced) {
    return new Bootstrap()
        .group(loops)
        .channel(transport.channelClass())
        .handler(isUnpaced ? avoiding(address) : new ChannelInboundHandlerAdapter())
        .connect(address)
        .syncUninterruptibly()
        .channel();
  }

  private static ChannelInitializer<Channel> avoiding(InetSocketAddress address) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        Pacing.avoid(channel, address);
      }
    };
  }

  private static String controlOf(Channel channel) {
    ByteBuffer name = channel.config().getOption(CONGESTION_CONTROL);
    byte[] bytes = new byte[name.remaining()];
    name.get(bytes);
    return new String(bytes, StandardCharsets.US_ASCII).split("\0", 2)[0];
  }
}
