package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.Memory;
import farside.protocol.session.RemoteReadAnswerDecoder;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.function.IntPredicate;
import org.agrona.collections.IntArrayList;

/// Gets from the peer what the own drive does not give: the blocks that a slot *lacks*
/// ([SlotDirectory#onNotGiven]). Whoever waits for the slot goes on when they are there, or have
/// failed. Spec: `specs/link-session.md`, "Remote reads".
///
/// A pair that is not synchronized is not asked, and its blocks fail at once. While it is, they
/// wait for the session if need be, but in all not longer than the link timeout, each from when
/// it was missed ([LackingSince]).
///
/// Of a drive in doubt every block lacks that somebody wants. Nothing is written back to it, since
/// it has lost nothing that we know of; and when it answers again, what the peer has not given yet
/// is left to it.
///
/// What becomes of a block while hosts write it. Drive content *c* comes from the peer, *w* is a
/// write of the same block that this cabinet knows or comes to know:
///
/// | when | then |
/// |------|------|
/// | *w* is a record here when *c* comes | *w* lies over *c* for every reader, held or not; *c* is
/// |
/// |      | not written back, *w* will be, being newer or in *c* already |
/// | *w* is committed after *c* came | it lies over *c*, and over the record that writes *c* back |
/// | *w* became stable here before *c* came | the block ceased to lack: *c* is dropped, also if
/// |
/// |      | the block lacks again by then, and the drive is read, or the peer asked anew |
/// | *w* is in *c*, not acknowledged, at R1 | R1 gave *w* its number, so it is a record here: see
/// above |
/// | *w* is in *c*, at R2 | R1 sent *w* before *c*, so it is a record here, or stable: see above |
/// | *w* is not in *c*, but was before the request | it was released here, so the peer had it: it |
/// |      | is in *c*; or it was not, so it is a record here: see above |
/// | the group is cut before *c* came | the pair is not synchronized: *c* is dropped |
/// | the session ends before *c* came | frames of it are dropped; the request goes out again |
/// | the cabinet is killed before *c* is stable on the drive | the record survives, or the next |
/// |      | read finds the block bad again |
final class Borrower {
  /// Tracks that are asked for at once; the peer sets aside as much.
  private static final int ASKED_MAX = Lender.LOANS;

  private final SlotDirectory slots;
  private final Volumes volumes;
  private final IntPredicate isLinked;
  private final FrameTransport transport;
  private final SessionMessages messages;
  private final Repairs repairs;
  private final StandIns standIns;
  private final EventLog events;
  private final long timeoutNs;

  private final LackingSince since;

  /// Slots that lack blocks, each pinned, oldest first; and under which request which blocks were
  /// asked for, 0 if none were in this session.
  private final IntArrayList open = new IntArrayList();

  private final boolean[] isOpen;

  /// Its drive was in doubt when the slot came to lack blocks.
  private final boolean[] wasInDoubt;

  private final int[] requestOf;
  private final long[] askedLow;
  private final long[] askedHigh;

  /// Of those, what has lacked ever since: the others were written meanwhile, and what the peer
  /// answers may be older.
  private final long[] stillLow;

  private final long[] stillHigh;
  private int askedCount;
  private int lastRequest;
  private boolean peerLends;
  private boolean isLeaving;
  private long borrowedBlocks;

  /// @param timeoutNs longest time that a reader waits for the peer
  /// @param isLinked true of the index of a volume whose pair is settled
  Borrower(
      long timeoutNs,
      GlobalMemory memory,
      Volumes volumes,
      IntPredicate isLinked,
      FrameTransport transport,
      SessionMessages messages,
      EventLog events) {
    this.timeoutNs = timeoutNs;
    this.slots = memory.slots();
    this.volumes = volumes;
    this.isLinked = isLinked;
    this.transport = transport;
    this.messages = messages;
    this.events = events;
    Volume[] all = volumes.list().toArray(new Volume[0]);
    repairs = new Repairs(memory, all, events);
    standIns = new StandIns(slots, all, events);
    int count = slots.slotCount();
    isOpen = new boolean[count];
    since = new LackingSince(slots);
    wasInDoubt = new boolean[count];
    requestOf = new int[count];
    askedLow = new long[count];
    askedHigh = new long[count];
    stillLow = new long[count];
    stillHigh = new long[count];
  }

