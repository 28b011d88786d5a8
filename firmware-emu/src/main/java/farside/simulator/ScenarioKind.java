package farside.simulator;

/// What a run is about: which draws are narrowed. Everything else stays drawn.
public enum ScenarioKind {
  /// A random part of all faults, and hosts of any kind.
  MIXED,
  /// The same faults, but no volume is mirrored: each cabinet stands for itself.
  LOCAL,
  /// Every pair waits for the peer's drive, and power goes at one site or both, again and again,
  /// with what NVRAM held: what was answered while the pair was equal is there.
  STORED,
  /// Every pair waits for the peer's NVRAM only, and power goes at one site and the other, again
  /// and again, with what NVRAM held, for longer than the peer waits: who is alone meanwhile, and
  /// who was on its way to be, must know it afterwards.
  BLACKOUT,
  /// Several lines, of which one at a time is cut, dead in one direction or both, noisy, or varied
  /// off: no group is ever suspended.
  FAILOVER,
  /// The NVRAM of both sites is power-safe, and power goes again and again: everything that was
  /// answered is there.
  POWER_SAFE,
  /// Drives that are slow and drives that hang, for seconds to minutes, and nothing else:
  /// whoever is not on such a drive goes on within a bound, and no other group is suspended.
  HUNG,
  /// Drives that lose writes, put them elsewhere or return what was there before, and say that all
  /// was well: whatever that does, it does to the very blocks, and to no other.
  LYING,
  /// What hardly ever happens, often: records in NVRAM that change while no process runs, drives
  /// without room, frames that come late, in another connection; with blocks that cannot be read,
  /// losses of power and kills.
  RARE,
  /// Power goes with what NVRAM held, and before that both processes were killed, so soon that the
  /// next ones have not put away what those had left. Every pair waits for the peer's NVRAM only:
  /// what was flushed is there, and what the peer has.
  RELAPSE,
  /// The drive of a source hangs while its pair, which waits for the peer's drive, goes on; then
  /// the source is alone, and loses its power with what NVRAM held before its drive has what the
  /// peer's has: what was flushed is there.
  BEHIND,
  /// No faults but of drives that are slow or hang, and often none; tiny caches, slow drives,
  /// and hosts on both sides that never pause: it must go on all the time.
  SATURATED,
  /// No faults and light load.
  CALM,
  /// Any faults, but few, in minutes rather than seconds; hosts ask about a hundred times in each
  /// second, as long as they are served. What the speed of the simulator is told for.
  PACED;

  /// Whether hosts hurry only around faults.
  boolean hasHostsAtLeisure() {
    return this != SATURATED && this != PACED;
  }

  /// Whether it may have hosts that read in order, beside those that do anything.
  boolean hasReadersInOrder() {
    return switch (this) {
      case MIXED, LOCAL, HUNG, RARE, SATURATED, CALM -> true;
      case STORED, BLACKOUT, FAILOVER, POWER_SAFE, RELAPSE, BEHIND, PACED, LYING -> false;
    };
  }
}
