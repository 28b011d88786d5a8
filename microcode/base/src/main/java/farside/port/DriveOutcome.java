package farside.port;

/// How a request to a drive ended.
public enum DriveOutcome {
  DONE,
  /// The blocks cannot be read or written; others may.
  MEDIUM_ERROR,
  /// The backing store has no room for the blocks.
  NO_SPACE,
  /// The drive does not answer, or is gone.
  GONE
}
