package farside.disk;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.volume.DriveFigures;
import farside.volume.Labels;
import farside.volume.Volume;
import java.util.Arrays;
import org.agrona.collections.IntArrayList;

/// One drive of a disk adapter: destages and stages its volume, flushes, keeps the label.
///
/// A block goes *dirty -> written -> stable*: written when the drive has completed the request,
/// stable when a flush submitted after that has completed. A track has at most one destage in
/// flight, which carries, for each block, the newest eligible content; content that comes later
/// waits for the next.
final class DriveUnit implements DrivePort.DriveSink {
  private static final long DESTAGE_DELAY_NS = 20_000_000;

  /// When the oldest record is due, all that are at least so old go with it: many small writes
  /// then share the wake-ups of the thread and of the drive, which cost more than the writes.
  private static final long DESTAGE_GATHERED_NS = 5_000_000;
  private static final long FLUSH_DELAY_NS = 50_000_000;

  private static final int KIND_SHIFT = 32;
  private static final long STAGE = 1;
  private static final long DESTAGE = 2;
  private static final long FLUSH = 3;
  private static final long LABEL_READ = 4;
  private static final long LABEL_WRITE = 5;

  private final int index;
  private final DrivePort port;
  private final LabelReader labelReader;
  private final LabelWriter labelWriter;
  private final Volume volume;
  private final WriteRecords records;
  private final SlotDirectory slots;
  private final GlobalMemory memory;
  private final EventLog events;

  private final int destagesMax;
  private final DestageOp[] destages;
  private final int[] stageSlot;
  private final int[] stageFrom;
  private final int[] stageTo;
  private final boolean[] stageIsPiece;
  private final FailedReads failedReads;
  private final IntArrayList freeStages = new IntArrayList();
  private final IoVector vector = new IoVector();
  private final TrackChain chain;
  private final FailingTracks failing = new FailingTracks();
  private final DueTracks due;

  private IntArrayList written = new IntArrayList();
  private IntArrayList flushing = new IntArrayList();
  private boolean readyTold;
  private boolean flushInFlight;

  /// The last flush failed: the drive as a whole is given a rest, and hosts are told.
  private boolean flushFailing;

  private long pausedUntilNs = Director.NO_DEADLINE;
  private long oldestWrittenNs;

  /// What the next flush that somebody waits for covers: fixed when the one before has ended, so
  /// that what comes meanwhile does not put it off for ever.
  private long flushGoal = Long.MIN_VALUE;

  private int inFlight;
  private int destagesActive;
  private long nowNs;

  /// Records committed up to here are due, though not yet as old as others must be.
  private long gatherUpToNs = Long.MIN_VALUE / 2;

  private long stagedBytes;
  private long destagedBytes;
  private long flushCount;
  private long errorCount;

  DriveUnit(
      int index,
      DrivePort port,
      Labels labels,
      GlobalMemory memory,
      EventLog events,
      long labelAddress) {
    this.index = index;
    this.port = port;
    this.volume = labels.volumeOf(index);
    this.memory = memory;
    this.records = memory.records();
    this.slots = memory.slots();
    this.events = events;
    this.labelReader = new LabelReader(index, port, labels, labelAddress);
    this.labelWriter = new LabelWriter(index, port, labels, events, labelAddress);
    this.chain = new TrackChain(records);
    this.due = new DueTracks(volume == null ? 0 : volume.tracks());
    int depth = port.queueDepth();
    destagesMax = Math.max(1, depth * 3 / 4);
    destages = new DestageOp[destagesMax];
    for (int i = 0; i < destagesMax; i++) {
      destages[i] = new DestageOp(i);
    }
    stageSlot = new int[depth];
    stageFrom = new int[depth];
    stageTo = new int[depth];
    stageIsPiece = new boolean[depth];
    failedReads = new FailedReads(port, volume, slots);
    for (int i = 0; i < depth; i++) {
      freeStages.addInt(i);
    }
  }

  int doWork(long now) {
    nowNs = now;
    int work = port.drain(this, 256);
    if (!labelReader.isDone()) {
      if (!labelReader.isStarted()) {
        learnZeroTracks();
        labelReader.start(LABEL_READ << KIND_SHIFT);
        inFlight++;
        work++;
      }
      return work;
    }
    if (!readyTold) {
      readyTold = true;
      events.log(EventCode.DRIVE_READY, port.name(), port.identity());
    }
    return work + readAgain() + writeLabel() + destage() + flush();
  }

  // ---- stage ----

