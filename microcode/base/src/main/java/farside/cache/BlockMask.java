package farside.cache;

/// Sets of the 128 blocks of a track, as two words: `low` holds blocks 0 to 63, `high` 64 to
/// 127.
public final class BlockMask {
  public static final int BLOCK_BYTES = 512;
  public static final int BLOCKS_PER_TRACK = 128;
  public static final int TRACK_BYTES = BLOCK_BYTES * BLOCKS_PER_TRACK;
  public static final int TRACKS_PER_CYLINDER = 15;

  private BlockMask() {}

  /// Blocks `from` (included) to `to` (excluded), of those below 64.
  public static long low(int from, int to) {
    return span(Math.min(from, 64), Math.min(to, 64));
  }

  /// Blocks `from` (included) to `to` (excluded), of those from 64 on.
  public static long high(int from, int to) {
    return span(Math.max(from, 64) - 64, Math.max(to, 64) - 64);
  }

  public static boolean contains(long low, long high, int block) {
    return ((block < 64 ? low >>> block : high >>> (block - 64)) & 1) != 0;
  }

  /// Those of the blocks that lie in groups of which the set has all.
  ///
  /// @param groupBlocks a power of two up to 64
  public static long wholeGroups(long mask, int groupBlocks) {
    long whole = 0;
    for (int from = 0; from < Long.SIZE; from += groupBlocks) {
      long group = span(from, from + groupBlocks);
      whole |= (mask & group) == group ? group : 0;
    }
    return whole;
  }

  private static long span(int from, int to) {
    int count = to - from;
    if (count <= 0) {
      return 0;
    }
    return (count == 64 ? -1L : (1L << count) - 1) << from;
  }
}
