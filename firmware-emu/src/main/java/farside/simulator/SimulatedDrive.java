package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.port.Memory;
import farside.simulator.DriveRequest.Kind;
import farside.volume.DriveLabel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// A drive in memory: the requests to it, from submission to completion. What it holds is its
/// [DriveMedium], and what is wrong with it its [DriveFaults].
///
/// A completed write is in its cache; a flush that was submitted after its completion makes it
/// stable. When power goes, each block since then holds any of its versions. When only the
/// process goes, requests in flight are the drive's: each lands wholly, in part, or not, some
/// of them late, and the next process cannot own the drive before.
///
/// It may fail requests that would succeed if they were tried again, or all of them while it is
/// gone. It may be slow, and it may hang: then some or all requests do not return before it is
/// freed, in any order, done or with an error; and what its cache held may be lost without a
/// word, as when the kernel has reset it.
///
/// It looks at the memory of a write twice, at submission and at completion: a real drive
/// fetches it at a moment of its own between the two. A difference fails the run, and so does a
/// request that changes blocks which another in flight changes too. A read that overlaps a
/// change in flight returns noise for those blocks: they may be old, new, or half of each.
final class SimulatedDrive implements DrivePort {
  /// Seen on a real kernel: old requests keep a drive busy for up to 60 ms after `kill -9`.
  static final long OLD_IO_MAX_NS = 60_000_000;

  /// When a hung drive goes on, its requests return within this time.
  static final long FREED_MAX_NS = 50_000_000;

  private final String name;
  private final String who;
  private final int blockBytes;
  private final DriveHabits habits;
  private final VirtualTime time;
  private final Draws draws;
  private final Trace trace;
  private final DriveFaults faults = new DriveFaults();
  private final DriveMedium medium;
  private final List<DriveRequest> inFlight = new ArrayList<>();
  private final ArrayDeque<DriveRequest> facts = new ArrayDeque<>();

  /// Requests in flight that return only when the drive is freed.
  private final List<DriveRequest> stuck = new ArrayList<>();

  private final IoVector onePiece = new IoVector();
  private Runnable wake = () -> {};

  /// Requests that hung and return one by one.
  private int freedInFlight;

  private long stuckRequests;
  private long resets;
  private long life;
  private long lastOldIoNs;

  /// It carried no label when its owner opened it, and may be given one although it is not known
  /// to be zero.
  private boolean cleared;

  private int oldIoCount;
  private int submittedUndrained;
  private int failedReads;
  private long writes;
  private long throughs;

  SimulatedDrive(
      String site,
      String name,
      long sizeBytes,
      int blockBytes,
      DriveHabits habits,
      VirtualTime time,
      Draws draws,
      Trace trace) {
    this.name = name;
    this.who = site + "." + name;
    this.blockBytes = blockBytes;
    this.habits = habits;
    this.time = time;
    this.draws = draws;
    this.trace = trace;
    this.medium = new DriveMedium(sizeBytes, blockBytes, faults, draws);
    this.lastOldIoNs = time.nowNs();
  }

  /// What it holds.
  DriveMedium medium() {
    return medium;
  }

  /// What is wrong with it, but for blocks that it has lost.
  DriveFaults faults() {
    return faults;
  }

  /// A process owns the drive. Old requests have all landed or been dropped.
  void open(Runnable wakeOwner) {
    require(oldIoCount == 0, () -> who + ": opened while requests of a dead process are in flight");
    wake = wakeOwner;
    failedReads = 0;
    cleared = !habits.knownZero() && LabelsAtRest.newestOn(medium.visible()) == null;
    if (cleared) {
      wipeLabelArea();
    }
  }

  /// A disk whose first label was torn is refused, and its operator does what the refusal says.
  private void wipeLabelArea() {
    for (int copy = 0; copy < 2; copy++) {
      medium.leave(DriveLabel.offsetOf(copy, sizeBytes()), new byte[DriveLabel.BYTES]);
    }
  }

  /// A clean end or a death: from now on nothing of the process reaches the drive but what was
  /// in flight.
  void onProcessDeath() {
    life++;
    facts.clear();
    submittedUndrained = 0;
    for (int i = 0; i < inFlight.size(); i++) {
      DriveRequest request = inFlight.get(i);
      if (request.kind != Kind.READ && request.kind != Kind.FLUSH) {
        orphan(request);
      }
    }
    inFlight.clear();
    stuck.clear();
    freedInFlight = 0;
  }

