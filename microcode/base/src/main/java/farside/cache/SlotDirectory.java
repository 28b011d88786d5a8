package farside.cache;

import farside.director.MachineCheck;
import farside.port.Memory;
import java.util.BitSet;
import org.agrona.collections.IntArrayQueue;
import org.agrona.collections.Long2LongHashMap;

/// The track slots of the read cache: clean copies of what is on a drive, block by block.
///
/// A slot holds one track (64 KiB) and five sets of its blocks: *valid* (as on the drive),
/// *wanted* (a director waits for them), *staging* (a read is in flight), *lacking* (the own
/// drive does not give them: the remote adapter may get them from the peer), *failed* (nobody
/// gives them). Newer content waits in write records, which are laid over a slot by the
/// reader. A pinned or staging slot is *busy* and never given away; each volume has some that
/// others may not keep busy. Contents are lost with the process: nothing here is in NVRAM.
///
/// While a drive is in doubt, what is wanted of its volume *lacks* at once if the volume is
/// mirrored, and has failed if it is not. What it was reading into is *stranded*
/// ([StrandedSlots]).
///
/// A slot that was filled *ahead* ([ReadAhead]) counts as such until its host has come to it.
/// There are never many.
///
/// Behind the shared slots lie a few *private* ones, which the remote adapter fills for the peer.
/// No host's read can be in their way, so that the peer never waits for what itself waits for
/// the peer. A private slot lacks nothing: what its drive does not give has failed. It counts
/// against nobody's part.
public final class SlotDirectory {
  public static final int NONE = -1;

  /// The share of the slots that hold what was read ahead and not asked for yet: one in so many.
  static final int AHEAD_ONE_IN = 8;

  private final int slotCount;
  private final int privateCount;
  private final long address;
  private final Long2LongHashMap byTrack = new Long2LongHashMap(NONE);
  private final long[] keys;
  private final boolean[] used;
  private final int[] pins;
  private final int[] stagings;
  private final UseOrder useOrder;
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
  private final long[] lackingLow;
  private final long[] lackingHigh;
  private final IntArrayQueue wantedSlots = new IntArrayQueue(64, NONE);
  private final boolean[] queued;
  private final IntArrayQueue lackingSlots = new IntArrayQueue(16, NONE);
  private final boolean[] lackingQueued;
  private final boolean[] ahead;
  private int aheadCount;

  /// Volumes whose drive is in doubt, and those that the peer has, too.
  private final BitSet inDoubt = new BitSet();

  private final BitSet mirrored = new BitSet();
  private final StrandedSlots stranded;

  /// Who keeps how many of the shared slots busy.
  private final GuaranteedShares busy;

  private long changes;

  /// @param address memory of `slotCount + privateCount` x 64 KiB, aligned to 4096
  /// @param volumeCount each has its part of one half of the slots, whatever the others keep
  ///     busy: at least one, if there are so many
  public SlotDirectory(long address, int slotCount, int privateCount, int volumeCount) {
    this.address = address;
    this.slotCount = slotCount;
    this.privateCount = privateCount;
    busy = new GuaranteedShares(slotCount, volumeCount);
    stranded = new StrandedSlots(slotCount, volumeCount);
    int each = volumeCount > slotCount ? 0 : Math.max(1, slotCount / (2 * volumeCount));
    for (int volume = 0; volume < volumeCount; volume++) {
      busy.guarantee(volume, each);
    }
    int all = slotCount + privateCount;
    keys = new long[all];
    used = new boolean[all];
    pins = new int[all];
    stagings = new int[all];
    useOrder = new UseOrder(slotCount);
    validLow = new long[all];
    validHigh = new long[all];
    wantedLow = new long[all];
    wantedHigh = new long[all];
    stagingLow = new long[all];
    stagingHigh = new long[all];
    staleLow = new long[all];
    staleHigh = new long[all];
    failedLow = new long[all];
    failedHigh = new long[all];
    lackingLow = new long[all];
    lackingHigh = new long[all];
    queued = new boolean[all];
    lackingQueued = new boolean[all];
    ahead = new boolean[slotCount];
  }

  static long key(int volumeIndex, long track) {
    return (long) volumeIndex << 40 | track;
  }

  /// Without the private ones.
  public int slotCount() {
    return slotCount;
  }

