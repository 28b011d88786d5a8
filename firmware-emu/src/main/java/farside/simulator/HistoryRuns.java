package farside.simulator;

import java.util.ArrayList;

/// The runs of one volume, by where they begin: the first at byte 0, each next where the last one
/// ends. A *place* is where one stands in the list; it holds until the next cut or merge.
final class HistoryRuns {
  private final long sizeBytes;
  private final ArrayList<HistoryRun> runs = new ArrayList<>();

  HistoryRuns(HostWrite initial, HistoryClock clock) {
    sizeBytes = initial.toBytes;
    HistoryRun whole = new HistoryRun(0, sizeBytes, clock);
    whole.add(initial);
    runs.add(whole);
  }

  HistoryRun get(int place) {
    return runs.get(place);
  }

  /// Where the run is that holds that byte.
  int holding(long at) {
    int low = 0;
    int high = runs.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (runs.get(middle).from <= at) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// The same, for a byte in that run or at its end.
  int next(int place, long at) {
    return at < runs.get(place).to ? place : place + 1;
  }

  /// Makes a run of these bytes, which lie in one; answers where it is.
  int cutOut(long from, long to) {
    int place = split(from);
    splitAfter(place, to);
    return place;
  }

  /// From now on all of the write's bytes may hold it.
  void add(HostWrite write) {
    int first = split(write.fromBytes);
    int end = splitAfter(first, write.toBytes);
    for (int i = first; i < end; i++) {
      runs.get(i).add(write);
    }
  }

  /// The write is acknowledged: at its bytes, what was done before it began is overtaken.
  void overtake(HostWrite write) {
    int first = firstFrom(write.fromBytes);
    for (int i = first; i < runs.size() && runs.get(i).from < write.toBytes; i++) {
      runs.get(i).overtake(write.beganStep);
    }
    merge(first, write.toBytes);
  }

  /// Unflushed data was lost.
  void revive() {
    for (int i = 0; i < runs.size(); i++) {
      runs.get(i).revive();
    }
  }

  void mergeAll() {
    merge(0, sizeBytes);
  }

  /// Where the first run is that begins at that byte or beyond it.
  private int firstFrom(long at) {
    int place = holding(at);
    return runs.get(place).from < at ? place + 1 : place;
  }

  /// Makes a border between two runs at that byte; answers where the second is.
  private int split(long at) {
    return at >= sizeBytes ? runs.size() : splitOne(holding(at), at);
  }

  /// The same, for a byte that mostly lies in the run at that place or soon after it.
  private int splitAfter(int place, long at) {
    if (at >= sizeBytes) {
      return runs.size();
    }
    int holding = place;
    while (runs.get(holding).to <= at) {
      holding++;
    }
    return splitOne(holding, at);
  }

  private int splitOne(int place, long at) {
    HistoryRun run = runs.get(place);
    if (run.from == at) {
      return place;
    }
    runs.add(place + 1, run.cutAt(at));
    return place + 1;
  }

  /// Joins neighbours that have become alike, from the run before that place to the one that
  /// begins at the byte.
  private void merge(int place, long to) {
    int first = Math.max(1, place);
    int end = first;
    int kept = first;
    for (; end < runs.size() && runs.get(end).from <= to; end++) {
      HistoryRun run = runs.get(end);
      HistoryRun last = runs.get(kept - 1);
      if (last.isLike(run)) {
        last.to = run.to;
      } else {
        runs.set(kept, run);
        kept++;
      }
    }
    runs.subList(kept, end).clear();
  }
}
