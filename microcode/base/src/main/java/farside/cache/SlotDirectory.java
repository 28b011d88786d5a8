package farside.cache;

import farside.port.Memory;
import java.util.BitSet;
import org.agrona.collections.IntArrayQueue;
import org.agrona.collections.Long2LongHashMap;

/// The track slots of the read cache: clean copies of what is on a drive, block by block.
///
/// A slot holds one track (64 KiB) and four sets of its blocks: *valid* (as on the drive),
/// *wanted* (a director waits for them), *staging* (a read is in flight), *failed* (the read
/// ended in error). Newer content waits in write records, which are laid over a slot by the
/// reader. A pinned or staging slot is *busy* and never given away; each volume has some that
/// others may not keep busy. Contents are lost with the process: nothing here is in NVRAM.
public final class SlotDirectory {
  public static final int NONE = -1;

  private final int slotCount;
  private final long address;
  private final Long2LongHashMap byTrack = new Long2LongHashMap(NONE);
  private final long[] keys;
  private final boolean[] used;
  private final int[] pins;
  private final int[] stagings;
  private final long[] lastUse;
  private final long[] validLow;
  private final long[] validHigh;
  private final long[] wantedLow;
  private final long[] wantedHigh;
  private final long[] stagingLow;
  private final long[] stagingHigh;
  private final long[] staleLow;
  private final long[] staleHigh;
  private final long[] failedLow;
  private final long[] failedHigh;
  private final IntArrayQueue wantedSlots = new IntArrayQueue(64, NONE);
  private final boolean[] queued;

  /// Volumes whose drive is in doubt.
  private final BitSet inDoubt = new BitSet();

  /// Who keeps how many slots busy.
  private final GuaranteedShares busy;

  private long uses;
  private long changes;

  /// @param address memory of `slotCount` x 64 KiB, aligned to 4096
  /// @param volumeCount each has its part of one half of the slots, whatever the others keep
  ///     busy: at least one, if there are so many
  public SlotDirectory(long address, int slotCount, int volumeCount) {
    this.address = address;
    this.slotCount = slotCount;
    busy = new GuaranteedShares(slotCount, volumeCount);
    int each = volumeCount > slotCount ? 0 : Math.max(1, slotCount / (2 * volumeCount));
    for (int volume = 0; volume < volumeCount; volume++) {
      busy.guarantee(volume, each);
    }
    keys = new long[slotCount];
    used = new boolean[slotCount];
    pins = new int[slotCount];
    stagings = new int[slotCount];
    lastUse = new long[slotCount];
    validLow = new long[slotCount];
    validHigh = new long[slotCount];
    wantedLow = new long[slotCount];
    wantedHigh = new long[slotCount];
    stagingLow = new long[slotCount];
    stagingHigh = new long[slotCount];
    staleLow = new long[slotCount];
    staleHigh = new long[slotCount];
    failedLow = new long[slotCount];
    failedHigh = new long[slotCount];
    queued = new boolean[slotCount];
  }

  static long key(int volumeIndex, long track) {
    return (long) volumeIndex << 40 | track;
  }

  public int slotCount() {
    return slotCount;
  }

  /// Rises whenever something that a waiting director could be waiting for has changed.
  public long changes() {
    return changes;
  }

  public int find(int volumeIndex, int track) {
    return (int) byTrack.get(key(volumeIndex, track));
  }

  /// The slot of the track, or one made free for it, to be pinned at once; [#NONE] if all
  /// that the volume may have are busy.
  public int acquire(int volumeIndex, int track) {
    int slot = find(volumeIndex, track);
    if ((slot == NONE || !isBusy(slot)) && busy.freeFor(volumeIndex) == 0) {
      return NONE;
    }
    if (slot == NONE) {
      slot = leastRecentlyUsed();
      if (slot == NONE) {
        return NONE;
      }
      if (used[slot]) {
        byTrack.remove(keys[slot]);
      }
      keys[slot] = key(volumeIndex, track);
      used[slot] = true;
      byTrack.put(keys[slot], slot);
      validLow[slot] = validHigh[slot] = 0;
      wantedLow[slot] = wantedHigh[slot] = 0;
      staleLow[slot] = staleHigh[slot] = 0;
      failedLow[slot] = failedHigh[slot] = 0;
    }
    lastUse[slot] = ++uses;
    return slot;
  }

  private int leastRecentlyUsed() {
    int best = NONE;
    for (int i = 0; i < slotCount; i++) {
      if (pins[i] == 0 && stagings[i] == 0) {
        if (!used[i]) {
          return i;
        }
        if (best == NONE || lastUse[i] < lastUse[best]) {
          best = i;
        }
      }
    }
    return best;
  }

  private boolean isBusy(int slot) {
    return pins[slot] > 0 || stagings[slot] > 0;
  }

  public void pin(int slot) {
    if (!isBusy(slot)) {
      busy.take(volumeIndexOf(slot), 1);
    }
    pins[slot]++;
  }

  public void unpin(int slot) {
    pins[slot]--;
    if (!isBusy(slot)) {
      busy.take(volumeIndexOf(slot), -1);
    }
    if (pins[slot] == 0) {
      changes++;
    }
  }

  public long addressOf(int slot) {
    return address + (long) slot * BlockMask.TRACK_BYTES;
  }

