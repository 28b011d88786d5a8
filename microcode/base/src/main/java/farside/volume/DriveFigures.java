package farside.volume;

/// What the console shows of a drive.
///
/// @param volume the volume on it; empty for none
/// @param health how far it is trusted, in a word
/// @param inFlight requests that the drive has not completed
/// @param oldestMs how long it has had the oldest of them; 0 if there is none
/// @param aheadTracks tracks that were read before a host asked for them
/// @param aheadUsedTracks those of them that a host then came to
public record DriveFigures(
    String name,
    String identity,
    long sizeBytes,
    int blockBytes,
    String volume,
    String health,
    int inFlight,
    long oldestMs,
    long stagedBytes,
    long aheadTracks,
    long aheadUsedTracks,
    long destagedBytes,
    long flushCount,
    long errorCount) {

  /// Who knows the figures: the disk adapter.
  public interface Source {
    int driveCount();

    DriveFigures figures(int drive);
  }
}
