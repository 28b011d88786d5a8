package farside.simulator;

import java.util.ArrayList;
import java.util.List;

/// How many faults of each kind were brought about.
final class FaultCounts {
  private final long[] counts = new long[Fault.Kind.values().length];

  void add(Fault.Kind kind) {
    counts[kind.ordinal()]++;
  }

  void add(FaultCounts other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
  }

  long sum() {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }

  /// Every kind, so that one that never came is seen, too.
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    for (Fault.Kind kind : Fault.Kind.values()) {
      parts.add(counts[kind.ordinal()] + " " + kind);
    }
    return String.join(", ", parts);
  }
}
