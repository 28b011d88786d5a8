package farside.disk;

import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.volume.DriveFigures;
import farside.volume.Labels;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import org.agrona.collections.IntArrayList;

/// One drive of a disk adapter: has its volume destaged and staged, flushes, keeps the label.
///
/// A block goes *dirty -> written -> stable*: written when the drive has completed the
/// request, stable when a flush submitted after that has completed.
///
/// A drive that hangs is in doubt: nothing more is sent to it, nobody waits for it, and what
/// it was sent stays as it is, in memory and in NVRAM, until all has returned. Then its
/// label is read again; if it is still our drive, whatever no good flush covers goes to it
/// again, after a label. Nothing newer was sent to it meanwhile, so what landed late was
/// never over anything newer.
///
/// A cabinet that was stopped doubted nobody meanwhile. A drive that gives a request back as late
/// as one in doubt may have been reset all the same, and is written the same again.
final class DriveUnit implements DrivePort.DriveSink, Destager.Unit {
  private static final long FLUSH_DELAY_NS = 50_000_000;

  /// With much of NVRAM in use.
  private static final long FLUSH_PRESSED_NS = 2_000_000;

  private static final int KIND_SHIFT = 32;
  private static final long STAGE = 1;
  private static final long DESTAGE = 2;
  private static final long FLUSH = 3;
  private static final long LABEL_READ = 4;
  private static final long LABEL_WRITE = 5;
  private static final long AHEAD = 6;

  private final int index;
  private final DriveWatch drive;
  private final LabelReader labelReader;
  private final LabelWriter labelWriter;
  private final Volume volume;
  private final WriteRecords records;
  private final SlotDirectory slots;
  private final GlobalMemory memory;
  private final EventLog events;

  private final Labels labels;
  private final Stager stager;
  private final AheadReads aheadReads;
  private final Destager destager;

  private IntArrayList written = new IntArrayList();
  private IntArrayList flushing = new IntArrayList();
  private boolean readyTold;
  private boolean flushInFlight;

  /// The last flush failed: the drive as a whole is given a rest, and hosts are told.
  private boolean flushFailing;

  private long oldestWrittenNs;

  /// What the next flush that somebody waits for covers: fixed when the one before has ended, so
  /// that what comes meanwhile does not put it off for ever.
  private long flushGoal = Long.MIN_VALUE;

  /// When a label that the drive did not give is read again.
  private long lookAgainAtNs = Director.NO_DEADLINE;

  private boolean awaitedTold;

  /// A drive that was in doubt: the order for a label that must be on it before it is used.
  private long returnTicket;
  private long nowNs;
  private long flushCount;
  private long errorCount;

  DriveUnit(
      int index,
      DrivePort port,
      DrivePatience patience,
      Labels labels,
      GlobalMemory memory,
      EventLog events,
      long labelAddress) {
    this.index = index;
    this.drive = new DriveWatch(port, patience, events);
    this.volume = labels.volumeOf(index);
    this.memory = memory;
    this.records = memory.records();
    this.slots = memory.slots();
    this.labels = labels;
    this.events = events;
    this.labelReader = new LabelReader(drive, labelAddress);
    this.labelWriter = new LabelWriter(index, drive, labels, events, labelAddress);
    this.stager = new Stager(drive, volume, slots, events, STAGE << KIND_SHIFT);
    this.aheadReads = new AheadReads(drive, volume, slots, memory.readAhead(), AHEAD << KIND_SHIFT);
    this.destager = new Destager(index, drive, volume, memory, events, DESTAGE << KIND_SHIFT, this);
    if (volume != null && volume.role() != VolumeRole.LOCAL) {
      slots.setMirrored(volume.index());
    }
  }

  int hear(long now) {
    nowNs = now;
    drive.setNow(now);
    return drive.drain(this, 256);
  }

  int doWork(long now) {
    int work = hear(now);
    if (drive.look()) {
      work++;
      onHealthChanged();
    }
    if (isOutOfUse()) {
      return work;
    }
    if (drive.mayHaveBeenReset() && drive.inFlight() == 0) {
      work++;
      writeAgain();
    }
    if (!labelReader.isDone()) {
      return work + readLabel();
    }
    if (drive.health() == DriveHealth.RETURNING) {
      work += useAgain();
    }
    if (!readyTold) {
      readyTold = true;
      awaitedTold = false;
      events.log(EventCode.DRIVE_READY, drive.name(), drive.identity());
    }
    work += stager.readAgain() + writeLabel();
    if (!labelWriter.isDriveOut()) {
      // Else the label comes first.
      work += destager.step(now);
    }
    return work + flush();
  }

