package farside.disk;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.DriveOutcome;
import farside.port.IoVector;
import farside.volume.Volume;
import java.util.Arrays;

/// Takes released write records to their drive, track by track.
///
/// A track has at most one destage in flight, which carries, for each block, the newest
/// eligible content; content that comes later waits for the next.
///
/// A host that waits for one write to be stable is best served by one request that writes and
/// flushes: where nothing else of the drive waits for a flush, a record goes as a write-through.
final class Destager {
  /// What the drive's unit knows of flushes, and is told of records.
  interface Unit {
    /// True if no flush is in flight, and none is wanted for what was written before.
    boolean mayWriteThrough();

    void onThroughSubmitted();

    /// @param done false: as after a flush that failed
    void onThroughEnded(boolean done);

    void onWritten(int record);
  }

  private static final long DESTAGE_DELAY_NS = 20_000_000;

  /// When the oldest record is due, all that are at least so old go with it: many small
  /// writes then share the wake-ups of the thread and of the drive, which cost more than the
  /// writes.
  private static final long DESTAGE_GATHERED_NS = 5_000_000;

  /// With much of NVRAM in use the oldest waits no longer than this, and all there is goes with it.
  private static final long DESTAGE_PRESSED_NS = 2_000_000;

  private final int index;
  private final DriveWatch drive;
  private final Volume volume;
  private final GlobalMemory memory;
  private final WriteRecords records;
  private final EventLog events;
  private final long kind;
  private final Unit unit;

  private final int destagesMax;
  private final DestageOp[] destages;
  private final IoVector vector = new IoVector();
  private final TrackChain chain;
  private final FailingTracks failing = new FailingTracks();
  private final DueTracks due;

  private long pausedUntilNs = Director.NO_DEADLINE;
  private int destagesActive;
  private long nowNs;

  /// Records committed up to here are due, though not yet as old as others must be.
  private long gatherUpToNs = Long.MIN_VALUE / 2;

  private long destagedBytes;
  private long errorCount;

  /// @param volume on the drive; null for none
  /// @param kind what marks the tags of its requests, in their high half
  Destager(
      int index,
      DriveWatch drive,
      Volume volume,
      GlobalMemory memory,
      EventLog events,
      long kind,
      Unit unit) {
    this.index = index;
    this.drive = drive;
    this.volume = volume;
    this.memory = memory;
    this.records = memory.records();
    this.events = events;
    this.kind = kind;
    this.unit = unit;
    this.chain = new TrackChain(records);
    this.due = new DueTracks(volume == null ? 0 : volume.tracks());
    destagesMax = Math.max(1, drive.queueDepth() * 3 / 4);
    destages = new DestageOp[destagesMax];
    for (int i = 0; i < destagesMax; i++) {
      destages[i] = new DestageOp(i);
    }
  }

  int step(long now) {
    nowNs = now;
    int started = goOn();
    if (pausedUntilNs != Director.NO_DEADLINE) {
      if (!Director.isDue(pausedUntilNs, nowNs)) {
        return started;
      }
      pausedUntilNs = Director.NO_DEADLINE;
    }
    started += retryFailing();
    collectDue();
    return started + startDue();
  }

  private void collectDue() {
    int record = records.peekDirty(index);
    while (record != WriteRecords.NONE && isDestageDue(record)) {
      records.pollDirty(index);
      int track = records.trackOf(record);
      // Else the track rests: the next attempt takes all records that lie over it, but one
      // that is under way does not.
      if (!failing.contains(track) || activeOn(track) != null) {
        due.add(track);
      }
      record = records.peekDirty(index);
    }
  }

  /// Once upwards from where the elevator stands, and once from the bottom to there.
  private int startDue() {
    if (due.isEmpty()) {
      return 0;
    }
    int middle = due.standsAt();
    int started = startDue(middle, Integer.MAX_VALUE);
    return started + startDue(0, middle);
  }

  private int startDue(int from, int end) {
    int started = 0;
    for (int track = due.next(from);
        track >= 0 && track < end && destagesActive < destagesMax && !drive.isFull();
        track = due.next(track + 1)) {
      if (activeOn(track) != null) {
        // It stays due: what came while the track was in flight waits for its next destage.
        continue;
      }
      if (failing.contains(track)) {
        due.remove(track);
      } else {
        due.take(track);
        started += start(track) ? 1 : 0;
      }
    }
    return started;
  }

