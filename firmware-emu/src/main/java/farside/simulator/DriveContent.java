package farside.simulator;

/// What one request wrote to a simulated drive: images name its blocks instead of copying them.
/// Nobody changes it as long as anybody names it; then its array is used again.
final class DriveContent {
  private final SpareBuffers spare;
  private byte[] bytes;
  private int holders;

  /// @param lengthBytes its array may be longer, and holds anything
  DriveContent(int lengthBytes) {
    this.spare = SpareBuffers.ofThread();
    this.bytes = spare.take(lengthBytes);
    this.holders = 1;
  }

  byte[] bytes() {
    return bytes;
  }

  void hold() {
    holders++;
  }

  /// One names it no more.
  void release() {
    holders--;
    if (holders == 0) {
      spare.give(bytes);
      bytes = null;
    }
  }
}
