package farside.cache;

import farside.port.NvramPort;

/// One bit per track of a volume, in NVRAM, with a count kept beside it in memory.
///
/// A bit is set, or cleared, by one committed word; so a crash never leaves half a change.
public final class TrackBits {
  private final NvramPort nvram;
  private final long offset;
  private final int words;
  private final int tracks;
  private int setCount;

  TrackBits(NvramPort nvram, long offset, int words, int tracks) {
    this.nvram = nvram;
    this.offset = offset;
    this.words = words;
    this.tracks = tracks;
    for (int i = 0; i < words; i++) {
      setCount += Long.bitCount(word(i));
    }
  }

  private long word(int index) {
    return nvram.getLong(offset + index * 8L);
  }

  public boolean isSet(int track) {
    return (word(track >>> 6) >>> track & 1) != 0;
  }

  /// True if the bit was clear before.
  public boolean set(int track) {
    long word = word(track >>> 6);
    long wanted = word | 1L << track;
    if (wanted == word) {
      return false;
    }
    nvram.commit(offset + (track >>> 6) * 8L, wanted);
    setCount++;
    return true;
  }

  /// True if the bit was set before.
  public boolean clear(int track) {
    long word = word(track >>> 6);
    long wanted = word & ~(1L << track);
    if (wanted == word) {
      return false;
    }
    nvram.commit(offset + (track >>> 6) * 8L, wanted);
    setCount--;
    return true;
  }

  public void setAll() {
    for (int i = 0; i < words; i++) {
      int bits = Math.min(64, tracks - i * 64);
      nvram.commit(offset + i * 8L, bits == 64 ? -1L : (1L << bits) - 1);
    }
    setCount = tracks;
  }

  public void clearAll() {
    for (int i = 0; i < words; i++) {
      if (word(i) != 0) {
        nvram.commit(offset + i * 8L, 0);
      }
    }
    setCount = 0;
  }

  /// The first set track at or after `from`, or -1.
  public int next(int from) {
    if (from >= tracks) {
      return -1;
    }
    int index = from >>> 6;
    long word = word(index) & -1L << from;
    while (word == 0) {
      if (++index >= words) {
        return -1;
      }
      word = word(index);
    }
    return index * 64 + Long.numberOfTrailingZeros(word);
  }

  public int count() {
    return setCount;
  }

  public int tracks() {
    return tracks;
  }
}