  private int retryFailing() {
    int started = 0;
    while (destagesActive < destagesMax && !drive.isFull()) {
      int track = failing.pollDue(nowNs);
      if (track < 0) {
        break;
      }
      started += start(track) ? 1 : 0;
    }
    return started;
  }

  /// Submits what the queue had no room for.
  private int goOn() {
    int before = drive.inFlight();
    for (int i = 0; destagesActive > 0 && i < destages.length && !drive.isFull(); i++) {
      if (destages[i].active && destages[i].nextBlock < BlockMask.BLOCKS_PER_TRACK) {
        submitNewest(destages[i]);
      }
    }
    return drive.inFlight() - before;
  }

  private boolean isDestageDue(int record) {
    long committedNs = records.committedNsOf(record);
    if (isPressed() && nowNs - committedNs >= DESTAGE_PRESSED_NS) {
      gatherUpToNs = nowNs;
    } else if (nowNs - committedNs >= DESTAGE_DELAY_NS) {
      gatherUpToNs = nowNs - DESTAGE_GATHERED_NS;
      return true;
    }
    return committedNs - gatherUpToNs <= 0 || isAwaited(record) || isTight();
  }

  /// A quarter of either share in use: from here on work waits for little more than what comes in
  /// the same moment.
  boolean isPressed() {
    return isInUse(1);
  }

  /// Three quarters: nothing waits for anything.
  boolean isTight() {
    return isInUse(3);
  }

  private boolean isInUse(int quarters) {
    return records.hostFramesFree() * 4L < records.hostFramesMax() * (4L - quarters)
        || records.incomingFramesFree() * 4L < records.incomingFramesMax() * (4L - quarters);
  }

  private DestageOp activeOn(int track) {
    if (destagesActive == 0) {
      return null;
    }
    for (DestageOp op : destages) {
      if (op.active && op.track == track) {
        return op;
      }
    }
    return null;
  }

  /// False: another destage has taken all that was due.
  private boolean start(int track) {
    DestageOp op = null;
    for (DestageOp candidate : destages) {
      if (!candidate.active) {
        op = candidate;
        break;
      }
    }
    op.begin(track);
    chain.collectDirty(volume.index(), track, op);
    if (op.recordCount == 0) {
      op.active = false;
      return false;
    }
    destagesActive++;
    if (op.recordCount == 1) {
      submit(op, op.records[0]);
      op.nextBlock = BlockMask.BLOCKS_PER_TRACK;
    } else {
      Arrays.fill(op.owners, WriteRecords.NONE);
      for (int i = 0; i < op.recordCount; i++) {
        int record = op.records[i];
        Arrays.fill(op.owners, records.firstBlock(record), records.endBlock(record), record);
      }
      op.nextBlock = 0;
      submitNewest(op);
    }
    for (int i = 0; i < op.recordCount; i++) {
      records.onDestageStarted(op.records[i]);
    }
    return true;
  }

  private void submit(DestageOp op, int record) {
    if (records.isZeroes(record)) {
      op.outstanding++;
      drive.submitZero(records.offsetOf(record), records.lengthOf(record), kind | op.id);
      return;
    }
    vector.clear().add(records.addressOf(record), records.lengthOf(record));
    op.through = isAloneAndAwaited(record) && unit.mayWriteThrough();
    submitVector(op, records.offsetOf(record));
  }

  /// Somebody waits for the record to be stable, and nothing else of the drive could share a
  /// flush with it: all that is older is stable already.
  private boolean isAloneAndAwaited(int record) {
    int next = records.peekDirty(index);
    return destagesActive == 1
        && due.isEmpty()
        && failing.isEmpty()
        && records.localHeadOf(volume.index()) == record
        && isAwaited(record)
        && (next == WriteRecords.NONE || !isAwaited(next));
  }

  private boolean isAwaited(int record) {
    return records.flushWanted(volume.index()) >= records.numberOf(record);
  }

  private void submitVector(DestageOp op, long offsetBytes) {
    memory.zeroTracks(volume.index()).clear(op.track);
    op.outstanding++;
    destagedBytes += vector.totalBytes();
    if (op.through) {
      unit.onThroughSubmitted();
      drive.submitWriteThrough(offsetBytes, vector, kind | op.id);
    } else {
      drive.submitWrite(offsetBytes, vector, kind | op.id);
    }
  }

