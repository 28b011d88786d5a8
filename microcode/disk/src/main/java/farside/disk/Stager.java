package farside.disk;

import farside.cache.BlockMask;
import farside.cache.SlotDirectory;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.Recurrences;
import farside.port.DriveOutcome;
import farside.volume.Volume;
import org.agrona.collections.IntArrayList;

/// Reads of a drive into track slots, and what is left of those that failed.
final class Stager {
  private final DriveWatch drive;
  private final SlotDirectory slots;
  private final EventLog events;
  private final long kind;

  /// What the drive reads at least.
  private final int unit;

  private final int[] stageSlot;
  private final int[] stageFrom;
  private final int[] stageTo;
  private final boolean[] stageIsPiece;
  private final FailedReads failedReads;
  private final Recurrences failures = new Recurrences();
  private final IntArrayList freeStages = new IntArrayList();
  private long stagedBytes;
  private long errorCount;

  /// @param volume on the drive; null for none
  /// @param kind what marks the tags of its requests, in their high half
  Stager(DriveWatch drive, Volume volume, SlotDirectory slots, EventLog events, long kind) {
    this.drive = drive;
    this.slots = slots;
    this.events = events;
    this.kind = kind;
    unit = Math.max(1, drive.blockBytes() / BlockMask.BLOCK_BYTES);
    int depth = drive.queueDepth();
    stageSlot = new int[depth];
    stageFrom = new int[depth];
    stageTo = new int[depth];
    stageIsPiece = new boolean[depth];
    failedReads = new FailedReads(drive.blockBytes(), volume, slots);
    for (int i = 0; i < depth; i++) {
      freeStages.addInt(i);
    }
  }

  /// Reads the wanted blocks of the slot; false if the drive's queue is full: ask again
  /// later.
  boolean stage(int slot) {
    boolean started = false;
    while (!drive.isFull()) {
      long low = slots.wantedLow(slot);
      long high = slots.wantedHigh(slot);
      if ((low | high) == 0) {
        return true;
      }
      int from = low != 0 ? Long.numberOfTrailingZeros(low) : 64 + Long.numberOfTrailingZeros(high);
      int to = from + 1;
      while (to < BlockMask.BLOCKS_PER_TRACK && BlockMask.contains(low, high, to)) {
        to++;
      }
      // A host may want less than a block of the drive.
      from -= from % unit;
      to += (unit - to % unit) % unit;
      slots.onStageStarted(slot, from, to);
      submitRead(slot, from, to, false);
      started = true;
    }
    return started && (slots.wantedLow(slot) | slots.wantedHigh(slot)) == 0;
  }

  private void submitRead(int slot, int from, int to, boolean isPiece) {
    int op = freeStages.removeAt(freeStages.size() - 1);
    stageSlot[op] = slot;
    stageFrom[op] = from;
    stageTo[op] = to;
    stageIsPiece[op] = isPiece;
    int lengthBytes = (to - from) * BlockMask.BLOCK_BYTES;
    drive.submitRead(
        (long) slots.trackOf(slot) * BlockMask.TRACK_BYTES + from * (long) BlockMask.BLOCK_BYTES,
        slots.addressOf(slot) + (long) from * BlockMask.BLOCK_BYTES,
        lengthBytes,
        kind | op);
    stagedBytes += lengthBytes;
  }

  /// What is left of reads that failed. Returns how many reads it submitted.
  int readAgain() {
    int before = drive.inFlight();
    while (!drive.isFull() && failedReads.poll()) {
      submitRead(failedReads.slot(), failedReads.fromBlock(), failedReads.toBlock(), true);
    }
    return drive.inFlight() - before;
  }

  void onStaged(int op, DriveOutcome outcome, long firstBadByte) {
    freeStages.addInt(op);
    if (outcome == DriveOutcome.DONE) {
      slots.onStageEnded(stageSlot[op], stageFrom[op], stageTo[op], true);
      return;
    }
    errorCount++;
    long times = stageIsPiece[op] ? 0 : failures.count(slots.trackOf(stageSlot[op]));
    if (times > 0) {
      events.log(EventCode.STAGE_FAILED, drive.name(), firstBadByte, outcome, times);
    }
    failedReads.onFailed(stageSlot[op], stageFrom[op], stageTo[op], outcome, firstBadByte);
  }

  /// True if the drive has a read that was not answered yet.
  boolean isReading() {
    return freeStages.size() < stageSlot.length;
  }

  long stagedBytes() {
    return stagedBytes;
  }

  long errorCount() {
    return errorCount;
  }
}
