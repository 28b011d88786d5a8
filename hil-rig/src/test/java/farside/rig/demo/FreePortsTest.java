package farside.rig.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;

class FreePortsTest {
  @Test
  void noPortIsHandedOutTwiceNorEverGivenByTheKernelUnasked() throws Exception {
    List<Integer> ports = FreePorts.take(300);
    ports.addAll(FreePorts.take(300));

    assertThat(ports).doesNotHaveDuplicates();
    try (ServerSocket unasked = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(ports).allMatch(port -> port < unasked.getLocalPort());
    }
    try (ServerSocket asked =
        new ServerSocket(ports.getFirst(), 1, InetAddress.getLoopbackAddress())) {
      assertThat(asked.isBound()).isTrue();
    }
  }
}
