package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.port.Memory;
import farside.volume.Volume;

/// Copies owed tracks to the peer, a few at a time, while hosts write.
///
/// A copy is composed in the instant in which it is sent, from the drive's content and all
/// records over it, and only when every record committed before has been sent: so on the
/// ordered stream what comes after a copy is newer than it. Each volume is walked in ascending
/// order and what is owed, not what exists.
final class TrackCopier {
  /// Tracks under way at once.
  static final int BUFFERS = 8;

  static final int UNITS_PER_TRACK = BlockMask.TRACK_BYTES / 4096;

  static final long RETRY_NS = 5_000_000_000L;

  private enum State {
    FREE,
    STAGING,
    SENT,
    /// Sent, and the pair was left out of the session since: the track stays owed, and the
    /// buffer as it is until the peer has it.
    LEFT_OUT,
    /// The session is over; the link may still read the buffer.
    DRAINING
  }

  /// Who sends, and hears of copies that have arrived.
  interface Sender {
    /// True if every committed record has been sent and there is room for a track.
    boolean isReadyForCopy();

    /// False: not now.
    boolean sendCopy(int buffer, Volume volume, int track, long address, int lengthBytes, int crc);

    /// The peer has the track; `number` is the one that it was sent under.
    void onCopied(Volume volume, int track, long number);

    /// A track could not be read.
    void onUnreadable(Volume volume, int track);
  }

  private final SlotDirectory slots;
  private final WriteRecords records;
  private final Sender sender;
  private final long address;
  private final int buffersUsed;
  private final State[] state = new State[BUFFERS];
  private final Volume[] volumeOf = new Volume[BUFFERS];
  private final int[] trackOf = new int[BUFFERS];
  private final int[] slotOf = new int[BUFFERS];
  private final int[] queuedSends = new int[BUFFERS];
  private final int[] cursor;
  private final boolean[] active;
  private final boolean[] once;
  private final long[] retryAtNs;
  private int[] chain = new int[64];
  private long missingLow;
  private long missingHigh;
  private boolean halted;

  /// @param address memory of [#BUFFERS] tracks
  TrackCopier(GlobalMemory memory, int volumeCount, Sender sender, long address) {
    this.slots = memory.slots();
    this.records = memory.records();
    this.sender = sender;
    this.address = address;
    buffersUsed = Math.max(1, Math.min(BUFFERS, slots.slotCount() / 4));
    java.util.Arrays.fill(state, State.FREE);
    cursor = new int[volumeCount];
    active = new boolean[volumeCount];
    once = new boolean[volumeCount];
    retryAtNs = new long[volumeCount];
    java.util.Arrays.fill(retryAtNs, Director.NO_DEADLINE);
  }

  /// Begins with the volume.
  ///
  /// @param onePass true: walks its owed tracks once and leaves the bits to the caller; false:
  ///     until none is owed
  void begin(Volume volume, boolean onePass) {
    active[volume.index()] = true;
    once[volume.index()] = onePass;
    cursor[volume.index()] = 0;
    retryAtNs[volume.index()] = Director.NO_DEADLINE;
  }

  void end(Volume volume) {
    active[volume.index()] = false;
  }

  /// The session is over: nothing more is sent, and what was sent may not have arrived.
  void abort() {
    for (int i = 0; i < BUFFERS; i++) {
      if (state[i] == State.STAGING) {
        slots.unpin(slotOf[i]);
        state[i] = State.FREE;
      } else if (state[i] == State.SENT || state[i] == State.LEFT_OUT) {
        state[i] = queuedSends[i] > 0 ? State.DRAINING : State.FREE;
      }
    }
    java.util.Arrays.fill(active, false);
  }

  /// The pair is left out of the session, which goes on.
  void leaveOut(Volume volume) {
    end(volume);
    for (int i = 0; i < BUFFERS; i++) {
      if (volumeOf[i] == volume && state[i] == State.STAGING) {
        slots.unpin(slotOf[i]);
        state[i] = State.FREE;
      } else if (volumeOf[i] == volume && state[i] == State.SENT) {
        state[i] = State.LEFT_OUT;
      }
    }
  }

  int inFlight(int volumeIndex) {
    int count = 0;
    for (int i = 0; i < BUFFERS; i++) {
      if ((state[i] == State.STAGING || state[i] == State.SENT)
          && volumeOf[i].index() == volumeIndex) {
        count++;
      }
    }
    return count;
  }

  /// True if a one-pass walk of the volume has ended and all of it has arrived. A track that
  /// could not be read is tried again until it can: whoever asked would take silence for all
  /// that there was.
  boolean isPassOver(Volume volume) {
    int index = volume.index();
    return active[index]
        && once[index]
        && retryAtNs[index] == Director.NO_DEADLINE
        && volume.table().owed().next(cursor[index]) < 0
        && inFlight(index) == 0;
  }

  int step(Iterable<Volume> volumes, long nowNs) {
    int work = 0;
    boolean isWalking = isAnyActive();
    if (isWalking) {
      beginRetries(volumes, nowNs);
    }
    halted = !sender.isReadyForCopy();
    for (int i = 0; i < buffersUsed; i++) {
      if (state[i] == State.FREE && isWalking) {
        work += pick(i, volumes);
      }
      if (state[i] == State.STAGING && !halted) {
        work += send(i, nowNs);
      }
    }
    return work;
  }

  /// Mostly nothing is copied, and this is asked in every round.
  private boolean isAnyActive() {
    for (boolean each : active) {
      if (each) {
        return true;
      }
    }
    return false;
  }

