package farside.disk;

/// How long a drive may take for a request.
///
/// @param slowNs longer than this, and the drive is suspect
/// @param hungNs longer than this without an answer, and it is in doubt
public record DrivePatience(long slowNs, long hungNs) {
  /// A drive without a slow request for so many times `slowNs` is well again: it shall not go
  /// to and fro with each request.
  private static final int WELL_AFTER_SLOW = 10;

  long wellAfterNs() {
    return WELL_AFTER_SLOW * slowNs;
  }
}
