package farside.driver.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.netty.SystemSockets;
import farside.driver.netty.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Binding an address that is free, busy for a moment, busy for good, or not ours.
class NbdListenTest {
  static Stream<Transport> transports() {
    return Arrays.stream(Transport.values()).filter(Transport::isAvailable);
  }

  private static HeadBench bench(Transport transport, InetSocketAddress address, int bindTriesMax) {
    return new HeadBench(
        transport, address, bindTriesMax, 1 << 20, adapter -> adapter.offer("0010"));
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aPortThatIsBusyForAMomentIsTakenWhenItComesFree(Transport transport) throws Exception {
    ServerSocket former = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    try (HeadBench bench =
        bench(transport, (InetSocketAddress) former.getLocalSocketAddress(), 100)) {
      await().until(() -> bench.between(bench.head::bindTries) >= 2);
      former.close();
      bench.awaitListening();

      try (NbdClient client = NbdClient.opened(bench.address, "0010")) {
        assertThat(client.sizeBytes).isEqualTo(1 << 20);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void answersToAHostOnThisMachineAreNotPaced(Transport transport) throws Exception {
    assumeTrue(transport != Transport.NIO, "NIO leaves it to the system");
    try (HeadBench bench =
        bench(transport, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1)) {
      bench.awaitListening();
      try (NbdClient _ = NbdClient.opened(bench.address, "0010")) {
        // The client's own end is the system's choice.
        assertThat(SystemSockets.areUnpaced(bench.address.getPort())).contains(true);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aPortThatStaysBusyIsGivenUpWithTheCure(Transport transport) throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        HeadBench bench = bench(transport, (InetSocketAddress) other.getLocalSocketAddress(), 3)) {
      assertThatThrownBy(bench::awaitListening)
          .hasMessageContaining(
              "NBD: 127.0.0.1:" + other.getLocalPort() + " is busy, and stayed so for 150 ms.")
          .hasMessageContaining("give the site another port");
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void anAddressThatIsNotOursIsRefusedAtOnceWithTheCure(Transport transport) throws Exception {
    try (HeadBench bench = bench(transport, new InetSocketAddress("192.0.2.1", 10809), 100)) {
      assertThatThrownBy(bench::awaitListening)
          .hasMessageContaining("NBD: cannot listen on 192.0.2.1:10809: ")
          .hasMessageContaining("Give the site an address of this machine");
      assertThat(bench.between(bench.head::bindTries)).isEqualTo(1);
    }
  }
}