  /// Done whether or not a buffer is free: a deadline that stayed in the past would only spin.
  private void beginRetries(Iterable<Volume> volumes, long nowNs) {
    for (Volume volume : volumes) {
      int index = volume.index();
      if (active[index] && Director.isDue(retryAtNs[index], nowNs)) {
        retryAtNs[index] = Director.NO_DEADLINE;
        cursor[index] = 0;
      }
    }
  }

  private int pick(int buffer, Iterable<Volume> volumes) {
    for (Volume volume : volumes) {
      int index = volume.index();
      if (!active[index]) {
        continue;
      }
      int track = nextOwed(volume);
      if (track < 0) {
        continue;
      }
      int slot = slots.acquire(index, track);
      if (slot == SlotDirectory.NONE) {
        continue;
      }
      slots.pin(slot);
      cursor[index] = track + 1;
      volumeOf[buffer] = volume;
      trackOf[buffer] = track;
      slotOf[buffer] = slot;
      state[buffer] = State.STAGING;
      if (isMissing(buffer)) {
        // An older failure counts no more: the drive is asked again.
        slots.want(slot, missingLow, missingHigh);
      }
      return 1;
    }
    return 0;
  }

  private int nextOwed(Volume volume) {
    int index = volume.index();
    int track = volume.table().owed().next(cursor[index]);
    if (track < 0
        && !once[index]
        && cursor[index] > 0
        && retryAtNs[index] == Director.NO_DEADLINE
        && inFlight(index) == 0) {
      cursor[index] = 0;
      track = volume.table().owed().next(0);
    }
    return track;
  }

  private int blocksOf(int buffer) {
    return lengthOf(buffer) / BlockMask.BLOCK_BYTES;
  }

  private int lengthOf(int buffer) {
    long from = (long) trackOf[buffer] * BlockMask.TRACK_BYTES;
    return (int) Math.min(BlockMask.TRACK_BYTES, volumeOf[buffer].sizeBytes() - from);
  }

  /// True if the slot lacks blocks that no record has; which, is left in `missingLow` and
  /// `missingHigh`.
  private boolean isMissing(int buffer) {
    int end = blocksOf(buffer);
    long low = BlockMask.low(0, end);
    long high = BlockMask.high(0, end);
    for (int r = records.newestOf(volumeOf[buffer].index(), trackOf[buffer]);
        r != WriteRecords.NONE;
        r = records.olderOf(r)) {
      low &= ~BlockMask.low(records.firstBlock(r), records.endBlock(r));
      high &= ~BlockMask.high(records.firstBlock(r), records.endBlock(r));
    }
    missingLow = low;
    missingHigh = high;
    return !slots.covers(slotOf[buffer], low, high);
  }

  private int send(int buffer, long nowNs) {
    if (isMissing(buffer)) {
      if (slots.failed(slotOf[buffer], missingLow, missingHigh)) {
        Volume volume = volumeOf[buffer];
        slots.unpin(slotOf[buffer]);
        state[buffer] = State.FREE;
        // The others go on; this one has its turn in the pass after the rest.
        retryAtNs[volume.index()] = nowNs + RETRY_NS;
        sender.onUnreadable(volume, trackOf[buffer]);
        return 1;
      }
      slots.want(slotOf[buffer], missingLow, missingHigh);
      return 0;
    }
    long target = address + (long) buffer * BlockMask.TRACK_BYTES;
    compose(buffer, target);
    int lengthBytes = lengthOf(buffer);
    int crc = Memory.crc32c(target, lengthBytes);
    if (!sender.sendCopy(buffer, volumeOf[buffer], trackOf[buffer], target, lengthBytes, crc)) {
      halted = true;
      return 0;
    }
    slots.unpin(slotOf[buffer]);
    state[buffer] = State.SENT;
    halted = !sender.isReadyForCopy();
    return 1;
  }

  private void compose(int buffer, long target) {
    Memory.copy(slots.addressOf(slotOf[buffer]), target, lengthOf(buffer));
    int count = 0;
    for (int r = records.newestOf(volumeOf[buffer].index(), trackOf[buffer]);
        r != WriteRecords.NONE;
        r = records.olderOf(r)) {
      if (count == chain.length) {
        chain = java.util.Arrays.copyOf(chain, count * 2);
      }
      chain[count++] = r;
    }
    for (int i = count - 1; i >= 0; i--) {
      int r = chain[i];
      long at = target + (long) records.firstBlock(r) * BlockMask.BLOCK_BYTES;
      if (records.isZeroes(r)) {
        Memory.zero(at, records.lengthOf(r));
      } else {
        Memory.copy(records.addressOf(r), at, records.lengthOf(r));
      }
    }
  }

  void onQueued(int buffer) {
    queuedSends[buffer]++;
  }

  void onSent(int buffer) {
    queuedSends[buffer]--;
    if (state[buffer] == State.DRAINING && queuedSends[buffer] == 0) {
      state[buffer] = State.FREE;
    }
  }

  void onAcknowledged(int buffer, long number) {
    boolean isOwedStill = state[buffer] == State.LEFT_OUT;
    if (state[buffer] != State.SENT && !isOwedStill) {
      return;
    }
    state[buffer] = queuedSends[buffer] > 0 ? State.DRAINING : State.FREE;
    if (!isOwedStill) {
      sender.onCopied(volumeOf[buffer], trackOf[buffer], number);
    }
  }

  long nextDeadlineNs() {
    long deadline = Director.NO_DEADLINE;
    for (int i = 0; i < active.length; i++) {
      if (active[i]) {
        deadline = Director.sooner(deadline, retryAtNs[i]);
      }
    }
    return deadline;
  }
}
