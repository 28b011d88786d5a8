package farside.disk;

import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import java.util.Arrays;

/// A drive with a clock beside it: passes every request on, remembers since when the drive
/// has it, and judges by that how far the drive is to be trusted.
///
/// A request is never taken back: its memory belongs to the drive until it has returned, be
/// it after minutes. So all that can be done with a drive that hangs is to send it nothing
/// more, and to let nobody wait for it.
final class DriveWatch implements DrivePort, DrivePort.DriveSink {
  private static final int NONE = -1;

  private final DrivePort port;
  private final DrivePatience patience;
  private final EventLog events;

  /// Per request: its owner's tag, when it was submitted, that again without the time for which
  /// the cabinet was stopped since, and its neighbours in the order of submission, oldest first.
  private final long[] tagOf;

  private final long[] givenNs;
  private final long[] submittedNs;
  private final int[] next;
  private final int[] previous;
  private final int[] free;
  private int freeCount;
  private int oldest = NONE;
  private int newest = NONE;

  private DriveSink sink;
  private DriveHealth health = DriveHealth.WELL;

  /// The drive is in doubt, or gave a request back as late as one that is: the cabinet was
  /// stopped meanwhile, or had yet to look. What it had not made stable may be lost.
  private boolean mayHaveBeenReset;

  private long nowNs;
  private long lastSlowNs;
  private long slowCount;
  private long longestNs;
  private long doubtfulSinceNs;

  DriveWatch(DrivePort port, DrivePatience patience, EventLog events) {
    this.port = port;
    this.patience = patience;
    this.events = events;
    int depth = port.queueDepth();
    tagOf = new long[depth];
    givenNs = new long[depth];
    submittedNs = new long[depth];
    next = new int[depth];
    previous = new int[depth];
    free = new int[depth];
    Arrays.setAll(free, i -> depth - 1 - i);
    freeCount = depth;
  }

  // ---- the clock ----

  /// A round begins. A cabinet that was itself stopped for a while does not blame its drives:
  /// what was in flight then may have come back long ago.
  void setNow(long now) {
    long gapNs = now - nowNs;
    if (gapNs > 2 * patience.slowNs() && health != DriveHealth.IN_DOUBT) {
      for (int request = oldest; request != NONE; request = next[request]) {
        submittedNs[request] += gapNs;
      }
    }
    nowNs = now;
  }

  /// Judges by what has not returned, after what has was drained; true if the drive's health
  /// has changed.
  boolean look() {
    long ageNs = oldestNs();
    if (ageNs >= patience.slowNs()) {
      lastSlowNs = nowNs;
    }
    return switch (health) {
      case WELL -> ageNs >= patience.slowNs() && becomeSuspect(ageNs);
      case SUSPECT ->
        ageNs >= patience.hungNs()
            ? becomeInDoubt(ageNs)
            : nowNs - lastSlowNs >= patience.wellAfterNs() && becomeWell();
      case IN_DOUBT -> inFlight() == 0 && becomeReturning();
      case RETURNING -> ageNs >= patience.hungNs() && becomeInDoubt(ageNs);
      case REFUSED -> false;
    };
  }

  private boolean becomeSuspect(long tookNs) {
    slowCount = 0;
    longestNs = tookNs;
    become(DriveHealth.SUSPECT);
    events.log(EventCode.DRIVE_SUSPECT, port.name(), tookNs / 1_000_000);
    return true;
  }

  private boolean becomeWell() {
    become(DriveHealth.WELL);
    events.log(EventCode.DRIVE_WELL, port.name(), slowCount, longestNs / 1_000_000);
    return true;
  }

  private boolean becomeInDoubt(long ageNs) {
    mayHaveBeenReset = true;
    doubtfulSinceNs = nowNs;
    become(DriveHealth.IN_DOUBT);
    events.log(EventCode.DRIVE_IN_DOUBT, port.name(), ageNs / 1_000_000, inFlight());
    return true;
  }

  private boolean becomeReturning() {
    become(DriveHealth.RETURNING);
    events.log(EventCode.DRIVE_RETURNED, port.name(), (nowNs - doubtfulSinceNs) / 1_000_000);
    return true;
  }

  /// It was looked at: it is ours, and has taken its label.
  void onUsable() {
    lastSlowNs = nowNs;
    become(DriveHealth.SUSPECT);
    events.log(EventCode.DRIVE_READY, port.name(), port.identity());
  }

  void onRefused(String why) {
    become(DriveHealth.REFUSED);
    events.log(EventCode.DRIVE_REFUSED, port.name(), why);
  }