  /// Reads the wanted blocks of the slot; false if the drive's queue is full: ask again later.
  boolean stage(int slot) {
    return stager.stage(slot);
  }

  /// Reads what nobody waits for yet, unless there is anything better to do.
  int readAhead() {
    boolean isAtLeisure = volume != null && labelReader.isDone() && !destager.isPressed();
    return isAtLeisure ? aheadReads.step() : 0;
  }

  // ---- in doubt, and back ----

  /// True if nothing is sent to the drive: nobody is to wait for it.
  boolean isOutOfUse() {
    return drive.health().isOutOfUse();
  }

  /// True if nobody knows when the drive gives its label, or takes one: it is gone, hangs, or has
  /// refused it.
  boolean isAwaited() {
    return isOutOfUse() || awaitedTold || labelWriter.isDriveOut();
  }

  private void onHealthChanged() {
    switch (drive.health()) {
      case IN_DOUBT -> setInDoubt(true);
      case RETURNING -> onReturned();
      case WELL, SUSPECT, REFUSED -> {}
    }
  }

  private void setInDoubt(boolean isInDoubt) {
    if (volume != null) {
      slots.setInDoubt(volume.index(), isInDoubt);
      records.setDriveInDoubt(volume.index(), isInDoubt);
      labels.setInDoubt(index, isInDoubt);
      tellWhetherFailing();
    }
  }

  /// A drive that was reset on the way may have lost what it had taken and not been told to
  /// make stable, and nothing tells: all of it goes there again.
  private void writeAgain() {
    destageAllAgain();
    labelWriter.onDoubt(nowNs);
    drive.onWrittenAgain();
  }

  private void onReturned() {
    writeAgain();
    if (labels.newestTicket(index) == 0) {
      // It hung at IML, over its label, which has been read since or is being read. Nothing
      // was written to it, and nothing may be before IML orders it.
      setInDoubt(false);
    } else {
      labelReader.forget();
      lookAgainAtNs = Director.NO_DEADLINE;
      returnTicket = labels.request(index);
    }
  }

  private void onLookedAgain() {
    Labels.FoundLabel found = labelReader.found();
    if (found.label() == null && labelReader.isUnreadable()) {
      lookAgain();
    } else if (volume != null && !labels.isStill(index, found)) {
      drive.onRefused("when it came back its label was not the one that this cabinet gave it");
    } else if (volume != null) {
      // Reads go on from here, and all else when it has taken its label.
      slots.setInDoubt(volume.index(), false);
    }
  }

  private void lookAgain() {
    if (!awaitedTold) {
      awaitedTold = true;
      events.log(EventCode.LABEL_AWAITED, drive.name(), labelReader.unreadable());
    }
    labelReader.forget();
    lookAgainAtNs = nowNs + FailingTracks.RETRY_DELAY_NS;
  }

  private int useAgain() {
    if (!labels.isDurable(index, returnTicket)) {
      return 0;
    }
    awaitedTold = false;
    drive.onUsable();
    setInDoubt(false);
    return 1;
  }

  @Override
  public void onWritten(int record) {
    if (written.isEmpty()) {
      oldestWrittenNs = nowNs;
    }
    written.addInt(record);
  }

  private void tellWhetherFailing() {
    records.setDestageFailing(
        volume.index(), flushFailing || destager.isFailing() || labelWriter.isDriveOut());
  }

  // ---- flush ----

  private int flush() {
    // One at a time, for data and label together: a drive tells of what it could not write once
    // only, to whichever flush comes first, and the other would be told that all is well.
    if (flushInFlight || drive.isFull() || !isFlushDue()) {
      return 0;
    }
    IntArrayList covered = written;
    written = flushing;
    flushing = covered;
    labelWriter.onFlushSubmitted();
    flushInFlight = true;
    flushCount++;
    drive.submitFlush(FLUSH << KIND_SHIFT);
    return 1;
  }

  @Override
  public boolean mayWriteThrough() {
    return !flushInFlight && !flushFailing && written.isEmpty() && !labelWriter.wantsFlush();
  }

  @Override
  public void onThroughSubmitted() {
    flushInFlight = true;
    flushCount++;
  }

  @Override
  public void onThroughEnded(boolean done) {
    if (done) {
      flushInFlight = false;
    } else {
      onFlushed(false);
    }
  }

