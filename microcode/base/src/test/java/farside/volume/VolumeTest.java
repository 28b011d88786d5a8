package farside.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VolumeTest {
  @Test
  void itsNameIsMadeOnceForItIsAskedForInEveryRound() {
    Volume volume = new Volume(
        0, 0x1a, VolumeRole.LOCAL, "", AckMode.RECEIVED, 65_536, 512, 0, null, null, 0, null);
    assertThat(volume.name()).isEqualTo("001A").isSameAs(volume.name());
  }
}
