package farside.disk;

import farside.cache.WriteRecords;

/// Walks the records that lie over a track.
final class TrackChain {
  private final WriteRecords records;
  private int[] found = new int[64];

  TrackChain(WriteRecords records) {
    this.records = records;
  }

  /// Adds to the operation every record of the track that may go to the drive, oldest first.
  void collectDirty(int volumeIndex, int track, DestageOp op) {
    int count = 0;
    for (int r = records.newestOf(volumeIndex, track);
        r != WriteRecords.NONE;
        r = records.olderOf(r)) {
      if (records.isDirty(r)) {
        if (count == found.length) {
          found = java.util.Arrays.copyOf(found, count * 2);
        }
        found[count++] = r;
      }
    }
    for (int i = count - 1; i >= 0; i--) {
      op.addRecord(found[i]);
    }
  }
}
