package farside.cache;

import org.agrona.collections.Long2LongHashMap;

/// The records that lie over each track, newest on top: what a read lays over the slot, and
/// what a destage merges.
final class TrackStacks {
  private static final int NONE = WriteRecords.NONE;

  private final Long2LongHashMap newest = new Long2LongHashMap(NONE);
  private final int[] older;
  private final int[] newer;

  TrackStacks(int recordCount) {
    older = new int[recordCount];
    newer = new int[recordCount];
  }

  int newestOf(int volume, int track) {
    return (int) newest.get(SlotDirectory.key(volume, track));
  }

  int olderOf(int record) {
    return older[record];
  }

  void push(int volume, int track, int record) {
    long key = SlotDirectory.key(volume, track);
    int top = (int) newest.get(key);
    older[record] = top;
    newer[record] = NONE;
    if (top != NONE) {
      newer[top] = record;
    }
    newest.put(key, record);
  }

  /// Takes the record out, wherever it lies.
  void remove(int volume, int track, int record) {
    if (newer[record] != NONE) {
      older[newer[record]] = older[record];
    } else if (older[record] != NONE) {
      newest.put(SlotDirectory.key(volume, track), older[record]);
    } else {
      newest.remove(SlotDirectory.key(volume, track));
    }
    if (older[record] != NONE) {
      newer[older[record]] = newer[record];
    }
  }
}
