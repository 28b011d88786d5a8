package farside.rig.description;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostAddressTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:10900, true",
    "127.8.9.1:10900, true",
    "[::1]:10900, true",
    "localhost:10900, true",
    "0.0.0.0:10900, false",
    "[::]:10900, false",
    "192.0.2.7:10900, false",
    "127.example.org:10900, false",
    "far.example:10900, false"
  })
  void onlyALoopbackAddressMeansThisMachineAlone(String address, boolean isHere) {
    assertThat(HostAddress.parse(address).isThisMachineAlone()).isEqualTo(isHere);
  }
}