  /// Power is gone: what was not flushed survives in parts.
  void onPowerLoss() {
    onProcessDeath();
    // What the dead process had in flight is in the drive's hands at most: it counts as
    // unflushed.
    life++;
    oldIoCount = 0;
    medium.loseCache();
    lastOldIoNs = time.nowNs();
  }

  /// Nothing is wrong with it any more.
  void mend() {
    faults.mend();
    free(Long.MAX_VALUE);
  }

  /// It goes on.
  ///
  /// @param doubtNs a cabinet that has waited for so long expects that the drive was reset
  void free(long doubtNs) {
    faults.hang(0);
    if (stuck.isEmpty()) {
      return;
    }
    boolean isReset = stuck.size() == inFlight.size()
        && facts.isEmpty()
        && time.nowNs() - stuck.get(0).submittedNs > doubtNs
        && draws.chance(500);
    List<DriveRequest> freed = new ArrayList<>(stuck);
    stuck.clear();
    freedInFlight += freed.size();
    int[] left = {freed.size()};
    long lifeThen = life;
    for (DriveRequest request : freed) {
      boolean fails = draws.chance(300);
      time.after(draws.between(1, FREED_MAX_NS), () -> {
        if (life == lifeThen) {
          request.failed = fails;
          complete(request);
          freedInFlight--;
          left[0]--;
          if (isReset && left[0] == 0) {
            resets++;
            medium.loseCache();
          }
        }
      });
    }
  }

  /// True while requests hang, or have hung and are still to return.
  boolean isHanging() {
    return !stuck.isEmpty() || freedInFlight > 0;
  }

  /// Requests that hung.
  long stuckRequests() {
    return stuckRequests;
  }

  /// How often it lost its cache without a word.
  long resets() {
    return resets;
  }

  /// When the last request of a dead process is over.
  long lastOldIoNs() {
    return lastOldIoNs;
  }

  boolean isIdle() {
    return inFlight.isEmpty() && facts.isEmpty();
  }

  /// What it works at, for a message.
  String work() {
    return who + ": in flight " + inFlight + ", not drained " + facts;
  }

  /// Reads of its present owner that failed, and not because it was gone.
  int failedReads() {
    return failedReads;
  }

  long writes() {
    return writes;
  }

