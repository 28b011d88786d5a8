package farside.director;

/// How much an event matters to the person at the console.
public enum Severity {
  /// As it should be.
  INFO,
  /// Protection or speed is reduced; nothing is lost.
  WARNING,
  /// Data cannot be served, stored or mirrored.
  ERROR
}
