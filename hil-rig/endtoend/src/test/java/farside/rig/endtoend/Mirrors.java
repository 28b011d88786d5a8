package farside.rig.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import farside.rig.demo.DemoRig;
import farside.rig.demo.DriveComparison;
import farside.rig.description.Rig;
import java.io.IOException;

/// The two mirrors of every volume, as they lie on the drives of sites that are at rest.
final class Mirrors {
  private Mirrors() {}

  static void areEqual(DemoRig rig, String when) throws IOException {
    for (Rig.Volume volume : rig.rig().volumes()) {
      if (volume.isMirrored()) {
        Rig.Holder one = volume.holders().get(0);
        Rig.Holder other = volume.holders().get(1);
        assertThat(DriveComparison.firstDifference(
                rig.drive(one.site(), one.drive()),
                rig.drive(other.site(), other.drive()),
                volume.sizeBytes()))
            .as("first byte of %s that differs %s", volume.name(), when)
            .isEqualTo(DriveComparison.EQUAL);
      }
    }
  }
}
