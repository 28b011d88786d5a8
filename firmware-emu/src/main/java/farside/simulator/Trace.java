package farside.simulator;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/// What happened, in order: a hash of everything, and the newest lines for people.
///
/// Two runs of one seed must end on the same hash; a difference means that something outside
/// the seed got in. Lines are kept as numbers and only made into text when a run has failed.
final class Trace {
  private static final int KEPT_MAX = 64;

  private final Ring everything = new Ring();
  private final Ring turns = new Ring();
  private final PrintStream echo;
  private long hash = 0x243f6a8885a308d3L;
  private long originNs;

  /// @param echo takes each line as it happens; null for none
  Trace(PrintStream echo) {
    this.echo = echo;
  }

  /// Lines show the time since then.
  void setOrigin(long originNs) {
    this.originNs = originNs;
  }

  /// Something small that happens all the time: hashed and kept for a while.
  void note(long nowNs, String who, String verb, long one, long two, long three) {
    stir(nowNs, who, verb, one, two, three);
    everything.add(nowNs, who, verb, one, two, three);
    if (echo != null) {
      echo.println(everything.newest());
    }
  }

  /// A fault, an event, a change of state: also kept apart from the small things, so that it is
  /// still
  /// there when a thousand host requests have come after it.
  void turn(long nowNs, String who, String what) {
    stir(nowNs, who, what, 0, 0, 0);
    everything.add(nowNs, who, what, NONE, NONE, NONE);
    turns.add(nowNs, who, what, NONE, NONE, NONE);
    if (echo != null) {
      echo.println(everything.newest());
    }
  }

  /// Hashed only.
  void stir(long one, long two) {
    hash = Draws.mix(hash ^ one) + two;
  }

  long hash() {
    return Draws.mix(hash);
  }

  /// The newest turns, then the newest of everything.
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("faults, events and states, oldest first:");
    turns.appendTo(lines);
    lines.add("everything, oldest first:");
    everything.appendTo(lines);
    return lines;
  }

  /// Virtual time since the start, for people.
  String clock(long nowNs) {
    long micros = (nowNs - originNs) / 1000;
    return (micros / 1_000_000) + "."
        + String.valueOf(1_000_000 + micros % 1_000_000).substring(1);
  }

  private static final long NONE = Long.MIN_VALUE;

  private void stir(long nowNs, String who, String verb, long one, long two, long three) {
    stir(nowNs, ((long) who.hashCode() << 32) ^ verb.hashCode());
    stir(one, Draws.mix(two) ^ three);
  }

  /// The newest lines, oldest first.
  private final class Ring {
    private final long[] times = new long[KEPT_MAX];
    private final String[] whos = new String[KEPT_MAX];
    private final String[] verbs = new String[KEPT_MAX];
    private final long[] numbers = new long[KEPT_MAX * 3];
    private long count;

    void add(long nowNs, String who, String verb, long one, long two, long three) {
      int index = (int) (count % KEPT_MAX);
      times[index] = nowNs;
      whos[index] = who;
      verbs[index] = verb;
      numbers[index * 3] = one;
      numbers[index * 3 + 1] = two;
      numbers[index * 3 + 2] = three;
      count++;
    }

    String newest() {
      return line((int) ((count - 1) % KEPT_MAX));
    }

    void appendTo(List<String> lines) {
      for (long i = Math.max(0, count - KEPT_MAX); i < count; i++) {
        lines.add("  " + line((int) (i % KEPT_MAX)));
      }
    }

    private String line(int index) {
      StringBuilder text = new StringBuilder(96);
      text.append(clock(times[index]))
          .append("  ")
          .append(whos[index])
          .append("  ")
          .append(verbs[index]);
      for (int i = 0; i < 3; i++) {
        long number = numbers[index * 3 + i];
        if (number != NONE) {
          text.append(' ').append(number);
        }
      }
      return text.toString();
    }
  }
}