  public boolean covers(int slot, long low, long high) {
    return (low & ~validLow[slot]) == 0 && (high & ~validHigh[slot]) == 0;
  }

  /// True if one of the blocks could not be read, or if none can be had that is not here.
  public boolean failed(int slot, long low, long high) {
    return (low & failedLow[slot] | high & failedHigh[slot]) != 0
        || inDoubt.get(volumeIndexOf(slot)) && !covers(slot, low, high);
  }

  /// The drive of the volume does not answer. Nobody is to wait for it: neither for what it
  /// was asked, which may come much later, nor for anything else that is not here.
  public void setInDoubt(int volumeIndex, boolean isInDoubt) {
    inDoubt.set(volumeIndex, isInDoubt);
    changes++;
  }

  public boolean isInDoubt(int volumeIndex) {
    return inDoubt.get(volumeIndex);
  }

  /// Asks the disk adapter for those of the blocks that are not valid. A failed block is tried
  /// again.
  public void want(int slot, long low, long high) {
    failedLow[slot] &= ~low;
    failedHigh[slot] &= ~high;
    wantedLow[slot] |= low & ~validLow[slot] & ~stagingLow[slot];
    wantedHigh[slot] |= high & ~validHigh[slot] & ~stagingHigh[slot];
    if ((wantedLow[slot] | wantedHigh[slot]) != 0 && !queued[slot]) {
      queued[slot] = true;
      wantedSlots.addInt(slot);
    }
  }

  /// Failures of before count no more: whoever waits for a block has the drive tried again.
  public void forgetFailures(int slot) {
    failedLow[slot] = failedHigh[slot] = 0;
  }

  /// The next slot with wanted blocks, or [#NONE]; the caller stages all of them, or gives it
  /// back.
  public int pollWanted() {
    while (!wantedSlots.isEmpty()) {
      int slot = wantedSlots.pollInt();
      queued[slot] = false;
      if ((wantedLow[slot] | wantedHigh[slot]) != 0) {
        return slot;
      }
    }
    return NONE;
  }

  /// Gives a polled slot back, to be polled again.
  public void requeueWanted(int slot) {
    if (!queued[slot]) {
      queued[slot] = true;
      wantedSlots.addInt(slot);
    }
  }

  public long wantedLow(int slot) {
    return wantedLow[slot];
  }

  public long wantedHigh(int slot) {
    return wantedHigh[slot];
  }

  public int volumeIndexOf(int slot) {
    return (int) (keys[slot] >>> 40);
  }

  public int trackOf(int slot) {
    return (int) (keys[slot] & 0xFF_FFFF_FFFFL);
  }

  /// A read of blocks `from` to `to` (excluded) is in flight.
  public void onStageStarted(int slot, int from, int to) {
    if (!isBusy(slot)) {
      busy.take(volumeIndexOf(slot), 1);
    }
    stagings[slot]++;
    long low = BlockMask.low(from, to);
    long high = BlockMask.high(from, to);
    wantedLow[slot] &= ~low;
    wantedHigh[slot] &= ~high;
    stagingLow[slot] |= low;
    stagingHigh[slot] |= high;
    staleLow[slot] &= ~low;
    staleHigh[slot] &= ~high;
  }

  /// The read has ended. Blocks that were written meanwhile are not believed.
  public void onStageEnded(int slot, int from, int to, boolean done) {
    stagings[slot]--;
    if (!isBusy(slot)) {
      busy.take(volumeIndexOf(slot), -1);
    }
    long low = BlockMask.low(from, to);
    long high = BlockMask.high(from, to);
    stagingLow[slot] &= ~low;
    stagingHigh[slot] &= ~high;
    if (done) {
      validLow[slot] |= low & ~staleLow[slot];
      validHigh[slot] |= high & ~staleHigh[slot];
    } else {
      failedLow[slot] |= low;
      failedHigh[slot] |= high;
    }
    changes++;
  }

  /// The drive now holds newer content of these blocks: `payloadAddress` (0: zeroes) has it.
  void onDriveChanged(int volumeIndex, int track, int from, int to, long payloadAddress) {
    int slot = find(volumeIndex, track);
    if (slot == NONE) {
      return;
    }
    long low = BlockMask.low(from, to);
    long high = BlockMask.high(from, to);
    staleLow[slot] |= low;
    staleHigh[slot] |= high;
    boolean beingRead = (stagingLow[slot] & low | stagingHigh[slot] & high) != 0;
    if (pins[slot] > 0 || beingRead) {
      validLow[slot] &= ~low;
      validHigh[slot] &= ~high;
      changes++;
      return;
    }
    long target = addressOf(slot) + (long) from * BlockMask.BLOCK_BYTES;
    int lengthBytes = (to - from) * BlockMask.BLOCK_BYTES;
    if (payloadAddress == 0) {
      Memory.zero(target, lengthBytes);
    } else {
      Memory.copy(payloadAddress, target, lengthBytes);
    }
    // Who waits for these blocks has them now. A read from the drive would write into memory
    // that counts as valid.
    wantedLow[slot] &= ~low;
    wantedHigh[slot] &= ~high;
    changes++;
    validLow[slot] |= low;
    validHigh[slot] |= high;
  }
}
