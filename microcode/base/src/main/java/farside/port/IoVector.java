package farside.port;

/// Where the pieces of one transfer lie in memory, in the order in which they lie on the drive.
///
/// Reused by its owner; a port copies what it needs before `submit...` returns. The memory
/// itself must stay unchanged until the transfer completes.
public final class IoVector {
  /// Most pieces in one transfer.
  public static final int PIECES_MAX = 64;

  private final long[] addresses = new long[PIECES_MAX];
  private final int[] lengthsBytes = new int[PIECES_MAX];
  private int count;
  private int totalBytes;

  public IoVector clear() {
    count = 0;
    totalBytes = 0;
    return this;
  }

  public boolean isFull() {
    return count == PIECES_MAX;
  }

  /// Adds a piece; one that continues the last in memory is joined to it.
  public IoVector add(long address, int lengthBytes) {
    if (count > 0 && addresses[count - 1] + lengthsBytes[count - 1] == address) {
      lengthsBytes[count - 1] += lengthBytes;
    } else {
      addresses[count] = address;
      lengthsBytes[count] = lengthBytes;
      count++;
    }
    totalBytes += lengthBytes;
    return this;
  }

  public int count() {
    return count;
  }

  public int totalBytes() {
    return totalBytes;
  }

  public long address(int index) {
    return addresses[index];
  }

  public int lengthBytes(int index) {
    return lengthsBytes[index];
  }
}
