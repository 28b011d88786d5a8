package farside.driver.tcplink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.netty.Transport;
import farside.port.LinkPort;
import farside.port.PatchPanelPort.End;
import io.netty.channel.ManualIoEventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The panels of two sites on one event loop that the test steps.
class TcpPanelTest {
  private static final InetAddress HERE = InetAddress.ofLiteral("127.0.0.1");

  private ManualIoEventLoop loop;
  private TcpPanel near;
  private TcpPanel far;

  private void start(Transport transport) {
    assumeTrue(transport.isAvailable(), transport + " is not available here");
    loop = new ManualIoEventLoop(Thread.currentThread(), transport.ioHandlerFactory());
    near = new TcpPanel(loop, transport);
    far = new TcpPanel(loop, transport);
  }

  @AfterEach
  void endLoop() {
    if (loop != null) {
      loop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
      while (!loop.isTerminated()) {
        loop.runNow();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aLinkIsPluggedInUsedPulledOutAndPluggedInAgainAtTheSameAddress(Transport with)
      throws Exception {
    start(with);
    String address = "127.0.0.1:" + freePort();
    for (int i = 0; i < 3; i++) {
      assertThat(near.obstacle(End.LISTEN, address)).isEmpty();
      LinkEnd listening = new LinkEnd((TcpLink) near.plug("L2", End.LISTEN, address));
      LinkEnd connecting = new LinkEnd((TcpLink) far.plug("L2", End.CONNECT, address));
      runUntil(() -> listening.isUp() && connecting.isUp(), listening, connecting);
      byte[] frame = TestFrames.frame(1, 30, 60_000, new Random(1));
      assertThat(connecting.send(frame, 7)).isEqualTo(LinkPort.QUEUED);
      runUntil(() -> listening.frames.size() == 1, listening, connecting);
      connecting.send(frame, 8);
      for (LinkEnd end : new LinkEnd[] {listening, connecting}) {
        end.link.vary(false);
        runUntil(end::isDown, listening, connecting);
      }
      runUntil(() -> connecting.freedTags.size() == 2, listening, connecting);
      near.pull(listening.link);
      far.pull(connecting.link);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LISTEN, 127.0.0.1:7001, Link L1 has the address 127.0.0.1:7001 already",
    "LISTEN, 0.0.0.0:7001, Link L1 has the address 0.0.0.0:7001 already",
    "CONNECT, 127.0.0.1:7001, Link L1 of this very cabinet listens at 127.0.0.1:7001",
    "CONNECT, [::1]:7003, Link L3 of this very cabinet listens at [::1]:7003",
    "CONNECT, 192.0.2.7:7003, ''",
    "LISTEN, 127.0.0.2:7001, ''",
    "LISTEN, 127.0.0.1:7002, ''",
    "CONNECT, 127.0.0.1:7002, Link L2 has the address",
    "CONNECT, 127.0.0.2:7002, ''",
    "CONNECT, [::1]:7002, ''",
    "CONNECT, 0.0.0.0:7004, Nobody can be called at 0.0.0.0:7004",
    "CONNECT, [::]:7004, Nobody can be called at [::]:7004",
    "LISTEN, 127.0.0.1:65536, 127.0.0.1:65536 is no IP address with a port",
    "LISTEN, 127.0.0.1:0, is no IP address",
    "LISTEN, 127.0.0.256:1, is no IP address",
    "LISTEN, 127.0.1:1, is no IP address",
    "LISTEN, [1.2.3]:1, is no IP address",
    "LISTEN, [:::]:1, is no IP address",
    "LISTEN, ::1:1, is no IP address",
    "LISTEN, far.example:1, is no IP address",
    "LISTEN, '', is no IP address",
    "LISTEN, :, is no IP address"
  })
  void whatIsInTheWayOfALinkIsSaid(End end, String address, String said) {
    start(Transport.NIO);
    near.wire("L1", End.LISTEN, new InetSocketAddress(HERE, 7001));
    near.wire("L2", End.CONNECT, new InetSocketAddress(HERE, 7002));
    near.wire("L3", End.LISTEN, new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 7003));

    if (said.isEmpty()) {
      assertThat(near.obstacle(end, address)).isEmpty();
    } else {
      assertThat(near.obstacle(end, address)).contains(said);
    }
  }

  @Test
  void aLinkThatWasPulledIsInNobodysWay() {
    start(Transport.NIO);
    LinkPort first = near.wire("L1", End.LISTEN, new InetSocketAddress(HERE, 7001));
    near.pull(first);

    assertThat(near.obstacle(End.LISTEN, "127.0.0.1:7001")).isEmpty();
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private void runUntil(Callable<Boolean> condition, LinkEnd... ends) {
    Awaitility.await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(1, TimeUnit.MILLISECONDS)
        .atMost(20, TimeUnit.SECONDS)
        .until(() -> {
          loop.runNow();
          for (LinkEnd end : ends) {
            end.link.drain(end, 64);
          }
          near.flushRound();
          far.flushRound();
          loop.runNow();
          return condition.call();
        });
  }
}
