package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.port.Memory;
import farside.protocol.session.ReadVerdict;
import farside.protocol.session.RemoteReadDecoder;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.function.IntPredicate;

/// Gives the peer blocks that its own drive does not give. Spec: `specs/link-session.md`, "Remote
/// reads".
///
/// It reads into private slots and asks nobody else, so that a request waits for this cabinet's
/// drive alone. An answer is composed in the instant in which it is sent, from the drive and all
/// records over it, and only when every record over the blocks has been sent: so the answer holds
/// nothing that the peer, reading the ordered stream, has not had before it. A slot is the
/// answer's buffer too, and belongs to it until the peer has it and the link reads it no more.
final class Lender {
  /// Requests that are worked on at once, each with a private slot.
  static final int LOANS = 4;

  /// More are not asked at once by any peer that keeps to the specification.
  private static final int WAITING_MAX = 2 * LOANS;

  private enum State {
    FREE,
    READING,
    REFUSING,
    SENT,
    /// The session is over; the drive may still write into the slot, or the link read it.
    DRAINING
  }

  /// Who carries the answers.
  interface Sender {
    boolean isReadyForAnswer();

    /// Highest number of a record that this session has sent.
    long sentNumber();

    /// False: not now.
    ///
    /// @param low the blocks that are given, and `high`; they lie at the address
    boolean sendAnswer(
        int loan,
        Volume volume,
        int request,
        ReadVerdict verdict,
        long low,
        long high,
        long address,
        int crc);
  }

  private record Asked(
      Volume volume, int request, int track, long low, long high, long generation) {}

  private final WriteRecords records;
  private final SlotDirectory slots;
  private final Volumes volumes;
  private final IntPredicate isLinked;
  private final Sender sender;
  private final State[] state = new State[LOANS];
  private final Asked[] asked = new Asked[LOANS];
  private final int[] slotOf = new int[LOANS];
  private final int[] queuedSends = new int[LOANS];
  private final ReadVerdict[] verdicts = new ReadVerdict[LOANS];
  private final ArrayDeque<Asked> waiting = new ArrayDeque<>();
  private final int[] owners = new int[BlockMask.BLOCKS_PER_TRACK];
  private long missingLow;
  private long missingHigh;
  private long unreadableLow;
  private long unreadableHigh;

  /// @param isLinked true of the index of a volume whose pair is settled
  Lender(GlobalMemory memory, Volumes volumes, IntPredicate isLinked, Sender sender) {
    this.records = memory.records();
    this.slots = memory.slots();
    this.volumes = volumes;
    this.isLinked = isLinked;
    this.sender = sender;
    Arrays.fill(state, State.FREE);
    for (int loan = 0; loan < LOANS; loan++) {
      slotOf[loan] = slots.slotCount() + loan;
    }
  }

  /// False: the message makes no sense.
  boolean onRequest(RemoteReadDecoder message) {
    Volume volume = volumes.byNumber(message.volume());
    if (volume == null || volume.role() == VolumeRole.LOCAL || message.track() >= volume.tracks()) {
      return false;
    }
    int track = (int) message.track();
    int end = (int) Math.min(
        BlockMask.BLOCKS_PER_TRACK,
        (volume.sizeBytes() - (long) track * BlockMask.TRACK_BYTES) / BlockMask.BLOCK_BYTES);
    long low = message.blocksLow();
    long high = message.blocksHigh();
    boolean within = (low & ~BlockMask.low(0, end)) == 0 && (high & ~BlockMask.high(0, end)) == 0;
    if ((low | high) == 0 || !within) {
      return false;
    }
    if (waiting.size() < WAITING_MAX) {
      waiting.add(
          new Asked(volume, (int) message.request(), track, low, high, message.generation()));
    }
    return true;
  }

  int step() {
    int work = 0;
    for (int loan = 0; loan < LOANS; loan++) {
      Asked next = waiting.isEmpty() || !isFree(loan) ? null : pollAsked();
      if (next != null) {
        begin(loan, next);
        work++;
      }
      work += switch (state[loan]) {
        case READING -> read(loan);
        case REFUSING -> refuse(loan);
        case FREE, SENT, DRAINING -> 0;
      };
    }
    return work;
  }

