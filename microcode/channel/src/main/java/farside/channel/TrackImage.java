package farside.channel;

import farside.cache.BlockMask;
import farside.cache.WriteRecords;
import java.util.Arrays;

/// For each block of a track: the newest write record that has it, or none, which means the
/// drive's content.
final class TrackImage {
  private final WriteRecords records;
  private final int[] owner = new int[BlockMask.BLOCKS_PER_TRACK];
  private long missingLow;
  private long missingHigh;
  private boolean unreleased;

  TrackImage(WriteRecords records) {
    this.records = records;
  }

  /// Lays the records over blocks `from` to `to` (excluded) of the track.
  void lay(int volumeIndex, int track, int from, int to) {
    Arrays.fill(owner, from, to, WriteRecords.NONE);
    lay(volumeIndex, track, from, to, true);
  }

  /// The same, but only to see what is missing or unreleased: whose each block is it does not
  /// tell. Who waits asks in every round.
  void look(int volumeIndex, int track, int from, int to) {
    lay(volumeIndex, track, from, to, false);
  }

  private void lay(int volumeIndex, int track, int from, int to, boolean setOwners) {
    missingLow = BlockMask.low(from, to);
    missingHigh = BlockMask.high(from, to);
    unreleased = false;
    for (int r = records.newestOf(volumeIndex, track);
        r != WriteRecords.NONE && (missingLow | missingHigh) != 0;
        r = records.olderOf(r)) {
      int first = Math.max(from, records.firstBlock(r));
      int end = Math.min(to, records.endBlock(r));
      if (first >= end) {
        continue;
      }
      unreleased |= !records.isReleased(r);
      for (int block = first; setOwners && block < end; block++) {
        if (owner[block] == WriteRecords.NONE) {
          owner[block] = r;
        }
      }
      missingLow &= ~BlockMask.low(first, end);
      missingHigh &= ~BlockMask.high(first, end);
    }
  }

  /// True if part of it was written but may not be seen yet: its host has not been told.
  boolean hasUnreleased() {
    return unreleased;
  }

  /// Blocks that only the drive has.
  long missingLow() {
    return missingLow;
  }

  long missingHigh() {
    return missingHigh;
  }

  /// The drive's blocks of the track are known to read zero: it need not be asked for them.
  void nothingIsMissing() {
    missingLow = 0;
    missingHigh = 0;
  }

  boolean isWhole() {
    return (missingLow | missingHigh) == 0;
  }

  boolean isZero(int block, boolean zeroOnDrive) {
    int record = owner[block];
    return record == WriteRecords.NONE ? zeroOnDrive : records.isZeroes(record);
  }

  int ownerOf(int block) {
    return owner[block];
  }
}
