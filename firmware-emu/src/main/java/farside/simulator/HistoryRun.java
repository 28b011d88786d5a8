package farside.simulator;

import java.util.ArrayList;

/// Bytes of a volume that share one history.
///
/// Its *live* versions are those that a read may return; *retired* ones were overtaken, by an
/// acknowledged write that began after they were done or by a read that returned something
/// newer, and may still be returned by a read that began before that, or come back when
/// unflushed data is lost.
final class HistoryRun {
  private static final int RETIRED_SWEEP_MIN = 16;

  final long from;
  long to;

  /// What [#match] counted last.
  int matchCount;

  private final HistoryClock clock;
  private final ArrayList<WriteVersion> live = new ArrayList<>(2);

  /// In the order in which they were overtaken.
  private final ArrayList<WriteVersion> retired = new ArrayList<>(0);

  private int sweepAt = RETIRED_SWEEP_MIN;

  HistoryRun(long from, long to, HistoryClock clock) {
    this.from = from;
    this.to = to;
    this.clock = clock;
  }

  /// From now on it may hold that write.
  void add(HostWrite write) {
    live.add(new WriteVersion(write));
  }

  /// Keeps the bytes before that one; answers a run of the others, with the same history.
  HistoryRun cutAt(long at) {
    HistoryRun upper = new HistoryRun(at, to, clock);
    for (int i = 0; i < live.size(); i++) {
      upper.live.add(live.get(i).copy());
    }
    for (int i = 0; i < retired.size(); i++) {
      upper.retired.add(retired.get(i).copy());
    }
    to = at;
    return upper;
  }

  /// Counts the versions that these bytes may come from; answers the one, if there is only
  /// one.
  WriteVersion match(byte[] bytes, int index, long offsetBytes, int lengthBytes, long beganStep) {
    matchCount = 0;
    WriteVersion only = null;
    for (int i = 0; i < live.size(); i++) {
      if (live.get(i).write.matches(bytes, index, offsetBytes, lengthBytes)) {
        matchCount++;
        only = live.get(i);
      }
    }
    for (int i = retired.size() - 1; i >= 0; i--) {
      WriteVersion version = retired.get(i);
      if (version.retiredStep <= beganStep) {
        // So were all before it.
        break;
      }
      if (version.write.matches(bytes, index, offsetBytes, lengthBytes)) {
        matchCount++;
        only = version;
      }
    }
    return matchCount == 1 ? only : null;
  }

  /// The write after that step of which these bytes are; null if they are of none.
  HostWrite newer(long step, byte[] bytes, int index, long offsetBytes, int lengthBytes) {
    for (int i = 0; i < live.size() + retired.size(); i++) {
      HostWrite write = (i < live.size() ? live.get(i) : retired.get(i - live.size())).write;
      if (write.beganStep > step
          && !write.zeroes
          && write.matches(bytes, index, offsetBytes, lengthBytes)) {
        return write;
      }
    }
    return null;
  }

  WriteVersion firstMatch(
      byte[] bytes, int index, long offsetBytes, int lengthBytes, long beganStep) {
    for (WriteVersion version : live) {
      if (version.write.matches(bytes, index, offsetBytes, lengthBytes)) {
        return version;
      }
    }
    for (WriteVersion version : retired) {
      if (version.retiredStep > beganStep
          && version.write.matches(bytes, index, offsetBytes, lengthBytes)) {
        return version;
      }
    }
    throw new SimulationFailure("a version that matched is gone");
  }

  boolean isAllowed(byte[] bytes, int index, long offsetBytes, int lengthBytes) {
    for (WriteVersion version : live) {
      if (version.write.matches(bytes, index, offsetBytes, lengthBytes)) {
        return true;
      }
    }
    return false;
  }

  void appendAllowed(StringBuilder text) {
    for (WriteVersion version : live) {
      text.append(String.format("%n  allowed: %s", version.write));
    }
  }

  /// True if a read that returned the version tells anything new of this run.
  boolean wouldLearn(
      WriteVersion only,
      byte[] bytes,
      int index,
      long offsetBytes,
      int lengthBytes,
      long beganStep) {
    if (only != null && only.doneStep() == HostWrite.NOT_YET) {
      return true;
    }
    for (int i = 0; i < live.size(); i++) {
      WriteVersion version = live.get(i);
      if (version != only
          && version.doneStep() < beganStep
          && (only != null || !version.write.matches(bytes, index, offsetBytes, lengthBytes))) {
        return true;
      }
    }
    return false;
  }

  /// A value once read counts as committed, and what was done before that read began is
  /// overtaken.
  void learn(
      WriteVersion only,
      byte[] bytes,
      int index,
      long offsetBytes,
      int lengthBytes,
      long beganStep) {
    if (only != null) {
      only.show(clock.step());
    }
    for (int i = live.size() - 1; i >= 0; i--) {
      WriteVersion version = live.get(i);
      boolean returned = only != null
          ? version == only
          : version.write.matches(bytes, index, offsetBytes, lengthBytes);
      boolean beforeOnly = only != null && version.doneStep() < only.write.beganStep;
      if (!returned && (version.doneStep() < beganStep || beforeOnly)) {
        retire(i);
      }
    }
    sweep();
  }

  /// A write that began at that step is acknowledged: what was done before is overtaken.
  void overtake(long beganStep) {
    for (int i = live.size() - 1; i >= 0; i--) {
      if (live.get(i).doneStep() < beganStep) {
        retire(i);
      }
    }
    sweep();
  }

  /// What was not flushed may be gone: any version from the last flushed one on may be back.
  void revive() {
    long floor = stableFloor();
    for (int i = retired.size() - 1; i >= 0; i--) {
      WriteVersion version = retired.get(i);
      if (version.doneStep() >= floor) {
        version.retiredStep = HostWrite.NOT_YET;
        live.add(retired.remove(i));
      }
    }
    for (WriteVersion version : live) {
      version.doubtUnlessStable(clock.flushedStep());
    }
  }

  /// True if no read can return anything but one version.
  boolean hasOneVersion() {
    return live.size() == 1 && retired.isEmpty();
  }

  void keepOnly(WriteVersion kept) {
    live.clear();
    retired.clear();
    live.add(kept);
  }

  /// The drive holds its only version, stable.
  void adopt() {
    live.get(0).adopt(clock.step());
  }

  boolean isLike(HistoryRun other) {
    return hasOneVersion() && other.hasOneVersion() && live.get(0).isLike(other.live.get(0));
  }

  private void retire(int index) {
    WriteVersion version = live.remove(index);
    version.retiredStep = clock.step();
    retired.add(version);
  }

  /// Drops retired versions that can neither be read nor come back.
  private void sweep() {
    if (retired.isEmpty() || (retired.size() < sweepAt && retired.size() > 1)) {
      return;
    }
    long floor = stableFloor();
    long oldestRead = clock.oldestOpenRead();
    retired.removeIf(version -> version.retiredStep <= oldestRead && version.doneStep() < floor);
    sweepAt = Math.max(RETIRED_SWEEP_MIN, retired.size() * 2);
  }

  /// When the newest stable version began: what was done before it can never come back.
  private long stableFloor() {
    long flushedStep = clock.flushedStep();
    long floor = Long.MIN_VALUE;
    for (int i = 0; i < live.size(); i++) {
      if (live.get(i).isStable(flushedStep)) {
        floor = Math.max(floor, live.get(i).write.beganStep);
      }
    }
    for (int i = 0; i < retired.size(); i++) {
      if (retired.get(i).isStable(flushedStep)) {
        floor = Math.max(floor, retired.get(i).write.beganStep);
      }
    }
    return floor;
  }
}
