package farside.port;

/// One drive: blocks in, blocks out.
///
/// All offsets and lengths are multiples of [#blockBytes]. Requests may complete in any order.
/// Two that change the same block are never in flight at once: the disk adapter sees to that. A
/// read that overlaps a change in flight may return, for each such block, the old content, the
/// new one or any mixture of the two; whoever asked for it does not believe those blocks. The
/// same holds on the drive for a change that failed: each of its blocks may be old, new or
/// mixed. A completed write is on the drive only when a flush *submitted after that completion*
/// has completed. At most [#queueDepth] requests may be in flight.
public interface DrivePort {
  /// Name in the rig, such as `D1`.
  String name();

  /// What tells this drive from every other: a serial number, or path and inode of a file.
  String identity();

  long sizeBytes();

  int blockBytes();

  /// True if every block before this offset was known to read zero when the drive was opened:
  /// it was made just then, or nothing was written there since.
  boolean isKnownZeroBelow(long offsetBytes);

  /// Tells extents that were known to read zero when the drive was opened, in ascending order.
  /// What is not told may read zero, too.
  void tellZeroes(ZeroSink sink);

  /// True if the drive carries no label and may be given its first one although it is not known
  /// to be zero: the rig says that what is on it is not needed, and nothing that looks as if it
  /// were was found.
  default boolean mayBeLabelled() {
    return false;
  }

  int queueDepth();

  void submitRead(long offsetBytes, long address, int lengthBytes, long tag);

  /// Each piece of memory takes what follows, on the drive, what the one before it takes.
  void submitRead(long offsetBytes, IoVector target, long tag);

  /// Memory must stay unchanged until the completion is drained.
  void submitWrite(long offsetBytes, IoVector source, long tag);

  /// A write that is on the drive when it has completed: forced unit access. It says nothing of
  /// other writes, and is a flush in all else: only one of the two may be in flight, and after
  /// one that failed, what was written since the last good flush may be lost.
  void submitWriteThrough(long offsetBytes, IoVector source, long tag);

  /// Makes the extent read zero; may free its space.
  void submitZero(long offsetBytes, long lengthBytes, long tag);

  /// Only one may be in flight, or one write-through. If it fails, anything written since the last
  /// good one may be
  /// lost, and a later flush does not say so again: all of it must be written anew.
  void submitFlush(long tag);

  int drain(DriveSink sink, int limit);

  /// Takes extents that read zero.
  interface ZeroSink {
    void onZeroes(long fromBytes, long toBytes);
  }

  /// Takes completions.
  interface DriveSink {
    /// @param firstBadByte offset on the drive of the first block that failed, -1 if not known
    void onCompletion(long tag, DriveOutcome outcome, long firstBadByte);
  }
}
