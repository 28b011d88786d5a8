package farside.runtime;

/// What a processor runs: a cabinet, or anything of its shape.
public interface Rounds {
  /// One round of all directors, which never blocks; returns how much was done, 0 for nothing.
  int doWork(long nowNs);

  /// When the next round is wanted if nothing arrives, or
  /// [farside.director.Director#NO_DEADLINE].
  long nextDeadlineNs();

  /// True when everything is put away, and no round is wanted any more.
  boolean isDown();
}
