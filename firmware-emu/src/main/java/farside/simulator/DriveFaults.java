package farside.simulator;

/// What is wrong with a simulated drive now, but for blocks that it has lost.
///
/// Whoever has no fault switched on draws nothing here.
final class DriveFaults {
  private long badFromBytes;
  private long badToBytes;
  private long slowNs;

  /// Share of the requests that hang; 0: the drive does not hang.
  private int hangPermille;

  /// From now on no request that writes to this extent succeeds; each leaves some of its blocks
  /// written.
  void spoil(long fromBytes, long lengthBytes) {
    badFromBytes = fromBytes;
    badToBytes = fromBytes + lengthBytes;
  }

  void mendTracks() {
    badToBytes = badFromBytes;
  }

  /// From now on each request takes up to this much longer.
  void slowDown(long upToNs) {
    slowNs = upToNs;
  }

  /// From now on some or all requests do not return.
  void hang(int permille) {
    hangPermille = permille;
  }

  /// Nothing is wrong any more.
  void mend() {
    mendTracks();
    slowDown(0);
    hang(0);
  }

  long drawDelayNs(Draws draws) {
    return slowNs == 0 ? 0 : draws.between(0, slowNs);
  }

  boolean drawHangs(Draws draws) {
    return hangPermille > 0 && draws.chance(hangPermille);
  }

  /// Offset of the first byte of a change that cannot be written; -1 if all of it can.
  long badByteOf(DriveRequest change) {
    boolean isSpoiled = badFromBytes < badToBytes
        && change.offsetBytes < badToBytes
        && badFromBytes < change.offsetBytes + change.lengthBytes;
    return isSpoiled ? Math.max(badFromBytes, change.offsetBytes) : -1;
  }
}
