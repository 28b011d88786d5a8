package farside.driver.netty;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ManualIoEventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A connection that the pipeline does not read, and its peer, a plain socket.
class StraightReceiveTest {
  private static final int FIRST_BYTES = 100;
  private static final int SECOND_BYTES = 40;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment first = arena.allocate(FIRST_BYTES);
  private final MemorySegment second = arena.allocate(SECOND_BYTES);
  private final TwoPlaces places =
      new TwoPlaces().set(first.address(), FIRST_BYTES, second.address(), SECOND_BYTES);
  private final byte[] sent = new byte[400];
  private ManualIoEventLoop loop;
  private Channel channel;
  private Socket peer;

  private void connect(Transport transport) throws IOException {
    assumeTrue(transport.isAvailable(), transport + " is not available here");
    for (int i = 0; i < sent.length; i++) {
      sent[i] = (byte) (i + 1);
    }
    loop = new ManualIoEventLoop(Thread.currentThread(), transport.ioHandlerFactory());
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var connecting = new Bootstrap()
          .group(loop)
          .channel(transport.channelClass())
          .option(ChannelOption.AUTO_READ, false)
          .handler(new ChannelInboundHandlerAdapter())
          .connect(listener.getLocalSocketAddress());
      runUntilDone(connecting::isDone);
      peer = listener.accept();
      channel = connecting.channel();
      assertThat(channel.isActive()).isTrue();
    }
  }

  private void runUntilDone(Callable<Boolean> condition) {
    Awaitility.await().pollInSameThread().pollInterval(1, TimeUnit.MILLISECONDS).until(() -> {
      loop.runNow();
      return condition.call();
    });
  }

  private void send(int fromByte, int toByte) throws IOException {
    peer.getOutputStream().write(sent, fromByte, toByte - fromByte);
  }

  /// Takes as soon as something is there.
  private int taken() {
    int[] bytes = new int[1];
    Awaitility.await().pollInSameThread().pollInterval(1, TimeUnit.MILLISECONDS).until(() -> {
      bytes[0] = StraightReceive.takeBoth(channel, places);
      return bytes[0] > 0;
    });
    return bytes[0];
  }

  @Test
  void whatFollowsTheFirstPlaceGoesToTheSecondByTheSameCall() throws IOException {
    connect(Transport.EPOLL);
    assertThat(StraightReceive.takeBoth(channel, places)).as("nothing is there").isZero();

    send(0, 400);

    assertThat(taken()).isEqualTo(FIRST_BYTES + SECOND_BYTES);
    assertThat(first.toArray(JAVA_BYTE)).isEqualTo(Arrays.copyOf(sent, FIRST_BYTES));
    assertThat(second.toArray(JAVA_BYTE)).isEqualTo(Arrays.copyOfRange(sent, 100, 140));
    assertThat(taken()).as("the rest stayed in the socket").isEqualTo(140);
    assertThat(first.get(JAVA_BYTE, 0)).isEqualTo(sent[140]);
  }

  @Test
  void whatIsShorterThanTheFirstPlaceLeavesTheSecondAlone() throws IOException {
    connect(Transport.EPOLL);
    send(0, 60);

    assertThat(taken()).isEqualTo(60);
    assertThat(first.asSlice(0, 60).toArray(JAVA_BYTE)).isEqualTo(Arrays.copyOf(sent, 60));
    assertThat(second.toArray(JAVA_BYTE)).containsOnly(0);
  }

  @Test
  void aPeerThatHasGoneBringsWhatItSentAndThenNothing() throws IOException {
    connect(Transport.EPOLL);
    send(0, 120);
    peer.close();

    assertThat(taken()).isEqualTo(120);
    assertThat(StraightReceive.takeBoth(channel, places)).isZero();

    channel.close();
    runUntilDone(() -> !channel.isOpen());
    assertThat(StraightReceive.takeBoth(channel, places)).isZero();
  }

  @ParameterizedTest
  @EnumSource(names = "EPOLL", mode = EnumSource.Mode.EXCLUDE)
  void otherTransportsLeaveAllToThePipeline(Transport transport) throws IOException {
    connect(transport);
    send(0, 400);

    assertThat(StraightReceive.takeBoth(channel, places)).isZero();
    assertThat(first.toArray(JAVA_BYTE)).containsOnly(0);
  }

  @AfterEach
  void stop() throws IOException {
    if (peer != null) {
      peer.close();
    }
    if (loop != null) {
      var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      runUntilDone(loop::isTerminated);
    }
    arena.close();
  }
}
