package farside.channel;

/// What a volume's hosts have shown of their flushes: whether one comes after every so many
/// writes, as with a database's log.
///
/// The drive may then have the last of them at once: when the FLUSH comes, most of its way is
/// done. A guess that was wrong costs one flush of the drive, and ends the guessing.
final class FlushHabit {
  /// More writes than these between two flushes are merged better without haste.
  private static final int WRITES_MAX = 16;

  private static final int SURE_AFTER = 4;

  private int writes;
  private int expected;
  private int timesInARow;

  void onFlush() {
    if (writes == 0) {
      return;
    }
    timesInARow = writes == expected ? timesInARow + 1 : 1;
    expected = writes;
    writes = 0;
  }

  /// True if a FLUSH is expected next.
  boolean onWrite() {
    writes++;
    if (writes > expected) {
      timesInARow = 0;
    }
    return timesInARow >= SURE_AFTER && writes == expected && writes <= WRITES_MAX;
  }
}