  /// The oldest request that may have a slot now, or null.
  private Asked pollAsked() {
    for (Iterator<Asked> all = waiting.iterator(); all.hasNext(); ) {
      Asked what = all.next();
      if (mayHaveSlot(what.volume())) {
        all.remove();
        return what;
      }
    }
    return null;
  }

  /// No volume has all slots wait for its drive: were that to hang, the blocks of all others would
  /// not be given either. A drive in doubt is not read, so nothing waits for it.
  private boolean mayHaveSlot(Volume volume) {
    int reading = 0;
    for (int loan = 0; loan < LOANS; loan++) {
      boolean waitsForDrive = state[loan] == State.READING || slots.isBeingRead(slotOf[loan]);
      reading += waitsForDrive && asked[loan].volume() == volume ? 1 : 0;
    }
    return reading == 0
        || reading < Math.min(LOANS, slots.privateCount()) - 1
        || slots.isInDoubt(volume.index());
  }

  private boolean isFree(int loan) {
    return loan < slots.privateCount()
        && (state[loan] == State.FREE || state[loan] == State.DRAINING && queuedSends[loan] == 0)
        && !slots.isBeingRead(slotOf[loan]);
  }

  private void begin(int loan, Asked what) {
    asked[loan] = what;
    slots.beginPrivate(loan, what.volume().index(), what.track());
    state[loan] = State.READING;
  }

  /// Null if this side's content of the blocks is the pair's valid content.
  private ReadVerdict whyNot(Asked what) {
    Volume volume = what.volume();
    boolean isEqual = isLinked.test(volume.index())
        && volume.pairState() == PairState.SYNCHRONIZED
        && !volume.standing().inconsistent()
        && volume.standing().generation() == what.generation();
    if (!isEqual) {
      return ReadVerdict.NOT_SYNCHRONIZED;
    }
    return volume.table().owed().isSet(what.track()) ? ReadVerdict.OWED : null;
  }

  private int read(int loan) {
    Asked what = asked[loan];
    int slot = slotOf[loan];
    ReadVerdict refused = whyNot(what);
    if (refused != null) {
      return refuse(loan, refused);
    }
    if (hasUnsent(what)) {
      return 0;
    }
    int source = sourceOf(what, slot);
    if (source == SlotDirectory.NONE) {
      if (slots.isInDoubt(what.volume().index())) {
        // The peer need not wait for what this drive gives to nobody.
        return refuse(loan, ReadVerdict.UNREADABLE);
      }
      slots.want(slot, missingLow & ~slots.failedLow(slot), missingHigh & ~slots.failedHigh(slot));
      return 0;
    }
    long low = what.low() & ~unreadableLow;
    long high = what.high() & ~unreadableHigh;
    if ((low | high) == 0) {
      return refuse(loan, ReadVerdict.UNREADABLE);
    }
    if (slots.isBeingRead(slot) || !sender.isReadyForAnswer()) {
      // A read that nobody needs any more would still write over the answer.
      return 0;
    }
    long target = slots.addressOf(slot);
    int lengthBytes = compose(low, high, slots.addressOf(source), target);
    int crc = Memory.crc32c(target, lengthBytes);
    boolean isAll = low == what.low() && high == what.high();
    if (!sender.sendAnswer(
        loan,
        what.volume(),
        what.request(),
        isAll ? ReadVerdict.GIVEN : ReadVerdict.UNREADABLE,
        low,
        high,
        target,
        crc)) {
      // What was read was overwritten by what was composed.
      slots.endPrivate(slot);
      begin(loan, what);
      return 0;
    }
    slots.endPrivate(slot);
    state[loan] = State.SENT;
    return 1;
  }

