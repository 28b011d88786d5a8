package farside.port;

/// Ending status of a host command. Channel heads translate it to their protocol's number.
public enum HostStatus {
  OK,
  /// The volume is read-only here.
  NOT_PERMITTED,
  /// The drive failed, or the peer's copy was needed and not to be had.
  IO_ERROR,
  /// The request is malformed, or lies beyond the end of the volume.
  INVALID,
  /// A write lies beyond the end of the volume.
  NO_SPACE,
  /// It could be done, but not in the way that was asked for.
  NOT_SUPPORTED,
  /// The cabinet is going down.
  SHUTDOWN
}
