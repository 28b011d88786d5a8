package farside.volume;

/// What the console shows of a drive.
///
/// @param volume the volume on it; empty for none
/// @param inFlight requests that the drive has not completed
public record DriveFigures(
    String name,
    String identity,
    long sizeBytes,
    int blockBytes,
    String volume,
    int inFlight,
    long stagedBytes,
    long destagedBytes,
    long flushCount,
    long errorCount) {

  /// Who knows the figures: the disk adapter.
  public interface Source {
    int driveCount();

    DriveFigures figures(int drive);
  }
}
