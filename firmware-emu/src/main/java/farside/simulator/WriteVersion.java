package farside.simulator;

/// One write at one run.
///
/// It is *done* when the write was acknowledged, or seen by a read, or settled because its host
/// or cabinet died.
final class WriteVersion {
  final HostWrite write;
  long retiredStep = HostWrite.NOT_YET;
  private long seenStep = HostWrite.NOT_YET;
  private boolean stable;

  /// Unflushed when data was lost: a flush after that speaks of it only once a read has shown
  /// that it is there.
  private boolean doubtful;

  private long shownStep;

  WriteVersion(HostWrite write) {
    this.write = write;
  }

  WriteVersion copy() {
    WriteVersion copy = new WriteVersion(write);
    copy.seenStep = seenStep;
    copy.retiredStep = retiredStep;
    copy.stable = stable;
    copy.doubtful = doubtful;
    copy.shownStep = shownStep;
    return copy;
  }

  long doneStep() {
    return Math.min(seenStep, Math.min(write.acknowledgedStep, write.settledStep));
  }

  boolean isStable(long flushedStep) {
    return stable
        || (!doubtful && Math.max(write.acknowledgedStep, shownStep) < flushedStep)
        || (write.forceUnitAccess && write.isAcknowledged());
  }

  /// A read has returned it.
  void show(long step) {
    seenStep = Math.min(seenStep, step);
    if (doubtful) {
      doubtful = false;
      shownStep = step;
    }
  }

  /// Data was lost.
  void doubtUnlessStable(long flushedStep) {
    doubtful |= !isStable(flushedStep);
  }

  /// It is on the drive at that step, and nothing else is.
  void adopt(long step) {
    stable = true;
    seenStep = Math.min(seenStep, step);
    retiredStep = HostWrite.NOT_YET;
  }

  boolean isLike(WriteVersion other) {
    return write == other.write
        && stable == other.stable
        && doubtful == other.doubtful
        && shownStep == other.shownStep
        && seenStep == other.seenStep;
  }
}
