package farside.driver.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.driver.netty.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Binding an address that is free, busy for a moment, busy for good, or not ours.
class NbdListenTest {
  static Stream<Transport> transports() {
    return Arrays.stream(Transport.values()).filter(Transport::isAvailable);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aPortThatIsBusyForAMomentIsTakenWhenItComesFree(Transport transport) throws Exception {
    ServerSocket former = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(() -> {
      try (former) {
        // The head has been refused at least once when this ends, and not for the last time.
        TimeUnit.MILLISECONDS.sleep(300);
      } catch (InterruptedException | IOException failed) {
        throw new IllegalStateException(failed);
      }
    });
    try (HeadBench bench = new HeadBench(transport, former.getLocalPort(), 1 << 20, adapter -> adapter.offer("0010"));
        NbdClient client = NbdClient.opened(bench.address, "0010")) {
      assertThat(client.sizeBytes).isEqualTo(1 << 20);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void anAddressThatIsNotOursIsRefusedAtOnceWithTheCure(Transport transport) {
    assertThatThrownBy(() -> new HeadBench(transport, new InetSocketAddress("192.0.2.1", 10809), 4096, adapter -> {}))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("NBD: cannot listen on 192.0.2.1:10809: ")
        .hasMessageContaining("Give the site an address of this machine");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aPortThatStaysBusyIsGivenUpWithTheCure(Transport transport) throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> new HeadBench(transport, other.getLocalPort(), 4096, adapter -> {}))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("NBD: 127.0.0.1:" + other.getLocalPort() + " is busy, and stayed so for 5 s.")
          .hasMessageContaining("give the site another port");
    }
  }
}
