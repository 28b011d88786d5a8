package farside.simulator;

import farside.port.RandomPort;

/// Chance, all of it from one seed. Two streams forked from one another do not disturb each
/// other's draws, so that a fault taken out of a plan leaves the rest of the run as it was.
///
/// The generator is SplitMix64 (Steele, Lea and Flood, 2014): eight bytes of state, and the
/// same on every JVM.
final class Draws implements RandomPort {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private long state;

  Draws(long seed) {
    this.state = seed;
  }

  /// A stream of its own.
  Draws fork() {
    return new Draws(nextLong());
  }

  long nextLong() {
    state += GOLDEN_GAMMA;
    return mix(state);
  }

  @Override
  public long nextNonZero() {
    long value = nextLong();
    return value == 0 ? GOLDEN_GAMMA : value;
  }

  /// From 0 to `bound - 1`.
  int below(int bound) {
    return (int) Long.remainderUnsigned(nextLong(), bound);
  }

  /// From `low` to `high`, both included.
  long between(long low, long high) {
    return low + Long.remainderUnsigned(nextLong(), high - low + 1);
  }

  /// From `low` to `high`, small and large orders of magnitude equally likely; `low` is at
  /// least 1.
  long skewed(long low, long high) {
    int bitsLow = 63 - Long.numberOfLeadingZeros(low);
    int bitsHigh = 63 - Long.numberOfLeadingZeros(high);
    int bits = (int) between(bitsLow, bitsHigh);
    long from = Math.max(low, 1L << bits);
    long to = Math.min(high, (1L << bits) * 2 - 1);
    return between(from, to);
  }

  boolean chance(int permille) {
    return permille > 0 && below(1000) < permille;
  }

  /// Bytes that nobody can take for data.
  void fill(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      bytes[i] = (byte) (nextLong() >>> 17);
    }
  }

  /// A bijection of the 64-bit numbers in which every input bit stirs every output bit.
  static long mix(long value) {
    long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }
}
