package farside.driver.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
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
import java.util.function.BiConsumer;
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
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Channel listener = listen(transport, loopback, Pacing::avoid);

    Channel caller = call(transport, listener, Pacing::avoid);

    assumeTrue(transport != Transport.NIO, "NIO has no such option, and must only not fail");
    assertThat(controlOf(caller)).isEqualTo("reno");
    assertThat(controlOf(accepted.take())).isEqualTo("reno");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whatMayComeFromElsewhereIsLeftToTheSystem(Transport transport) throws Exception {
    Channel listener = listen(transport, new InetSocketAddress("0.0.0.0", 0), Pacing::avoid);

    call(transport, listener, (_, _) -> {});

    assumeTrue(transport != Transport.NIO, "NIO has no such option, and must only not fail");
    assertThat(controlOf(accepted.take()))
        .isEqualTo(Files.readString(SYSTEMS_CHOICE).strip());
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aSystemThatForbidsItIsNoReasonToFail(Transport transport) throws Exception {
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Channel listener =
        listen(transport, loopback, (channel, _) -> Pacing.control(channel, "nobody-has-this"));

    call(transport, listener, (channel, _) -> Pacing.control(channel, "nobody-has-this"));

    assertThat(accepted.take().isActive()).isTrue();
  }

  private Channel listen(
      Transport transport,
      InetSocketAddress address,
      BiConsumer<Channel, InetSocketAddress> beforehand) {
    loops = new MultiThreadIoEventLoopGroup(1, transport.ioHandlerFactory());
    return new ServerBootstrap()
        .group(loops)
        .channel(transport.serverChannelClass())
        .handler(doing(beforehand, address))
        .childHandler(new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            accepted.add(channel);
          }
        })
        .bind(address)
        .syncUninterruptibly()
        .channel();
  }

  private Channel call(
      Transport transport, Channel listener, BiConsumer<Channel, InetSocketAddress> beforehand) {
    int port = ((InetSocketAddress) listener.localAddress()).getPort();
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    return new Bootstrap()
        .group(loops)
        .channel(transport.channelClass())
        .handler(doing(beforehand, address))
        .connect(address)
        .syncUninterruptibly()
        .channel();
  }

  private static ChannelInitializer<Channel> doing(
      BiConsumer<Channel, InetSocketAddress> beforehand, InetSocketAddress address) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        beforehand.accept(channel, address);
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
