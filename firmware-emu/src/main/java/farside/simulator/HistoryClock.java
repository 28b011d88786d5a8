package farside.simulator;

import org.agrona.collections.LongArrayList;

/// What orders the history of one volume: a step for each request that begins or ends.
final class HistoryClock {
  /// When each began, the oldest first.
  private final LongArrayList openReads = new LongArrayList();
  private long step = 1;
  private long flushedStep;

  /// The step that it is.
  long step() {
    return step;
  }

  long nextStep() {
    return ++step;
  }

  /// Every write acknowledged before that step is stable.
  long flushedStep() {
    return flushedStep;
  }

  void flushed(long beganStep) {
    flushedStep = Math.max(flushedStep, beganStep);
  }

  long beginRead() {
    long began = ++step;
    openReads.addLong(began);
    return began;
  }

  void endRead(long beganStep) {
    openReads.removeLong(beganStep);
    step++;
  }

  void abandonRead(long beganStep) {
    openReads.removeLong(beganStep);
  }

  /// When it began; a step that has not come if no read is open.
  long oldestOpenRead() {
    return openReads.isEmpty() ? HostWrite.NOT_YET : openReads.getLong(0);
  }
}
