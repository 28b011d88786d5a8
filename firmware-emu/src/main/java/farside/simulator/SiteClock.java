package farside.simulator;

/// The clocks of one site, as its processor reads them: one that only ever rises, and the date.
///
/// The first runs at a rate of its own, beginning anew when the site has lost its power. The date
/// may be set by anybody at any time; a process takes note of it once, when it starts.
final class SiteClock {
  private static final long MILLION = 1_000_000;
  private static final long WALL_MS_AT_ORIGIN = 1_700_000_000_000L;

  /// Longer than any run, and short enough for the arithmetic.
  private static final long FAR_NS = 100_000_000_000_000L;

  private static final long YEAR_MS = 365L * 24 * 3600 * 1000;

  private final VirtualTime time;
  private final long fastPpm;
  private final Draws draws;
  private long fromVirtualNs;
  private long fromNs;
  private long wallShiftMs;
  private long jumps;

  /// @param fastPpm how much faster than virtual time it runs, in millionths; slower if negative
  SiteClock(VirtualTime time, long fastPpm, Draws draws) {
    this.time = time;
    this.fastPpm = fastPpm;
    this.draws = draws;
    this.fromVirtualNs = time.nowNs();
    this.fromNs = fromVirtualNs;
  }

  /// What the site's clock shows at a moment of virtual time.
  long read(long virtualNs) {
    return fromNs + scaled(virtualNs - fromVirtualNs);
  }

  /// A moment of virtual time at which the clock shows no less: the first, but for rounding.
  long virtualAt(long clockNs) {
    long aheadNs = clockNs - fromNs;
    if (fastPpm == 0 || Math.abs(aheadNs) > FAR_NS) {
      return fromVirtualNs + aheadNs;
    }
    long virtualNs = (long) ((double) aheadNs * MILLION / (MILLION + fastPpm));
    while (scaled(virtualNs) - aheadNs < 0) {
      virtualNs++;
    }
    return fromVirtualNs + virtualNs;
  }

  private long scaled(long virtualNs) {
    return virtualNs + virtualNs * fastPpm / MILLION;
  }

  /// The machine starts anew, and the clock from anywhere.
  void restart() {
    fromVirtualNs = time.nowNs();
    fromNs = draws.chance(500) ? draws.between(0, 1L << 40) : draws.nextLong();
  }

  /// The date is set: somewhat forward or back, by years, or to the beginning of all dates, as
  /// where a battery is empty.
  void setDate() {
    jumps++;
    long nowMs = WALL_MS_AT_ORIGIN + time.elapsedNs() / MILLION;
    wallShiftMs = switch (draws.below(4)) {
      case 0 -> wallShiftMs + draws.between(-3_600_000, 3_600_000);
      case 1 -> draws.between(-40 * YEAR_MS, 100 * YEAR_MS);
      case 2 -> -nowMs;
      default -> -nowMs - draws.between(0, YEAR_MS);
    };
  }

  /// How often the date was set.
  long jumps() {
    return jumps;
  }

  /// The date at which the rising clock showed 0, as a process that starts now reckons.
  long wallMsAtZero() {
    return WALL_MS_AT_ORIGIN
        + wallShiftMs
        + time.elapsedNs() / MILLION
        - read(time.nowNs()) / MILLION;
  }
}
