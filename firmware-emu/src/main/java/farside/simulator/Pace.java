package farside.simulator;

/// When hosts hurry: around faults and what follows from them, where their requests meet what
/// must not go wrong. Else they ask at leisure, since busy hosts are most of what a run costs.
final class Pace {
  private static final long BEFORE_NS = 150_000_000;
  private static final long AFTER_NS = 250_000_000;

  private final VirtualTime time;
  private final long leisureNs;
  private long hurryUntilNs;
  private FaultPlan.Episode episode;
  private long episodeNs;

  /// @param leisureNs longest pause of a program at leisure; 0: it is always in a hurry
  Pace(VirtualTime time, long leisureNs) {
    this.time = time;
    this.leisureNs = leisureNs;
    this.hurryUntilNs = time.nowNs();
  }

  /// Something has happened.
  void hurry() {
    hurryFor(AFTER_NS);
  }

  /// Something goes on for so long.
  void hurryFor(long durationNs) {
    long untilNs = time.nowNs() + durationNs;
    hurryUntilNs = untilNs - hurryUntilNs > 0 ? untilNs : hurryUntilNs;
  }

  /// Something will happen after so long.
  void hurryBefore(long delayNs) {
    time.after(Math.max(delayNs - BEFORE_NS, 0), this::hurry);
  }

  /// An episode begins now.
  void onEpisode(FaultPlan.Episode next) {
    episode = next;
    episodeNs = time.nowNs();
  }

  /// True while hosts keep what they would ask to themselves.
  boolean isSilent() {
    return episode != null && episode.isSilentAfter(time.nowNs() - episodeNs);
  }

  /// @param hurriedNs longest pause of a program in a hurry
  long thinkMaxNs(long hurriedNs) {
    boolean isAtLeisure = time.nowNs() - hurryUntilNs >= 0;
    return isAtLeisure ? Math.max(hurriedNs, leisureNs) : hurriedNs;
  }
}
