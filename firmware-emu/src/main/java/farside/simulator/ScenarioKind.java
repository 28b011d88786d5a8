package farside.simulator;

/// What a run is about: which draws are narrowed. Everything else stays drawn.
public enum ScenarioKind {
  /// A random part of all faults, and hosts of any kind.
  MIXED,
  /// The same faults, but no volume is mirrored: each cabinet stands for itself.
  LOCAL,
  /// No faults; tiny caches, slow drives, and hosts on both sides that never pause: it must go
  /// on all the time.
  SATURATED,
  /// No faults and light load.
  CALM
}
