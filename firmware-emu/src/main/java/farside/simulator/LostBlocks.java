package farside.simulator;

import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// The blocks of one drive that it cannot read any more: latent errors. Each fails every read
/// until it is written anew; then the drive has found another place for it.
final class LostBlocks {
  private static final long NEVER_READ = Long.MAX_VALUE;

  private final int blockBytes;

  private final TreeSet<Long> lost = new TreeSet<>();

  /// Those that were lost since the oracle last forgot, and when a read first showed it.
  private final NavigableMap<Long, Long> everLost = new TreeMap<>();

  private long failedReads;

  LostBlocks(int blockBytes) {
    this.blockBytes = blockBytes;
  }

  void lose(long offsetBytes) {
    long block = offsetBytes / blockBytes;
    lost.add(block);
    everLost.putIfAbsent(block, NEVER_READ);
  }

  /// What the blocks held can be read again. Whoever was told meanwhile that it cannot may still
  /// answer so.
  void recover() {
    lost.clear();
  }

  /// Nothing is excused any more.
  void forget() {
    everLost.clear();
  }

  int count() {
    return lost.size();
  }

  /// Reads that ran into a lost block.
  long failedReads() {
    return failedReads;
  }

  /// Offset of the first lost block of the extent, which is read now; -1 if there is none.
  long onRead(long offsetBytes, long lengthBytes, long nowNs) {
    if (lost.isEmpty()) {
      return -1;
    }
    NavigableSet<Long> hit = within(offsetBytes, lengthBytes);
    if (hit.isEmpty()) {
      return -1;
    }
    failedReads++;
    for (long block : hit) {
      everLost.replace(block, NEVER_READ, nowNs);
    }
    return hit.first() * blockBytes;
  }

  void onWritten(long offsetBytes, long lengthBytes) {
    if (lost.isEmpty()) {
      return;
    }
    NavigableSet<Long> hit = within(offsetBytes, lengthBytes);
    for (long block : hit) {
      everLost.replace(block, NEVER_READ);
    }
    hit.clear();
  }

  private NavigableSet<Long> within(long offsetBytes, long lengthBytes) {
    return lost.subSet(
        offsetBytes / blockBytes, true, (offsetBytes + lengthBytes) / blockBytes, false);
  }

  /// Those of the extent that were lost, in ascending order.
  Iterable<Long> everLost(long offsetBytes, long lengthBytes) {
    long end = (offsetBytes + lengthBytes + blockBytes - 1) / blockBytes;
    return everLost.subMap(offsetBytes / blockBytes, true, end, false).keySet();
  }

  boolean wasEverLost(long block) {
    return everLost.containsKey(block);
  }

  /// True if a read showed so long ago that the block is lost, and it was not written since.
  boolean isKnownLostFor(long block, long ns, long nowNs) {
    long sinceNs = everLost.getOrDefault(block, NEVER_READ);
    return sinceNs != NEVER_READ && nowNs - sinceNs >= ns;
  }
}
