package farside.simulator;

/// What virtual time runs: a cabinet in its site.
interface Stepped {
  /// Nothing will happen of itself.
  long NEVER = Long.MAX_VALUE;

  /// When it wants to run next, or [#NEVER].
  long nextRunNs();

  /// One round.
  void run(long nowNs);
}
