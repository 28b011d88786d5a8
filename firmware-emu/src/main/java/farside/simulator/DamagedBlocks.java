package farside.simulator;

import java.util.BitSet;

/// The blocks of a volume of which a drive has lied: it kept something else than it was given, or
/// gave something else than it kept, and said that all was well.
///
/// Nobody without checksums can know of it, so that nothing is promised of these blocks, on
/// whichever mirror, any more; everything is of all others. In units of 4 KiB, the largest block
/// of a drive: what a host writes less of is put together with the rest.
final class DamagedBlocks {
  private static final int BLOCK_BYTES = 4096;

  private final long volumeBytes;
  private final BitSet blocks = new BitSet();

  DamagedBlocks(long volumeBytes) {
    this.volumeBytes = volumeBytes;
  }

  /// How much of the drive is the volume's: beyond it nothing is lied about.
  long volumeBytes() {
    return volumeBytes;
  }

  void add(long offsetBytes, long lengthBytes) {
    long last = offsetBytes + lengthBytes - 1;
    blocks.set((int) (offsetBytes / BLOCK_BYTES), (int) (last / BLOCK_BYTES) + 1);
  }

  boolean contains(long offsetBytes) {
    return blocks.get((int) (offsetBytes / BLOCK_BYTES));
  }

  /// Where the block with this byte ends.
  static long endOf(long offsetBytes) {
    return (offsetBytes / BLOCK_BYTES + 1) * BLOCK_BYTES;
  }

  int count() {
    return blocks.cardinality();
  }
}
