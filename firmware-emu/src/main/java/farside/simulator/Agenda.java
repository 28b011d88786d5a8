package farside.simulator;

import java.util.Arrays;

/// What is to happen, and when: the earliest first and, of one instant, what was put there first.
///
/// A heap of four branches in arrays: a run puts ten things on it for each request of a host, and
/// entries that are objects, compared by an interface, were a twentieth of the simulator's time.
final class Agenda {
  private static final int BRANCHES = 4;

  private long[] timesNs = new long[64];
  private long[] sequences = new long[64];
  private Runnable[] whats = new Runnable[64];
  private int size;
  private long sequence;

  boolean isEmpty() {
    return size == 0;
  }

  void add(long timeNs, Runnable what) {
    if (size == whats.length) {
      timesNs = Arrays.copyOf(timesNs, 2 * size);
      sequences = Arrays.copyOf(sequences, 2 * size);
      whats = Arrays.copyOf(whats, 2 * size);
    }
    sequence++;
    int hole = size;
    size++;
    // Whatever is later goes down; of the same instant nothing does, as this came last.
    while (hole > 0 && timeNs - timesNs[(hole - 1) / BRANCHES] < 0) {
      move((hole - 1) / BRANCHES, hole);
      hole = (hole - 1) / BRANCHES;
    }
    put(hole, timeNs, sequence, what);
  }

  /// When the first is to happen; there must be one.
  long firstNs() {
    return timesNs[0];
  }

  Runnable removeFirst() {
    final Runnable first = whats[0];
    size--;
    long timeNs = timesNs[size];
    long number = sequences[size];
    Runnable what = whats[size];
    whats[size] = null;
    int hole = 0;
    int child = size == 0 ? size : earliestOf(1);
    while (child < size && isBefore(child, timeNs, number)) {
      move(child, hole);
      hole = child;
      child = earliestOf(hole * BRANCHES + 1);
    }
    if (size > 0) {
      put(hole, timeNs, number, what);
    }
    return first;
  }

  /// Of up to four neighbours from that one on; a place beyond the end if there is none.
  private int earliestOf(int firstChild) {
    int earliest = firstChild;
    int end = Math.min(firstChild + BRANCHES, size);
    for (int i = firstChild + 1; i < end; i++) {
      if (isBefore(i, timesNs[earliest], sequences[earliest])) {
        earliest = i;
      }
    }
    return earliest;
  }

  private boolean isBefore(int index, long timeNs, long number) {
    // The clock may wrap: times compare by subtraction.
    long difference = timesNs[index] - timeNs;
    return difference < 0 || difference == 0 && sequences[index] < number;
  }

  private void move(int from, int to) {
    put(to, timesNs[from], sequences[from], whats[from]);
  }

  private void put(int index, long timeNs, long number, Runnable what) {
    timesNs[index] = timeNs;
    sequences[index] = number;
    whats[index] = what;
  }
}