  private void become(DriveHealth next) {
    MachineCheck.require(
        health.mayBecome(next),
        "drive " + port.name() + " is " + health + " and may not become " + next);
    health = next;
  }

  DriveHealth health() {
    return health;
  }

  /// How long the drive has had the oldest request that it has not returned; 0 if it has
  /// none.
  long oldestNs() {
    return oldest == NONE ? 0 : nowNs - submittedNs[oldest];
  }

  int inFlight() {
    return tagOf.length - freeCount;
  }

  /// True if it is to be given nothing more before it has completed something; before all of it,
  /// if it may have been reset.
  boolean isFull() {
    return freeCount == 0 || mayHaveBeenReset;
  }

  /// True if nobody knows what became of what the drive has taken and not made stable. A flush
  /// that ends meanwhile may have come after the loss, and covers nothing.
  boolean mayHaveBeenReset() {
    return mayHaveBeenReset;
  }

  /// All that the drive may have lost is to be written again.
  void onWrittenAgain() {
    mayHaveBeenReset = false;
  }

  /// As long as requests are in flight it wants to look each `slowNs` at least, to know that
  /// the cabinet ran.
  long nextDeadlineNs() {
    long deadline = Director.NO_DEADLINE;
    if (oldest != NONE && !health.isOutOfUse()) {
      boolean isSlow = oldestNs() >= patience.slowNs();
      deadline = Director.sooner(
          nowNs + patience.slowNs(),
          submittedNs[oldest] + (isSlow ? patience.hungNs() : patience.slowNs()));
    }
    if (health == DriveHealth.SUSPECT && oldestNs() < patience.slowNs()) {
      deadline = Director.sooner(deadline, lastSlowNs + patience.wellAfterNs());
    }
    return deadline;
  }

  // ---- requests ----

  private int begin(long tag) {
    if (freeCount == 0) {
      throw new MachineCheck("drive " + port.name() + ": more requests than its queue takes");
    }
    int request = free[--freeCount];
    tagOf[request] = tag;
    givenNs[request] = nowNs;
    submittedNs[request] = nowNs;
    previous[request] = newest;
    next[request] = NONE;
    if (newest == NONE) {
      oldest = request;
    } else {
      next[newest] = request;
    }
    newest = request;
    return request;
  }

  private void end(int request) {
    if (previous[request] == NONE) {
      oldest = next[request];
    } else {
      next[previous[request]] = next[request];
    }
    if (next[request] == NONE) {
      newest = previous[request];
    } else {
      previous[next[request]] = previous[request];
    }
    free[freeCount++] = request;
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    port.submitRead(offsetBytes, address, lengthBytes, begin(tag));
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    port.submitRead(offsetBytes, target, begin(tag));
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    port.submitWrite(offsetBytes, source, begin(tag));
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    port.submitWriteThrough(offsetBytes, source, begin(tag));
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    port.submitZero(offsetBytes, lengthBytes, begin(tag));
  }

  @Override
  public void submitFlush(long tag) {
    port.submitFlush(begin(tag));
  }

  @Override
  public int drain(DriveSink to, int limit) {
    sink = to;
    return port.drain(this, limit);
  }

  @Override
  public void onCompletion(long request, DriveOutcome outcome, long firstBadByte) {
    if (request < 0 || request >= tagOf.length) {
      throw new MachineCheck(
          "drive " + port.name() + " completed a request that was never made, " + request);
    }
    int index = (int) request;
    long tookNs = nowNs - submittedNs[index];
    mayHaveBeenReset |= nowNs - givenNs[index] >= patience.hungNs();
    end(index);
    if (tookNs >= patience.slowNs()) {
      if (health == DriveHealth.WELL) {
        becomeSuspect(tookNs);
      }
      lastSlowNs = nowNs;
      slowCount++;
      longestNs = Math.max(longestNs, tookNs);
    }
    sink.onCompletion(tagOf[index], outcome, firstBadByte);
  }

  // ---- what the drive is ----

  @Override
  public String name() {
    return port.name();
  }

  @Override
  public String identity() {
    return port.identity();
  }

  @Override
  public long sizeBytes() {
    return port.sizeBytes();
  }

  @Override
  public int blockBytes() {
    return port.blockBytes();
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    return port.isKnownZeroBelow(offsetBytes);
  }

  @Override
  public void tellZeroes(ZeroSink to) {
    port.tellZeroes(to);
  }

  @Override
  public boolean mayBeLabelled() {
    return port.mayBeLabelled();
  }

  @Override
  public int queueDepth() {
    return port.queueDepth();
  }
}