  Repairs repairs() {
    return repairs;
  }

  // ---- session ----

  /// @param peerVersion newest session version that the peer speaks
  void onSession(int peerVersion) {
    peerLends = peerVersion >= SessionMessages.VERSION_OF_REMOTE_READS;
  }

  /// What was asked for is asked for again in the next session.
  void onSessionEnd() {
    for (int i = 0; i < open.size(); i++) {
      requestOf[open.getInt(i)] = 0;
    }
    askedCount = 0;
  }

  /// The cabinet is going down: nothing is asked for any more.
  void leave() {
    isLeaving = true;
  }

  // ---- every round ----

  int step(boolean isUp, long nowNs) {
    int work = repairs.step() + standIns.step();
    for (int slot = slots.pollLacking(); slot != SlotDirectory.NONE; slot = slots.pollLacking()) {
      if (!isOpen[slot]) {
        isOpen[slot] = true;
        since.open(slot);
        wasInDoubt[slot] = isInDoubt(slot);
        requestOf[slot] = 0;
        slots.pin(slot);
        open.addInt(slot);
      }
      work++;
    }
    for (int i = 0; i < open.size(); i++) {
      int slot = open.getInt(i);
      // Before a block that was written can lack again, it is read: that takes a round at least.
      stillLow[slot] &= slots.lackingLow(slot);
      stillHigh[slot] &= slots.lackingHigh(slot);
      if (wasInDoubt[slot] && !isInDoubt(slot)) {
        slots.onDriveAskedAgain(slot);
      }
      if (lacksNothing(slot)) {
        close(i--);
        work++;
        continue;
      }
      if (isGivenUp(slot, isUp, nowNs)) {
        close(i--);
        work++;
      } else if (requestOf[slot] == 0 && isUp && isLinked.test(slots.volumeIndexOf(slot))) {
        work += ask(slot) ? 1 : 0;
      }
    }
    return work;
  }

  private boolean isInDoubt(int slot) {
    return slots.isInDoubt(slots.volumeIndexOf(slot));
  }

  private boolean lacksNothing(int slot) {
    return (slots.lackingLow(slot) | slots.lackingHigh(slot)) == 0;
  }

  /// True if the slot lacks nothing more, since the peer will not give it, or not in time.
  private boolean isGivenUp(int slot, boolean isUp, long nowNs) {
    since.look(slot, nowNs);
    String hopeless = whyNot(slot, isUp);
    if (hopeless != null) {
      giveUp(slot, slots.lackingLow(slot), slots.lackingHigh(slot), hopeless);
    } else if (since.isOverdue(slot, timeoutNs, nowNs)) {
      giveUp(
          slot,
          since.overdueLow(),
          since.overdueHigh(),
          "the peer did not give them within " + timeoutNs / 1_000_000 + " ms");
      since.look(slot, nowNs);
    }
    return lacksNothing(slot);
  }

  /// Null while the peer may still give what the slot lacks.
  private String whyNot(int slot, boolean isUp) {
    Volume volume = volumes.get(slots.volumeIndexOf(slot));
    if (volume.role() == VolumeRole.LOCAL) {
      return "the volume has no other mirror";
    }
    if (isLeaving) {
      return "the cabinet is going down";
    }
    if (volume.pairState() != PairState.SYNCHRONIZED) {
      return "the pair is " + volume.pairState().shown();
    }
    if (isInDoubt(slot) && volume.standing().staleSinceMs() != 0) {
      return "its source may have gone on alone";
    }
    if (isUp && !peerLends) {
      return "the peer's build does not give single blocks";
    }
    return null;
  }

  private boolean ask(int slot) {
    if (askedCount >= ASKED_MAX || !transport.hasRoom(0)) {
      return false;
    }
    Volume volume = volumes.get(slots.volumeIndexOf(slot));
    int request = lastRequest == Integer.MAX_VALUE ? 1 : lastRequest + 1;
    long low = slots.lackingLow(slot);
    long high = slots.lackingHigh(slot);
    int bytes = messages.remoteRead(volume, request, slots.trackOf(slot), low, high);
    if (!transport.sendSequenced(FrameTransport.CONTROL, 0, 0, bytes, 0, 0, 0, 0, 0)) {
      return false;
    }
    lastRequest = request;
    requestOf[slot] = request;
    askedLow[slot] = low;
    askedHigh[slot] = high;
    stillLow[slot] = low;
    stillHigh[slot] = high;
    askedCount++;
    return true;
  }

