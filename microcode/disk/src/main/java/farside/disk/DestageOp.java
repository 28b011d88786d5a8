package farside.disk;

/// One track on its way to the drive: the records whose content it carries, oldest first, and the requests
/// still in flight. Reused.
final class DestageOp {
  final int id;
  int volumeIndex;
  int track;
  int[] records = new int[16];
  int recordCount;
  int[] deferred = new int[16];
  int deferredCount;
  int outstanding;

  /// First block of the track that no request was made for yet: a track in many pieces may need more requests
  /// than the drive's queue has room for.
  int nextBlock;

  boolean failed;
  boolean active;

  DestageOp(int id) {
    this.id = id;
  }

  void begin(int volume, int trackIndex) {
    volumeIndex = volume;
    track = trackIndex;
    recordCount = 0;
    deferredCount = 0;
    outstanding = 0;
    nextBlock = 0;
    failed = false;
    active = true;
  }

  void addRecord(int record) {
    if (recordCount == records.length) {
      records = java.util.Arrays.copyOf(records, recordCount * 2);
    }
    records[recordCount++] = record;
  }

  /// A record of this track that came to its turn while the track was in flight.
  void defer(int record) {
    if (deferredCount == deferred.length) {
      deferred = java.util.Arrays.copyOf(deferred, deferredCount * 2);
    }
    deferred[deferredCount++] = record;
  }
}
