package farside.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Owns now. Jumps from one thing that happens to the next; nothing ticks.
///
/// What is to happen lies on an agenda, ordered by time and, at one instant, by the order in
/// which it was put there. Cabinets run when a fact has come for them or their deadline is
/// reached, as under the real processor: one that forgot to name its deadline sleeps on, here
/// as there.
final class VirtualTime {
  private final Agenda agenda = new Agenda();
  private final List<Stepped> cabinets = new ArrayList<>();
  private final long originNs;
  private long nowNs;

  VirtualTime(long originNs) {
    this.originNs = originNs;
    this.nowNs = originNs;
  }

  long nowNs() {
    return nowNs;
  }

  /// Time since the start.
  long elapsedNs() {
    return nowNs - originNs;
  }

  void add(Stepped cabinet) {
    cabinets.add(cabinet);
  }

  /// Puts something on the agenda. A time that has passed means now.
  void at(long timeNs, Runnable what) {
    agenda.add(timeNs - nowNs < 0 ? nowNs : timeNs, what);
  }

  void after(long delayNs, Runnable what) {
    at(nowNs + delayNs, what);
  }

  /// Runs until the condition holds (true) or the time is up (false). The condition is asked
  /// after each step.
  boolean runUntil(BooleanSupplier condition, long limitNs) {
    long endNs = nowNs + limitNs;
    while (!condition.getAsBoolean()) {
      if (!step(endNs)) {
        nowNs = endNs;
        return condition.getAsBoolean();
      }
    }
    return true;
  }

  void runFor(long durationNs) {
    long endNs = nowNs + durationNs;
    boolean more = true;
    while (more) {
      more = step(endNs);
    }
    nowNs = endNs;
  }

  /// One thing happens; false if none is left before the end.
  private boolean step(long endNs) {
    long atNs = agenda.isEmpty() ? endNs : agenda.firstNs();
    Stepped next = null;
    for (int i = 0; i < cabinets.size(); i++) {
      long runNs = cabinets.get(i).nextRunNs();
      if (runNs != Stepped.NEVER && runNs - atNs < 0) {
        atNs = runNs;
        next = cabinets.get(i);
      }
    }
    if (atNs - endNs >= 0) {
      return false;
    }
    if (atNs - nowNs > 0) {
      nowNs = atNs;
    }
    if (next != null) {
      next.run(nowNs);
    } else {
      agenda.removeFirst().run();
    }
    return true;
  }
}
