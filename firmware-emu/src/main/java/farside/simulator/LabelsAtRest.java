package farside.simulator;

import farside.volume.DriveLabel;
import java.lang.foreign.Arena;

/// Reads the label of a simulated drive as a cabinet would that starts without its NVRAM, and
/// asks nobody what it should be.
final class LabelsAtRest {
  private LabelsAtRest() {}

  /// The newest whole one of both copies; null if there is none.
  static DriveLabel newestOn(DriveImage image) {
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocate(DriveLabel.BYTES, 8).address();
      DriveLabel newest = null;
      for (int copy = 0; copy < 2; copy++) {
        image.read(DriveLabel.offsetOf(copy, image.sizeBytes()), address, DriveLabel.BYTES);
        if (DriveLabel.decode(address) instanceof DriveLabel.Found.Whole(DriveLabel label)
            && (newest == null || label.sequence() > newest.sequence())) {
          newest = label;
        }
      }
      return newest;
    }
  }
}
