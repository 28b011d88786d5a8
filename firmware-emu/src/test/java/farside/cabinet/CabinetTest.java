package farside.cabinet;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.director.CabinetRefused;
import farside.port.RecorderPort;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What a cabinet is not made of.
class CabinetTest {
  @Test
  void aCabinetWithoutASlotForEachVolumeIsRefused() {
    assertThatThrownBy(() -> cabinet(4, 5))
        .isInstanceOf(CabinetRefused.class)
        .hasMessageContaining("4 track slots of read cache; at least 5 are needed");
    assertThatThrownBy(() -> cabinet(3, 1))
        .isInstanceOf(CabinetRefused.class)
        .hasMessageContaining("3 track slots of read cache; at least 4 are needed");
    // What comes next.
    assertThatThrownBy(() -> cabinet(5, 5))
        .isInstanceOf(CabinetRefused.class)
        .hasMessageContaining("no drive D1");
  }

  private static Cabinet cabinet(int readSlots, int volumeCount) {
    List<VolumeDescription> volumes = IntStream.rangeClosed(1, volumeCount)
        .mapToObj(number -> new VolumeDescription(
            number, VolumeRole.LOCAL, "", AckMode.RECEIVED, 1 << 20, 512, "D" + number))
        .toList();
    CabinetDescription description = new CabinetDescription(
        "A", "SERIAL-A", "", readSlots, 2000, 500, 1000, 5000, List.of(), volumes, List.of());
    CabinetPorts ports = new CabinetPorts(
        null,
        RecorderPort.NONE,
        List.of(),
        List.of(),
        null,
        null,
        null,
        (atNs, number, severity, text) -> {},
        null);
    return new Cabinet(description, ports, 0);
  }
}