  private boolean isFlushDue() {
    if (labelWriter.wantsFlush() || written.isEmpty()) {
      return labelWriter.wantsFlush();
    }
    if (destager.isTight() || nowNs - oldestWrittenNs >= flushDelayNs()) {
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

  private long flushDelayNs() {
    return destager.isPressed() ? FLUSH_PRESSED_NS : FLUSH_DELAY_NS;
  }

  private void onFlushed(boolean done) {
    flushInFlight = false;
    if (done && drive.mayHaveBeenReset()) {
      // All goes to the drive again.
      return;
    }
    flushFailing = !done;
    if (done) {
      for (int i = 0; i < flushing.size(); i++) {
        records.onStable(flushing.getInt(i));
      }
      labelWriter.onFlushed();
    } else {
      destageAllAgain();
      labelWriter.onFlushFailed(nowNs);
      destager.pauseUntil(nowNs + FailingTracks.RETRY_DELAY_NS);
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
    flushing.clear();
    written.clear();
    destager.againAll();
  }

  // ---- label ----

  private int readLabel() {
    boolean mustWait =
        lookAgainAtNs != Director.NO_DEADLINE && !Director.isDue(lookAgainAtNs, nowNs);
    if (labelReader.isStarted() || mustWait) {
      return 0;
    }
    if (volume != null && labels.found(index) == null) {
      // Before anything is written.
      drive.tellZeroes(memory.zeroTracks(volume.index())::setWithin);
    }
    labelReader.start(LABEL_READ << KIND_SHIFT);
    return 1;
  }

  private void onLabelRead() {
    labelWriter.setNextCopy(1 - labelReader.newestCopy());
    if (labelReader.isDriveGone() && volume != null) {
      // It may be back in a moment, as one that hangs may.
      lookAgain();
    } else if (labels.found(index) == null) {
      labels.onFound(index, labelReader.found());
    } else {
      onLookedAgain();
    }
  }

  private int writeLabel() {
    if (drive.isFull() || !labelWriter.isDue(nowNs)) {
      return 0;
    }
    labelWriter.submit(memory.incarnation(), LABEL_WRITE << KIND_SHIFT);
    return 1;
  }

  // ---- completions ----

  @Override
  public void onCompletion(long tag, DriveOutcome outcome, long firstBadByte) {
    int op = (int) tag;
    if (drive.mayHaveBeenReset()) {
      destager.againAll();
    }
    switch ((int) (tag >>> KIND_SHIFT)) {
      case (int) STAGE -> stager.onStaged(op, outcome, firstBadByte);
      case (int) AHEAD -> aheadReads.onRead(op, outcome);
      case (int) DESTAGE -> {
        destager.onDestaged(op, outcome, firstBadByte, nowNs);
        tellWhetherFailing();
      }
      case (int) FLUSH -> {
        if (outcome != DriveOutcome.DONE) {
          errorCount++;
          events.log(EventCode.FLUSH_FAILED, drive.name(), outcome);
        }
        onFlushed(outcome == DriveOutcome.DONE);
      }
      case (int) LABEL_READ -> {
        if (labelReader.onRead(op, outcome)) {
          onLabelRead();
        }
      }
      case (int) LABEL_WRITE -> {
        errorCount += labelWriter.onWritten(outcome, nowNs) ? 1 : 0;
        tellWhetherFailing();
      }
      default -> throw new MachineCheck("drive " + drive.name() + ": no request has tag " + tag);
    }
  }

  // ---- for the processor and the console ----

  long nextDeadlineNs() {
    long deadline = drive.nextDeadlineNs();
    if (isOutOfUse()) {
      return deadline;
    }
    if (!labelReader.isDone()) {
      return labelReader.isStarted() ? deadline : Director.sooner(deadline, lookAgainAtNs);
    }
    if (drive.isFull()) {
      // Nothing can be done before a completion, which wakes us: a deadline that has passed
      // would only spin.
      return deadline;
    }
    if (!labelWriter.isDriveOut()) {
      deadline = Director.sooner(deadline, destager.nextDeadlineNs());
    }
    deadline = Director.sooner(deadline, labelWriter.nextDeadlineNs());
    if (!written.isEmpty() && !flushInFlight) {
      deadline = Director.sooner(deadline, oldestWrittenNs + flushDelayNs());
    }
    return deadline;
  }

  int inFlight() {
    return drive.inFlight();
  }

  /// True if somebody waits for what the drive reads.
  boolean isReading() {
    return stager.isReading();
  }

  DriveFigures figures() {
    return new DriveFigures(
        drive.name(),
        drive.identity(),
        drive.sizeBytes(),
        drive.blockBytes(),
        volume == null ? "" : volume.name(),
        drive.health().shown(),
        drive.inFlight(),
        drive.oldestNs() / 1_000_000,
        stager.stagedBytes(),
        volume == null ? 0 : memory.readAhead().stagedTracks(volume.index()),
        volume == null ? 0 : memory.readAhead().usedTracks(volume.index()),
        destager.destagedBytes(),
        flushCount,
        errorCount + stager.errorCount() + destager.errorCount());
  }
}
