package farside.port;

/// Neighbouring extents of a volume, each known to read zero or not. Reused.
public final class Extents {
  /// As many are kept; what does not fit is not told, and the host asks again.
  public static final int COUNT_MAX = 512;

  private final long[] lengthBytes = new long[COUNT_MAX];
  private final boolean[] isZero = new boolean[COUNT_MAX];
  private int count;

  public void clear() {
    count = 0;
  }

  /// Goes on with the last extent if it is of the same kind; false if there is no room for
  /// another.
  public boolean add(long bytes, boolean zero) {
    if (count > 0 && isZero[count - 1] == zero) {
      lengthBytes[count - 1] += bytes;
      return true;
    }
    if (count == COUNT_MAX) {
      return false;
    }
    lengthBytes[count] = bytes;
    isZero[count] = zero;
    count++;
    return true;
  }

  /// Forgets all but the first.
  public void keepFirst() {
    count = Math.min(count, 1);
  }

  public int count() {
    return count;
  }

  public long lengthBytes(int index) {
    return lengthBytes[index];
  }

  public boolean isZero(int index) {
    return isZero[index];
  }
}