  /// Reads the wanted blocks of the slot; false if the drive's queue is full: ask again later.
  boolean stage(int slot) {
    boolean started = false;
    while (inFlight < port.queueDepth()) {
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
    inFlight++;
    int lengthBytes = (to - from) * BlockMask.BLOCK_BYTES;
    port.submitRead(
        (long) slots.trackOf(slot) * BlockMask.TRACK_BYTES + from * (long) BlockMask.BLOCK_BYTES,
        slots.addressOf(slot) + (long) from * BlockMask.BLOCK_BYTES,
        lengthBytes,
        STAGE << KIND_SHIFT | op);
    stagedBytes += lengthBytes;
  }

  /// What is left of reads that failed.
  private int readAgain() {
    int before = inFlight;
    while (inFlight < port.queueDepth() && failedReads.poll()) {
      submitRead(failedReads.slot(), failedReads.fromBlock(), failedReads.toBlock(), true);
    }
    return inFlight - before;
  }

  // ---- destage ----

  private int destage() {
    if (labelWriter.isDriveOut()) {
      // The label comes first.
      return 0;
    }
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
      // Else the track rests: the next attempt takes all records that lie over it, but one that
      // is under way does not.
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
        track >= 0 && track < end && destagesActive < destagesMax && inFlight < port.queueDepth();
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
    while (destagesActive < destagesMax && inFlight < port.queueDepth()) {
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
    int before = inFlight;
    for (int i = 0;
        destagesActive > 0 && i < destages.length && inFlight < port.queueDepth();
        i++) {
      if (destages[i].active && destages[i].nextBlock < BlockMask.BLOCKS_PER_TRACK) {
        submitNewest(destages[i]);
      }
    }
    return inFlight - before;
  }

  private boolean isDestageDue(int record) {
    long committedNs = records.committedNsOf(record);
    if (nowNs - committedNs >= DESTAGE_DELAY_NS) {
      gatherUpToNs = nowNs - DESTAGE_GATHERED_NS;
      return true;
    }
    return committedNs - gatherUpToNs <= 0
        || records.flushWanted(records.volumeIndexOf(record)) >= records.numberOf(record)
        || isPressed();
  }

  /// A quarter of either share in use: from here on work does not wait to be merged.
  private boolean isPressed() {
    return records.hostFramesFree() * 4L < records.hostFramesMax() * 3L
        || records.incomingFramesFree() * 4L < records.incomingFramesMax() * 3L;
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
      inFlight++;
      port.submitZero(
          records.offsetOf(record), records.lengthOf(record), DESTAGE << KIND_SHIFT | op.id);
    } else {
      vector.clear().add(records.addressOf(record), records.lengthOf(record));
      submitVector(op, records.offsetOf(record));
    }
  }

  private void submitVector(DestageOp op, long offsetBytes) {
    memory.zeroTracks(volume.index()).clear(op.track);
    op.outstanding++;
    inFlight++;
    destagedBytes += vector.totalBytes();
    port.submitWrite(offsetBytes, vector, DESTAGE << KIND_SHIFT | op.id);
  }

  /// For each block the newest record that has it; neighbouring blocks go in one request. Goes
  /// on from where it stopped, and stops when the drive's queue is full.
  private void submitNewest(DestageOp op) {
    long trackBytes = (long) op.track * BlockMask.TRACK_BYTES;
    int[] blockOwner = op.owners;
    int block = op.nextBlock;
    while (block < BlockMask.BLOCKS_PER_TRACK
        && (blockOwner[block] == WriteRecords.NONE || inFlight < port.queueDepth())) {
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
        inFlight++;
        port.submitZero(
            offsetBytes,
            (long) (block - from) * BlockMask.BLOCK_BYTES,
            DESTAGE << KIND_SHIFT | op.id);
      } else {
        submitVector(op, offsetBytes);
      }
    }
    op.nextBlock = block;
  }

