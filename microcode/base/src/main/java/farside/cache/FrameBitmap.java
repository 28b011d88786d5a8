package farside.cache;

/// Which frames of the NVRAM are free, and runs of neighbours among them.
///
/// Next-fit: the search goes on where the last one ended, so a fresh run is found in a few
/// words of the map while memory is not nearly full. It begins anew at the bottom as soon as
/// twice as many frames lie behind it as are in use: so little more memory is gone through than
/// is needed, and the processor's caches, and the pages of the file behind it, still have it.
final class FrameBitmap {
  /// Gone through in any case: with less, what is freed soon is met before it is free.
  private static final int ROUND_FRAMES_MIN = 512;

  private final long[] used;
  private final int frameCount;
  private int cursor;
  private int freeCount;

  FrameBitmap(int frameCount) {
    this.frameCount = frameCount;
    this.freeCount = frameCount;
    used = new long[(frameCount + 63) / 64];
  }

  int freeCount() {
    return freeCount;
  }

  boolean isFree(int frame) {
    return (used[frame >>> 6] >>> frame & 1) == 0;
  }

  boolean isFree(int first, int count) {
    for (int i = first; i < first + count; i++) {
      if (i >= frameCount || !isFree(i)) {
        return false;
      }
    }
    return true;
  }

  void take(int first, int count) {
    for (int i = first; i < first + count; i++) {
      used[i >>> 6] |= 1L << i;
    }
    freeCount -= count;
  }

  /// As [#take], and the search goes on behind it.
  void takeNext(int first, int count) {
    take(first, count);
    cursor = first + count;
  }

  void free(int first, int count) {
    for (int i = first; i < first + count; i++) {
      used[i >>> 6] &= ~(1L << i);
    }
    freeCount += count;
  }

  /// First frame of a free run; its length, at most `wanted`, is in the high half of the
  /// answer. -1: none.
  long findRun(int wanted) {
    if (freeCount == 0) {
      return -1;
    }
    int bestFirst = -1;
    int bestCount = 0;
    int searched = 0;
    int at = cursor > ROUND_FRAMES_MIN + 2 * (frameCount - freeCount) ? 0 : cursor;
    while (searched < frameCount && (bestCount == 0 || searched < 4096)) {
      if (at >= frameCount) {
        at = 0;
      }
      if ((at & 63) == 0 && used[at >>> 6] == -1L) {
        at += 64;
        searched += 64;
        continue;
      }
      if (!isFree(at)) {
        at++;
        searched++;
        continue;
      }
      int count = 1;
      while (count < wanted && at + count < frameCount && isFree(at + count)) {
        count++;
      }
      if (count > bestCount) {
        bestFirst = at;
        bestCount = count;
        if (count == wanted) {
          break;
        }
      }
      at += count;
      searched += count;
    }
    if (bestCount == 0) {
      // The cursor stood inside the only free part; one full turn finds it.
      for (int i = 0; i < frameCount; i++) {
        if (isFree(i)) {
          bestFirst = i;
          bestCount = 1;
          break;
        }
      }
    }
    cursor = bestFirst + bestCount;
    return (long) bestCount << 32 | bestFirst;
  }
}