  /// Writes that were flushes, too.
  long throughs() {
    return throughs;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String identity() {
    return "simulated " + who;
  }

  @Override
  public long sizeBytes() {
    return medium.visible().sizeBytes();
  }

  @Override
  public int blockBytes() {
    return blockBytes;
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    return habits.knownZero() && medium.firstChangeBytes() >= offsetBytes;
  }

  @Override
  public boolean mayBeLabelled() {
    return cleared;
  }

  @Override
  public void tellZeroes(ZeroSink sink) {
    if (habits.knownZero()) {
      medium.visible().tellHoles(sink);
    }
  }

  @Override
  public int queueDepth() {
    return habits.queueDepth();
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    submitRead(offsetBytes, onePiece.clear().add(address, lengthBytes), tag);
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    DriveRequest request = new DriveRequest(Kind.READ, offsetBytes, target.totalBytes(), tag);
    request.setPieces(target);
    if (habits.scribbles()) {
      byte noise = (byte) draws.nextLong();
      for (int i = 0; i < target.count(); i++) {
        Memory.at(target.address(i), target.lengthBytes(i)).fill(noise);
      }
    }
    submit(request, latencyNs());
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    submit(changeOf(Kind.WRITE, offsetBytes, source, tag), latencyNs());
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    checkNoFlushInFlight();
    throughs++;
    submit(
        changeOf(Kind.WRITE_THROUGH, offsetBytes, source, tag),
        latencyNs() + draws.between(habits.flushMinNs(), habits.flushMaxNs()));
  }

  private DriveRequest changeOf(Kind kind, long offsetBytes, IoVector source, long tag) {
    DriveRequest request = new DriveRequest(kind, offsetBytes, source.totalBytes(), tag);
    request.setPieces(source);
    request.gather(new DriveContent((int) request.lengthBytes));
    writes++;
    return request;
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    DriveRequest request = new DriveRequest(Kind.ZERO, offsetBytes, lengthBytes, tag);
    writes++;
    submit(request, latencyNs());
  }

  @Override
  public void submitFlush(long tag) {
    DriveRequest request = new DriveRequest(Kind.FLUSH, 0, 0, tag);
    checkNoFlushInFlight();
    request.changesBefore = medium.changeCount();
    submit(request, draws.between(habits.flushMinNs(), habits.flushMaxNs()));
  }

  private void checkNoFlushInFlight() {
    for (int i = 0; i < inFlight.size(); i++) {
      require(
          !inFlight.get(i).isFlush(),
          () -> who + ": a flush while another is in flight: one would hide the other's failure");
    }
  }

  @Override
  public int drain(DriveSink sink, int limit) {
    int drained = 0;
    while (drained < limit && !facts.isEmpty()) {
      DriveRequest request = facts.removeFirst();
      submittedUndrained--;
      drained++;
      failedReads += request.kind == Kind.READ && request.failed && !request.isOfGoneDrive ? 1 : 0;
      sink.onCompletion(
          request.tag,
          request.isOfGoneDrive
              ? DriveOutcome.GONE
              : request.isWithoutRoom
                  ? DriveOutcome.NO_SPACE
                  : request.failed ? DriveOutcome.MEDIUM_ERROR : DriveOutcome.DONE,
          request.failed ? request.firstBadByte : -1);
    }
    return drained;
  }

  private void submit(DriveRequest request, long latencyNs) {
    if (request.kind != Kind.FLUSH) {
      require(
          request.offsetBytes >= 0
              && request.lengthBytes > 0
              && request.offsetBytes % blockBytes == 0
              && request.lengthBytes % blockBytes == 0
              && request.offsetBytes + request.lengthBytes <= sizeBytes(),
          () -> who + ": " + request + " is not whole blocks of the drive");
      for (int i = 0; i < inFlight.size(); i++) {
        meet(request, inFlight.get(i));
      }
    }
    submittedUndrained++;
    require(
        submittedUndrained <= habits.queueDepth(),
        () -> who + ": " + submittedUndrained + " requests in flight, but the queue depth is "
            + habits.queueDepth());
    inFlight.add(request);
    request.isOfGoneDrive = faults.isGone();
    request.submittedNs = time.nowNs();
    trace.stir(request.offsetBytes ^ request.kind.ordinal(), request.lengthBytes);
    long lifeThen = life;
    time.after(latencyNs + faults.drawDelayNs(draws), () -> {
      if (life == lifeThen) {
        completeUnlessItHangs(request);
      }
    });
  }

  private void completeUnlessItHangs(DriveRequest request) {
    if (faults.drawHangs(draws)) {
      stuck.add(request);
      stuckRequests++;
    } else {
      complete(request);
    }
  }

  private void meet(DriveRequest request, DriveRequest earlier) {
    if (!request.overlaps(earlier) || (request.kind == Kind.READ && earlier.kind == Kind.READ)) {
      return;
    }
    if (request.kind == Kind.READ) {
      request.disturb(earlier, blockBytes);
    } else if (earlier.kind == Kind.READ) {
      earlier.disturb(request, blockBytes);
    } else {
      throw new SimulationFailure(who + ": " + request + " overlaps " + earlier);
    }
  }

  private long latencyNs() {
    long latencyNs = draws.between(habits.latencyMinNs(), habits.latencyMaxNs());
    return draws.chance(10) ? latencyNs * 10 : latencyNs;
  }

  private void complete(DriveRequest request) {
    boolean failsForNoReason = request.isOfGoneDrive || faults.drawFails(draws);
    request.failed |= failsForNoReason;
    if (request.changesDrive() && !request.failed && faults.drawFull(draws)) {
      request.failed = true;
      request.isWithoutRoom = true;
    }
    if (request.content != null) {
      checkUnchanged(request);
    }
    medium.carryOut(request, failsForNoReason, time.nowNs());
    inFlight.remove(request);
    request.isOfGoneDrive |= faults.isGone();
    facts.add(request);
    trace.stir(request.tag, request.kind.ordinal());
    wake.run();
  }

  private void checkUnchanged(DriveRequest request) {
    long changed = request.changedByte();
    if (changed != -1) {
      throw new SimulationFailure(
          who + ": memory of " + request + " changed while pinned, at byte " + changed);
    }
  }

  /// A request whose process died: the kernel or the drive holds it and does with it what it
  /// likes.
  private void orphan(DriveRequest request) {
    if (request.content != null) {
      checkUnchanged(request);
    }
    int fate = draws.below(4);
    if (fate == 0) {
      return;
    }
    if (fate == 1) {
      medium.land(request);
      return;
    }
    long delayNs = draws.between(0, OLD_IO_MAX_NS);
    long landsNs = time.nowNs() + delayNs;
    if (landsNs - lastOldIoNs > 0) {
      lastOldIoNs = landsNs;
    }
    oldIoCount++;
    long lifeThen = life;
    time.after(delayNs, () -> {
      if (life == lifeThen) {
        oldIoCount--;
        medium.land(request);
      }
    });
  }
}
