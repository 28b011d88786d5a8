package farside.cache;

import java.util.Arrays;

/// One list of records per volume, oldest first; a record may leave from the middle.
final class RecordLists {
  private static final int NONE = WriteRecords.NONE;

  private final int[] head;
  private final int[] tail;
  private final int[] next;
  private final int[] previous;

  RecordLists(int volumeCount, int recordCount) {
    head = new int[volumeCount];
    tail = new int[volumeCount];
    Arrays.fill(head, NONE);
    Arrays.fill(tail, NONE);
    next = new int[recordCount];
    previous = new int[recordCount];
  }

  int head(int volume) {
    return head[volume];
  }

  int next(int record) {
    return next[record];
  }

  void append(int volume, int record) {
    int last = tail[volume];
    previous[record] = last;
    next[record] = NONE;
    if (last == NONE) {
      head[volume] = record;
    } else {
      next[last] = record;
    }
    tail[volume] = record;
  }

  void remove(int volume, int record) {
    if (previous[record] == NONE) {
      head[volume] = next[record];
    } else {
      next[previous[record]] = next[record];
    }
    if (next[record] == NONE) {
      tail[volume] = previous[record];
    } else {
      previous[next[record]] = previous[record];
    }
  }
}