  /// For each block the newest record that has it; neighbouring blocks go in one request.
  /// Goes on from where it stopped, and stops when the drive's queue is full.
  private void submitNewest(DestageOp op) {
    long trackBytes = (long) op.track * BlockMask.TRACK_BYTES;
    int[] blockOwner = op.owners;
    int block = op.nextBlock;
    while (block < BlockMask.BLOCKS_PER_TRACK
        && (blockOwner[block] == WriteRecords.NONE || !drive.isFull())) {
      int record = blockOwner[block];
      if (record == WriteRecords.NONE) {
        block++;
        continue;
      }
      int from = block;
      boolean zeroes = records.isZeroes(record);
      vector.clear();
      while (block < BlockMask.BLOCKS_PER_TRACK
          && blockOwner[block] != WriteRecords.NONE
          && records.isZeroes(blockOwner[block]) == zeroes
          && !vector.isFull()) {
        int owner = blockOwner[block];
        int runFrom = block;
        while (block < BlockMask.BLOCKS_PER_TRACK && blockOwner[block] == owner) {
          block++;
        }
        if (!zeroes) {
          vector.add(
              records.addressOf(owner)
                  + (long) (runFrom - records.firstBlock(owner)) * BlockMask.BLOCK_BYTES,
              (block - runFrom) * BlockMask.BLOCK_BYTES);
        }
      }
      long offsetBytes = trackBytes + (long) from * BlockMask.BLOCK_BYTES;
      if (zeroes) {
        op.outstanding++;
        drive.submitZero(offsetBytes, (long) (block - from) * BlockMask.BLOCK_BYTES, kind | op.id);
      } else {
        submitVector(op, offsetBytes);
      }
    }
    op.nextBlock = block;
  }

  void onDestaged(int id, DriveOutcome outcome, long firstBadByte, long now) {
    nowNs = now;
    DestageOp op = destages[id];
    op.outstanding--;
    if (outcome != DriveOutcome.DONE) {
      errorCount++;
      memory.zeroTracks(volume.index()).clear(op.track);
      if (!op.failed) {
        op.failed = true;
        op.outcome = outcome;
        op.firstBadByte = firstBadByte < 0 ? (long) op.track * BlockMask.TRACK_BYTES : firstBadByte;
      }
    }
    if (!op.isOver()) {
      return;
    }
    op.active = false;
    destagesActive--;
    if (op.failed) {
      if (failing.onFailed(op.track, nowNs)) {
        events.log(
            EventCode.DESTAGE_FAILED,
            drive.name(),
            op.firstBadByte,
            op.outcome,
            FailingTracks.RETRY_DELAY_NS / 1_000_000);
      }
    } else {
      failing.onWritten(op.track);
      if (op.recordCount == 1 && isZeroTrack(op.records[0])) {
        memory.zeroTracks(volume.index()).set(op.track);
      }
    }
    for (int i = 0; i < op.recordCount; i++) {
      int record = op.records[i];
      if (op.failed || op.again) {
        records.onDestageFailed(record);
      } else if (op.through) {
        records.onDestageWritten(record);
        records.onStable(record);
      } else {
        unit.onWritten(record);
        records.onDestageWritten(record);
      }
    }
    if (op.through) {
      unit.onThroughEnded(!op.failed);
    }
  }

  /// What is in flight, and what a flush did not cover, goes to the drive again.
  void againAll() {
    for (DestageOp op : destages) {
      op.again |= op.active;
    }
  }

  /// The drive as a whole is given a rest.
  void pauseUntil(long untilNs) {
    pausedUntilNs = untilNs;
  }

  /// True while a track's last destage failed.
  boolean isFailing() {
    return !failing.isEmpty();
  }

  long nextDeadlineNs() {
    if (pausedUntilNs != Director.NO_DEADLINE) {
      return pausedUntilNs;
    }
    if (destagesActive == destagesMax) {
      return Director.NO_DEADLINE;
    }
    int record = records.peekDirty(index);
    return record == WriteRecords.NONE
        ? failing.nextDeadlineNs()
        : Director.sooner(
            failing.nextDeadlineNs(),
            records.committedNsOf(record) + (isPressed() ? DESTAGE_PRESSED_NS : DESTAGE_DELAY_NS));
  }

  long destagedBytes() {
    return destagedBytes;
  }

  long errorCount() {
    return errorCount;
  }

  /// True if the record is zeroes over a whole track, or over all there is of the last one.
  private boolean isZeroTrack(int record) {
    long end = records.offsetOf(record) + records.lengthOf(record);
    return records.isZeroes(record)
        && records.offsetOf(record) % BlockMask.TRACK_BYTES == 0
        && (end % BlockMask.TRACK_BYTES == 0 || end == volume.sizeBytes());
  }
}
