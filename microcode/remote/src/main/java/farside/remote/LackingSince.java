package farside.remote;

import farside.cache.BlockMask;
import farside.cache.SlotDirectory;
import java.util.ArrayDeque;

/// Since when each block of a slot has lacked. A track may lack some block or other for ever, so a
/// time for the track would say nothing of how long anybody has waited for a block of it.
///
/// Times are kept of open slots only, and their memory is used again: a track has 128 blocks.
final class LackingSince {
  private final SlotDirectory slots;

  /// By slot and block, of blocks that lack; null of a slot that is not open.
  private final long[][] sinceNs;

  private final ArrayDeque<long[]> spare = new ArrayDeque<>();

  /// What lacked when the slot was looked at last, and the time of what has lacked longest.
  private final long[] knownLow;

  private final long[] knownHigh;
  private final long[] oldestNs;
  private long overdueLow;
  private long overdueHigh;

  LackingSince(SlotDirectory slots) {
    this.slots = slots;
    int count = slots.slotCount();
    sinceNs = new long[count][];
    knownLow = new long[count];
    knownHigh = new long[count];
    oldestNs = new long[count];
  }

  void open(int slot) {
    sinceNs[slot] = spare.isEmpty() ? new long[BlockMask.BLOCKS_PER_TRACK] : spare.pop();
    knownLow[slot] = knownHigh[slot] = 0;
  }

  void close(int slot) {
    spare.push(sinceNs[slot]);
    sinceNs[slot] = null;
  }

  /// Once in every round: what was written, and lacks again when it is read, is seen between.
  void look(int slot, long nowNs) {
    long low = slots.lackingLow(slot);
    long high = slots.lackingHigh(slot);
    if (low == knownLow[slot] && high == knownHigh[slot]) {
      return;
    }
    oldestNs[slot] = nowNs;
    for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
      if (!BlockMask.contains(low, high, block)) {
        continue;
      }
      if (!BlockMask.contains(knownLow[slot], knownHigh[slot], block)) {
        sinceNs[slot][block] = nowNs;
      } else if (sinceNs[slot][block] - oldestNs[slot] < 0) {
        oldestNs[slot] = sinceNs[slot][block];
      }
    }
    knownLow[slot] = low;
    knownHigh[slot] = high;
  }

  /// Of the block that has lacked longest; the slot lacks some.
  long oldestNs(int slot) {
    return oldestNs[slot];
  }

  /// True if blocks have lacked for so long; which, is left in [#overdueLow] and [#overdueHigh].
  boolean isOverdue(int slot, long timeoutNs, long nowNs) {
    overdueLow = overdueHigh = 0;
    if (nowNs - oldestNs[slot] < timeoutNs) {
      return false;
    }
    for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
      if (BlockMask.contains(knownLow[slot], knownHigh[slot], block)
          && nowNs - sinceNs[slot][block] >= timeoutNs) {
        overdueLow |= BlockMask.low(block, block + 1);
        overdueHigh |= BlockMask.high(block, block + 1);
      }
    }
    return true;
  }

  long overdueLow() {
    return overdueLow;
  }

  long overdueHigh() {
    return overdueHigh;
  }
}