  /// Of these blocks those that the slot lacks still.
  private void giveUp(int slot, long low, long high, String because) {
    Volume volume = volumes.get(slots.volumeIndexOf(slot));
    int blocks =
        Long.bitCount(low & slots.lackingLow(slot)) + Long.bitCount(high & slots.lackingHigh(slot));
    if (blocks == 0) {
      return;
    }
    slots.onNowhere(slot, low, high);
    if (!isInDoubt(slot) || standIns.isRefusalToBeTold(volume)) {
      events.log(EventCode.BLOCKS_NOWHERE, volume.name(), blocks, slots.trackOf(slot), because);
    }
  }

  private void close(int index) {
    int slot = open.getInt(index);
    open.removeAt(index);
    endRequest(slot);
    isOpen[slot] = false;
    since.close(slot);
    slots.unpin(slot);
  }

  private void endRequest(int slot) {
    if (requestOf[slot] != 0) {
      requestOf[slot] = 0;
      askedCount--;
    }
  }

  // ---- answers ----

  /// False: the message makes no sense.
  boolean onAnswer(
      RemoteReadAnswerDecoder message, long payloadAddress, int payloadBytes, long nowNs) {
    int slot = slotOf((int) message.request());
    if (slot == SlotDirectory.NONE) {
      // It was given up meanwhile.
      return true;
    }
    Volume volume = volumes.get(slots.volumeIndexOf(slot));
    long low = message.blocksLow();
    long high = message.blocksHigh();
    if (message.volume() != volume.number()
        || (low & ~askedLow[slot] | high & ~askedHigh[slot]) != 0
        || payloadBytes != (Long.bitCount(low) + Long.bitCount(high)) * BlockMask.BLOCK_BYTES) {
      return false;
    }
    endRequest(slot);
    if (volume.pairState() == PairState.SYNCHRONIZED) {
      take(volume, slot, low, high, payloadAddress, nowNs);
      giveUp(
          slot,
          stillLow[slot] & ~low,
          stillHigh[slot] & ~high,
          "the peer says " + message.verdict());
    }
    return true;
  }

  private int slotOf(int request) {
    for (int i = 0; i < open.size(); i++) {
      if (requestOf[open.getInt(i)] == request && request != 0) {
        return open.getInt(i);
      }
    }
    return SlotDirectory.NONE;
  }

  /// Of what is given, what the slot has lacked ever since it was asked for.
  private void take(
      Volume volume, int slot, long givenLow, long givenHigh, long payloadAddress, long nowNs) {
    long low = givenLow & stillLow[slot] & slots.lackingLow(slot);
    long high = givenHigh & stillHigh[slot] & slots.lackingHigh(slot);
    if ((low | high) == 0) {
      return;
    }
    long at = payloadAddress;
    for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
      if (BlockMask.contains(low, high, block)) {
        Memory.copy(
            at,
            slots.addressOf(slot) + (long) block * BlockMask.BLOCK_BYTES,
            BlockMask.BLOCK_BYTES);
      }
      if (BlockMask.contains(givenLow, givenHigh, block)) {
        at += BlockMask.BLOCK_BYTES;
      }
    }
    slots.onBrought(slot, low, high);
    int blocks = Long.bitCount(low) + Long.bitCount(high);
    if (wasInDoubt[slot] || isInDoubt(slot)) {
      standIns.onBrought(volume, blocks);
      return;
    }
    borrowedBlocks += blocks;
    events.log(
        EventCode.BLOCKS_BORROWED, volume.name(), blocks, slots.trackOf(slot), borrowedBlocks);
    repairs.begin(volume, slot, low, high, nowNs);
  }

  long nextDeadlineNs() {
    long deadline = Director.NO_DEADLINE;
    for (int i = 0; i < open.size(); i++) {
      deadline = Director.sooner(deadline, since.oldestNs(open.getInt(i)) + timeoutNs);
    }
    return deadline;
  }
}