  private void onDestaged(DestageOp op, DriveOutcome outcome, long firstBadByte) {
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
            port.name(),
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
      } else {
        if (written.isEmpty()) {
          oldestWrittenNs = nowNs;
        }
        written.addInt(record);
        records.onDestageWritten(record);
      }
    }
    tellWhetherFailing();
  }

  private void tellWhetherFailing() {
    records.setDestageFailing(
        volume.index(), flushFailing || !failing.isEmpty() || labelWriter.isDriveOut());
  }

  /// Before anything is written.
  private void learnZeroTracks() {
    if (volume != null) {
      port.tellZeroes(memory.zeroTracks(volume.index())::setWithin);
    }
  }

  /// True if the record is zeroes over a whole track, or over all there is of the last one.
  private boolean isZeroTrack(int record) {
    long end = records.offsetOf(record) + records.lengthOf(record);
    return records.isZeroes(record)
        && records.offsetOf(record) % BlockMask.TRACK_BYTES == 0
        && (end % BlockMask.TRACK_BYTES == 0 || end == volume.sizeBytes());
  }

  // ---- flush ----

  private int flush() {
    // One at a time, for data and label together: a drive tells of what it could not write once
    // only, to whichever flush comes first, and the other would be told that all is well.
    if (flushInFlight || inFlight >= port.queueDepth() || !isFlushDue()) {
      return 0;
    }
    IntArrayList covered = written;
    written = flushing;
    flushing = covered;
    labelWriter.onFlushSubmitted();
    flushInFlight = true;
    inFlight++;
    flushCount++;
    port.submitFlush(FLUSH << KIND_SHIFT);
    return 1;
  }

  private boolean isFlushDue() {
    if (labelWriter.wantsFlush() || written.isEmpty()) {
      return labelWriter.wantsFlush();
    }
    if (isPressed() || nowNs - oldestWrittenNs >= FLUSH_DELAY_NS) {
      return true;
    }
    // Somebody waits: one flush when all that is waited for has been written, not one for each
    // part.
    long wanted = records.flushWanted(volume.index());
    int record = records.localHeadOf(volume.index());
    if (record == WriteRecords.NONE || records.numberOf(record) > wanted) {
      return false;
    }
    if (records.numberOf(record) > flushGoal) {
      flushGoal = Math.min(wanted, records.highestNumber(volume.index()));
    }
    while (record != WriteRecords.NONE && records.numberOf(record) <= flushGoal) {
      if (!records.isWritten(record)) {
        return false;
      }
      record = records.localNextOf(record);
    }
    return true;
  }

  private void onFlushed(DriveOutcome outcome) {
    flushInFlight = false;
    flushFailing = outcome != DriveOutcome.DONE;
    if (!flushFailing) {
      for (int i = 0; i < flushing.size(); i++) {
        records.onStable(flushing.getInt(i));
      }
      labelWriter.onFlushed();
    } else {
      errorCount++;
      events.log(EventCode.FLUSH_FAILED, port.name(), outcome);
      destageAllAgain();
      labelWriter.onFlushFailed(nowNs);
      pausedUntilNs = nowNs + FailingTracks.RETRY_DELAY_NS;
    }
    flushing.clear();
    tellWhetherFailing();
  }

  /// All that is not stable goes to the drive again, also what the flush did not cover: were a
  /// newer record of a track left as written, the older one would go over it, and be stable
  /// after it.
  private void destageAllAgain() {
    for (int i = 0; i < flushing.size(); i++) {
      records.onFlushFailed(flushing.getInt(i));
    }
    for (int i = 0; i < written.size(); i++) {
      records.onFlushFailed(written.getInt(i));
    }
    written.clear();
    for (DestageOp op : destages) {
      op.again |= op.active;
    }
  }

  // ---- label ----

  private int writeLabel() {
    if (inFlight >= port.queueDepth() || !labelWriter.isDue(nowNs)) {
      return 0;
    }
    inFlight++;
    labelWriter.submit(memory.incarnation(), LABEL_WRITE << KIND_SHIFT);
    return 1;
  }

  // ---- completions ----

  @Override
  public void onCompletion(long tag, DriveOutcome outcome, long firstBadByte) {
    inFlight--;
    int op = (int) tag;
    switch ((int) (tag >>> KIND_SHIFT)) {
      case (int) STAGE -> onStaged(op, outcome, firstBadByte);
      case (int) DESTAGE -> onDestaged(destages[op], outcome, firstBadByte);
      case (int) FLUSH -> onFlushed(outcome);
      case (int) LABEL_READ -> {
        inFlight += labelReader.onRead(op, outcome) ? 1 : 0;
        labelWriter.setNextCopy(1 - labelReader.newestCopy());
      }
      case (int) LABEL_WRITE -> {
        errorCount += labelWriter.onWritten(outcome, nowNs) ? 1 : 0;
        tellWhetherFailing();
      }
      default ->
        throw new MachineCheck(
            "drive " + port.name() + " completed a request that was never made, tag " + tag);
    }
  }

  private void onStaged(int op, DriveOutcome outcome, long firstBadByte) {
    freeStages.addInt(op);
    if (outcome == DriveOutcome.DONE) {
      slots.onStageEnded(stageSlot[op], stageFrom[op], stageTo[op], true);
      return;
    }
    errorCount++;
    if (!stageIsPiece[op]) {
      events.log(EventCode.STAGE_FAILED, port.name(), firstBadByte, outcome);
    }
    failedReads.onFailed(stageSlot[op], stageFrom[op], stageTo[op], outcome, firstBadByte);
  }

  // ---- for the processor and the console ----

  long nextDeadlineNs() {
    if (inFlight >= port.queueDepth()) {
      // Nothing can be done before a completion, which wakes us: a deadline that has passed
      // would only spin.
      return Director.NO_DEADLINE;
    }
    long deadline = Director.NO_DEADLINE;
    if (labelWriter.isDriveOut()) {
      deadline = Director.NO_DEADLINE;
    } else if (pausedUntilNs != Director.NO_DEADLINE) {
      deadline = pausedUntilNs;
    } else if (destagesActive < destagesMax) {
      deadline = failing.nextDeadlineNs();
      int record = records.peekDirty(index);
      if (record != WriteRecords.NONE) {
        deadline = Director.sooner(deadline, records.committedNsOf(record) + DESTAGE_DELAY_NS);
      }
    }
    deadline = Director.sooner(deadline, labelWriter.nextDeadlineNs());
    if (!written.isEmpty() && !flushInFlight) {
      deadline = Director.sooner(deadline, oldestWrittenNs + FLUSH_DELAY_NS);
    }
    return deadline;
  }

  int inFlight() {
    return inFlight;
  }

  DriveFigures figures() {
    return new DriveFigures(
        port.name(),
        port.identity(),
        port.sizeBytes(),
        port.blockBytes(),
        volume == null ? "" : volume.name(),
        inFlight,
        stagedBytes,
        destagedBytes,
        flushCount,
        errorCount);
  }
}