  /// True if a record over these blocks has not been sent yet: the peer must not see it here
  /// before it has all that was written before.
  private boolean hasUnsent(Asked what) {
    for (int r = records.newestOf(what.volume().index(), what.track());
        r != WriteRecords.NONE;
        r = records.olderOf(r)) {
      long low = BlockMask.low(records.firstBlock(r), records.endBlock(r));
      long high = BlockMask.high(records.firstBlock(r), records.endBlock(r));
      if ((low & what.low() | high & what.high()) != 0
          && records.isRemotePending(r)
          && records.numberOf(r) > sender.sentNumber()) {
        return true;
      }
    }
    return false;
  }

  /// The slot that holds every block that no record has: the track's own; or the private one,
  /// which may have found some unreadable; [SlotDirectory#NONE] if neither is there yet.
  ///
  /// Left behind: the blocks that no record has in `missingLow` and `missingHigh`, those of them
  /// that nobody has, and the newest records of all others in `owners`.
  private int sourceOf(Asked what, int slot) {
    int volume = what.volume().index();
    Arrays.fill(owners, WriteRecords.NONE);
    long low = what.low();
    long high = what.high();
    for (int r = records.newestOf(volume, what.track());
        r != WriteRecords.NONE;
        r = records.olderOf(r)) {
      for (int block = records.firstBlock(r); block < records.endBlock(r); block++) {
        if (owners[block] == WriteRecords.NONE) {
          owners[block] = r;
        }
      }
      low &= ~BlockMask.low(records.firstBlock(r), records.endBlock(r));
      high &= ~BlockMask.high(records.firstBlock(r), records.endBlock(r));
    }
    missingLow = low;
    missingHigh = high;
    unreadableLow = unreadableHigh = 0;
    int shared = slots.find(volume, what.track());
    if (shared != SlotDirectory.NONE && slots.covers(shared, low, high)) {
      return shared;
    }
    unreadableLow = low & slots.failedLow(slot);
    unreadableHigh = high & slots.failedHigh(slot);
    return slots.covers(slot, low & ~unreadableLow, high & ~unreadableHigh)
        ? slot
        : SlotDirectory.NONE;
  }

  /// Puts the blocks one after the other, to where the slot begins: a block of it is never
  /// written over before it was moved, since none moves upwards.
  private int compose(long low, long high, long source, long target) {
    long at = target;
    for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
      if (!BlockMask.contains(low, high, block)) {
        continue;
      }
      int owner = owners[block];
      if (owner == WriteRecords.NONE) {
        Memory.copy(source + (long) block * BlockMask.BLOCK_BYTES, at, BlockMask.BLOCK_BYTES);
      } else if (records.isZeroes(owner)) {
        Memory.zero(at, BlockMask.BLOCK_BYTES);
      } else {
        Memory.copy(
            records.addressOf(owner)
                + (long) (block - records.firstBlock(owner)) * BlockMask.BLOCK_BYTES,
            at,
            BlockMask.BLOCK_BYTES);
      }
      at += BlockMask.BLOCK_BYTES;
    }
    return (int) (at - target);
  }

  private int refuse(int loan, ReadVerdict why) {
    verdicts[loan] = why;
    state[loan] = State.REFUSING;
    return 1 + refuse(loan);
  }

  private int refuse(int loan) {
    Asked what = asked[loan];
    if (!sender.isReadyForAnswer()
        || !sender.sendAnswer(loan, what.volume(), what.request(), verdicts[loan], 0, 0, 0, 0)) {
      return 0;
    }
    slots.endPrivate(slotOf[loan]);
    state[loan] = State.SENT;
    return 1;
  }

  void onQueued(int loan) {
    queuedSends[loan]++;
  }

  void onSent(int loan) {
    queuedSends[loan]--;
  }

  void onAcknowledged(int loan) {
    if (state[loan] == State.SENT) {
      state[loan] = State.DRAINING;
    }
  }

  /// Whoever waited for an answer asks again in the next session.
  void onSessionEnd() {
    waiting.clear();
    for (int loan = 0; loan < LOANS; loan++) {
      if (state[loan] == State.READING || state[loan] == State.REFUSING) {
        slots.endPrivate(slotOf[loan]);
      }
      if (state[loan] != State.FREE) {
        state[loan] = State.DRAINING;
      }
    }
  }
}
