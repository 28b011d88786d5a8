package farside.rig.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What a host writes into a block of 4 KiB, so that the block tells, when read back, which it
/// is.
///
/// | offset | length | field                | notes                                     |
/// |-------:|-------:|----------------------|-------------------------------------------|
/// |      0 |      8 | seed                 | of the run                                |
/// |      8 |      8 | block                | number in the volume                      |
/// |     16 |      8 | version              | 1 for the first write of the block        |
/// |     24 |   4072 | words of 8 bytes     | drawn from the three above                |
///
/// Little-endian. A torn block, a block of another place and a block of another run are all
/// told apart.
public final class BlockPattern {
  public static final int BLOCK_BYTES = 4096;

  /// The block has never been written.
  public static final int BLANK = 0;

  /// The block holds what no host wrote there.
  public static final int FOREIGN = -1;

  private static final int SEED_OFFSET = 0;
  private static final int BLOCK_OFFSET = 8;
  private static final int VERSION_OFFSET = 16;
  private static final int WORDS_OFFSET = 24;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private BlockPattern() {}

  /// Fills one block of the array.
  public static void fill(byte[] target, int targetOffset, long seed, long block, long version) {
    ByteBuffer buffer = at(target, targetOffset);
    buffer.putLong(SEED_OFFSET, seed);
    buffer.putLong(BLOCK_OFFSET, block);
    buffer.putLong(VERSION_OFFSET, version);
    long state = start(seed, block, version);
    for (int offset = WORDS_OFFSET; offset < BLOCK_BYTES; offset += 8) {
      state += GOLDEN;
      buffer.putLong(offset, mixed(state));
    }
  }

  /// The version that one block of the array holds, [#BLANK] or [#FOREIGN].
  public static int versionIn(byte[] source, int sourceOffset, long seed, long block) {
    ByteBuffer buffer = at(source, sourceOffset);
    long version = buffer.getLong(VERSION_OFFSET);
    if (buffer.getLong(SEED_OFFSET) == 0 && version == 0) {
      return isZero(buffer) ? BLANK : FOREIGN;
    }
    if (buffer.getLong(SEED_OFFSET) != seed
        || buffer.getLong(BLOCK_OFFSET) != block
        || version <= 0) {
      return FOREIGN;
    }
    long state = start(seed, block, version);
    for (int offset = WORDS_OFFSET; offset < BLOCK_BYTES; offset += 8) {
      state += GOLDEN;
      if (buffer.getLong(offset) != mixed(state)) {
        return FOREIGN;
      }
    }
    return version > Integer.MAX_VALUE ? FOREIGN : (int) version;
  }

  private static boolean isZero(ByteBuffer buffer) {
    for (int offset = 0; offset < BLOCK_BYTES; offset += 8) {
      if (buffer.getLong(offset) != 0) {
        return false;
      }
    }
    return true;
  }

  private static ByteBuffer at(byte[] bytes, int offset) {
    return ByteBuffer.wrap(bytes, offset, BLOCK_BYTES).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long start(long seed, long block, long version) {
    return mixed(mixed(seed + GOLDEN) ^ mixed(block * GOLDEN) ^ version);
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the input stirs
  /// every bit of the output.
  private static long mixed(long z) {
    long once = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long twice = (once ^ (once >>> 27)) * 0x94D049BB133111EBL;
    return twice ^ (twice >>> 31);
  }
}