  public int privateCount() {
    return privateCount;
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
        setAhead(slot, false);
      }
      keys[slot] = key(volumeIndex, track);
      used[slot] = true;
      byTrack.put(keys[slot], slot);
      clear(slot);
    }
    useOrder.onUse(slot);
    return slot;
  }

  private void clear(int slot) {
    validLow[slot] = validHigh[slot] = 0;
    wantedLow[slot] = wantedHigh[slot] = 0;
    staleLow[slot] = staleHigh[slot] = 0;
    failedLow[slot] = failedHigh[slot] = 0;
    lackingLow[slot] = lackingHigh[slot] = 0;
  }

  private int leastRecentlyUsed() {
    int slot = useOrder.oldest();
    while (slot != NONE && isBusy(slot)) {
      slot = useOrder.nextAfter(slot);
    }
    return slot;
  }

  private boolean isBusy(int slot) {
    return pins[slot] > 0 || stagings[slot] > 0;
  }

  /// Every change of pins and stagings comes by here, so that `busy` is always right.
  private void hold(int slot, int pinChange, int stagingChange) {
    boolean wasBusy = isBusy(slot);
    pins[slot] += pinChange;
    stagings[slot] += stagingChange;
    if (isBusy(slot) != wasBusy && !isPrivate(slot)) {
      busy.take(volumeIndexOf(slot), wasBusy ? -1 : 1);
      if (wasBusy && stranded.contains(slot)) {
        stranded.remove(slot, volumeIndexOf(slot));
      }
    }
  }

  public void pin(int slot) {
    hold(slot, 1, 0);
  }

  public void unpin(int slot) {
    hold(slot, -1, 0);
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
    int volume = volumeIndexOf(slot);
    return (low & failedLow[slot] | high & failedHigh[slot]) != 0
        || stranded.contains(slot)
        || inDoubt.get(volume) && !mirrored.get(volume) && !covers(slot, low, high);
  }

  public long failedLow(int slot) {
    return failedLow[slot];
  }

  public long failedHigh(int slot) {
    return failedHigh[slot];
  }

  /// Asks the disk adapter for those of the blocks that are not valid. A failed block is tried
  /// again.
  public void want(int slot, long low, long high) {
    failedLow[slot] &= ~low;
    failedHigh[slot] &= ~high;
    wantedLow[slot] |= low & ~validLow[slot] & ~stagingLow[slot] & ~lackingLow[slot];
    wantedHigh[slot] |= high & ~validHigh[slot] & ~stagingHigh[slot] & ~lackingHigh[slot];
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

  /// At most so many slots wait to be polled.
  public int wantedCount() {
    return wantedSlots.size();
  }

  /// Gives a polled slot back, to be polled again after all that wait now.
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
    hold(slot, 0, 1);
    long low = BlockMask.low(from, to);
    long high = BlockMask.high(from, to);
    wantedLow[slot] &= ~low;
    wantedHigh[slot] &= ~high;
    stagingLow[slot] |= low;
    stagingHigh[slot] |= high;
    // Whoever wanted a part of a block has all of it read: what was here of it is written over.
    validLow[slot] &= ~low;
    validHigh[slot] &= ~high;
    staleLow[slot] &= ~low;
    staleHigh[slot] &= ~high;
  }

  /// The read has ended. Blocks that were written meanwhile are not believed, either way.
  public void onStageEnded(int slot, int from, int to, boolean done) {
    if (stranded.contains(slot)) {
      onStageDropped(slot, from, to);
      return;
    }
    hold(slot, 0, -1);
    long low = BlockMask.low(from, to);
    long high = BlockMask.high(from, to);
    stagingLow[slot] &= ~low;
    stagingHigh[slot] &= ~high;
    if (done) {
      validLow[slot] |= low & ~staleLow[slot];
      validHigh[slot] |= high & ~staleHigh[slot];
    } else {
      failedLow[slot] |= low & ~staleLow[slot];
      failedHigh[slot] |= high & ~staleHigh[slot];
    }
    changes++;
  }

  /// A read that failed goes on as two: which blocks failed, the drive did not say.
  public void onStageSplit(int slot) {
    hold(slot, 0, 1);
  }

  /// A read ahead has ended and nothing came of it: whoever wants the blocks asks for them. A
  /// slot that nobody has come to yet is of no use.
  public void onStageDropped(int slot, int from, int to) {
    hold(slot, 0, -1);
    stagingLow[slot] &= ~BlockMask.low(from, to);
    stagingHigh[slot] &= ~BlockMask.high(from, to);
    if (setAhead(slot, false)) {
      useOrder.onUseless(slot);
    }
    changes++;
  }

  // ---- what is read ahead ----

  /// Slots that may be filled ahead at once.
  int aheadMax() {
    return slotCount < AHEAD_ONE_IN ? slotCount / 4 : slotCount / AHEAD_ONE_IN;
  }

  /// Slots that were filled ahead of a host that has not come to them.
  int aheadCount() {
    return aheadCount;
  }

  /// A slot for a track that has none and that nobody has asked for; [#NONE] if there are as
  /// many as there may be, or too few are left for those that ask.
  int acquireAhead(int volumeIndex, int track) {
    if (aheadCount == aheadMax() || busy.freeFor(volumeIndex) <= busy.mostFor(volumeIndex) / 2) {
      return NONE;
    }
    int slot = acquire(volumeIndex, track);
    if (slot != NONE) {
      setAhead(slot, true);
    }
    return slot;
  }

  /// Its host has come to the track; true if it was filled ahead.
  boolean onReached(int volumeIndex, int track) {
    int slot = find(volumeIndex, track);
    return slot != NONE && setAhead(slot, false);
  }

  /// No host will come: if the track was filled ahead its slot is the next that is given away.
  void onForsaken(int volumeIndex, int track) {
    int slot = find(volumeIndex, track);
    if (slot != NONE && setAhead(slot, false)) {
      useOrder.onUseless(slot);
    }
  }

  private boolean setAhead(int slot, boolean isAhead) {
    boolean changes = ahead[slot] != isAhead;
    ahead[slot] = isAhead;
    aheadCount += changes ? isAhead ? 1 : -1 : 0;
    return changes;
  }

  // ---- a drive in doubt ----

  /// The volume has another mirror, which may be asked for what its own drive does not give.
  public void setMirrored(int volumeIndex) {
    mirrored.set(volumeIndex);
  }

  /// The drive of the volume does not answer. Nobody is to wait for it: neither for what it
  /// was asked, which may come much later, nor for anything else that is not here. Whoever
  /// waits in a slot that the drive is reading into leaves it, and takes another.
  public void setInDoubt(int volumeIndex, boolean isInDoubt) {
    inDoubt.set(volumeIndex, isInDoubt);
    for (int slot = 0; isInDoubt && slot < slotCount; slot++) {
      if (used[slot] && stagings[slot] > 0 && volumeIndexOf(slot) == volumeIndex) {
        strand(slot);
      }
    }
    changes++;
  }

  private void strand(int slot) {
    byTrack.remove(keys[slot]);
    used[slot] = false;
    clear(slot);
    setAhead(slot, false);
    useOrder.onUseless(slot);
    stranded.add(slot, volumeIndexOf(slot));
  }

  public boolean isInDoubt(int volumeIndex) {
    return inDoubt.get(volumeIndex);
  }

  /// True if a drive in doubt may still write into the slot: it is of no use to anybody.
  public boolean isStranded(int slot) {
    return stranded.contains(slot);
  }

  /// True if the volume can have no slot before its drive in doubt gives one back.
  public boolean isStarved(int volumeIndex) {
    int count = stranded.busyOf(volumeIndex);
    return count > 0
        && inDoubt.get(volumeIndex)
        && busy.takenBy(volumeIndex) == count
        && busy.freeFor(volumeIndex) == 0;
  }

  /// A polled slot of a drive in doubt, which is not asked: what is wanted of a mirrored volume
  /// is lacking from now on, and of any other it has failed already.
  public void onDriveNotAsked(int slot) {
    if (!isPrivate(slot) && mirrored.get(volumeIndexOf(slot))) {
      addLacking(slot, wantedLow[slot], wantedHigh[slot]);
      wantedLow[slot] = wantedHigh[slot] = 0;
    }
  }

  /// The drive can be asked again for what the slot lacks.
  public void onDriveAskedAgain(int slot) {
    long low = lackingLow[slot];
    long high = lackingHigh[slot];
    lackingLow[slot] = lackingHigh[slot] = 0;
    want(slot, low, high);
    changes++;
  }

  // ---- what the own drive does not give ----

  /// The own drive does not give blocks `from` to `to` (excluded), and no read of them is in
  /// flight any more: the remote adapter gets them from the peer, or has them fail. Blocks that
  /// were written meanwhile are not lacking: the drive may give them now.
  public void onNotGiven(int slot, int from, int to) {
    MachineCheck.require(slot < slotCount, "private slot " + slot + " lacks blocks");
    hold(slot, 0, -1);
    long low = BlockMask.low(from, to);
    long high = BlockMask.high(from, to);
    stagingLow[slot] &= ~low;
    stagingHigh[slot] &= ~high;
    addLacking(slot, low & ~staleLow[slot], high & ~staleHigh[slot]);
  }

  private void addLacking(int slot, long low, long high) {
    lackingLow[slot] |= low;
    lackingHigh[slot] |= high;
    changes++;
    if ((lackingLow[slot] | lackingHigh[slot]) != 0 && !lackingQueued[slot]) {
      lackingQueued[slot] = true;
      lackingSlots.addInt(slot);
    }
  }

  /// The next slot that has come to lack blocks, or [#NONE]. The caller pins it until it lacks
  /// nothing.
  public int pollLacking() {
    while (!lackingSlots.isEmpty()) {
      int slot = lackingSlots.pollInt();
      lackingQueued[slot] = false;
      if ((lackingLow[slot] | lackingHigh[slot]) != 0) {
        return slot;
      }
    }
    return NONE;
  }

  /// Blocks that leave this set by themselves were written to the drive meanwhile.
  public long lackingLow(int slot) {
    return lackingLow[slot];
  }

  public long lackingHigh(int slot) {
    return lackingHigh[slot];
  }

  /// The caller has put the content that the drive should have into the slot's memory, for
  /// blocks that it lacks.
  public void onBrought(int slot, long low, long high) {
    MachineCheck.require(
        (low & ~lackingLow[slot] | high & ~lackingHigh[slot]) == 0,
        "slot " + slot + " was brought blocks that it does not lack");
    lackingLow[slot] &= ~low;
    lackingHigh[slot] &= ~high;
    validLow[slot] |= low;
    validHigh[slot] |= high;
    useOrder.onUse(slot);
    changes++;
  }

  /// Nobody gives those of the blocks that the slot lacks.
  public void onNowhere(int slot, long low, long high) {
    failedLow[slot] |= low & lackingLow[slot];
    failedHigh[slot] |= high & lackingHigh[slot];
    lackingLow[slot] &= ~low;
    lackingHigh[slot] &= ~high;
    changes++;
  }

  // ---- private slots ----

  /// Gives the private slot to a track, empty. It must be at rest.
  public int beginPrivate(int index, int volumeIndex, int track) {
    int slot = slotCount + index;
    MachineCheck.require(!isBeingRead(slot), "private slot " + index + " is still being read into");
    keys[slot] = key(volumeIndex, track);
    used[slot] = true;
    clear(slot);
    return slot;
  }

  /// Nobody waits for what it holds any more; a read may still be in flight.
  public void endPrivate(int slot) {
    used[slot] = false;
    clear(slot);
  }

  public boolean isPrivate(int slot) {
    return slot >= slotCount;
  }

  /// True while a read may still change its memory.
  public boolean isBeingRead(int slot) {
    return stagings[slot] > 0;
  }

  // ---- what the drive holds ----

  /// The drive now holds newer content of these blocks: `payloadAddress` (0: zeroes) has it.
  void onDriveChanged(int volumeIndex, int track, int from, int to, long payloadAddress) {
    long low = BlockMask.low(from, to);
    long high = BlockMask.high(from, to);
    for (int slot = slotCount; slot < slotCount + privateCount; slot++) {
      if (used[slot] && keys[slot] == key(volumeIndex, track)) {
        onRewritten(slot, low, high);
        validLow[slot] &= ~low;
        validHigh[slot] &= ~high;
      }
    }
    int slot = find(volumeIndex, track);
    if (slot == NONE) {
      return;
    }
    onRewritten(slot, low, high);
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

  /// What was known of the blocks on the drive holds no more: a read that began before returns
  /// what was there then, and what the drive could not give it may give now.
  private void onRewritten(int slot, long low, long high) {
    staleLow[slot] |= low;
    staleHigh[slot] |= high;
    lackingLow[slot] &= ~low;
    lackingHigh[slot] &= ~high;
    failedLow[slot] &= ~low;
    failedHigh[slot] &= ~high;
  }
}
