package farside.director;

/// One director loop. Called only by the cabinet's processor thread, or by the simulator.
public interface Director {
  /// What [#nextDeadlineNs] answers when nothing is due.
  long NO_DEADLINE = Long.MAX_VALUE;

  /// Name for events and the console, such as `CA` or `RA`.
  String name();

  /// One bounded slice of work that never blocks; returns how much was done, 0 for nothing.
  int doWork(long nowNs);

  /// When this director wants to run next if nothing arrives, or [#NO_DEADLINE].
  long nextDeadlineNs();

  /// The sooner of two deadlines; either may be [#NO_DEADLINE]. Deadlines compare by
  /// subtraction, so that a wrapping clock does no harm.
  static long sooner(long oneNs, long otherNs) {
    if (oneNs == NO_DEADLINE) {
      return otherNs;
    }
    if (otherNs == NO_DEADLINE) {
      return oneNs;
    }
    return oneNs - otherNs <= 0 ? oneNs : otherNs;
  }

  /// True if the deadline is reached.
  static boolean isDue(long deadlineNs, long nowNs) {
    return deadlineNs != NO_DEADLINE && nowNs - deadlineNs >= 0;
  }
}
