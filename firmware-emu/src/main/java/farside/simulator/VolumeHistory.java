package farside.simulator;

import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.LongArrayList;

/// All that the oracle knows of one volume: for every byte, which writes it may hold now.
///
/// The volume is cut into runs of bytes that share one history. A run's *live* versions are
/// those that a read may return; *retired* ones were overtaken, by an acknowledged write that
/// began after they were done or by a read that returned something newer, and may still be
/// returned by a read that began before that, or come back when unflushed data is lost.
///
/// Order is counted in steps: each request that begins or ends takes one. A version is *done*
/// when its write was acknowledged, or seen by a read, or settled because its host or cabinet
/// died.
final class VolumeHistory {
  private static final int BLOCK_BYTES = 512;
  private static final int RETIRED_SWEEP_MIN = 16;
  private static final int TELLING_BYTES = 16;

  private final int volume;
  private final long sizeBytes;
  /// All of them, by where they begin: the first at byte 0, each next where the last one ends.
  private final ArrayList<Run> runs = new ArrayList<>();
  private final List<HostWrite> writes = new ArrayList<>();
  private final DamagedBlocks damaged;
  private final List<HostWrite> unsettled = new ArrayList<>();
  /// When each began, the oldest first.
  private final LongArrayList openReads = new LongArrayList();
  private long step = 1;
  private long flushedStep;
  private long readsChecked;

  /// @param zero true: the volume reads zero before the first write; false: it holds the
  ///     content of write 0
  VolumeHistory(int volume, long sizeBytes, boolean zero) {
    this.volume = volume;
    this.sizeBytes = sizeBytes;
    this.damaged = new DamagedBlocks(sizeBytes);
    HostWrite initial = new HostWrite(volume, 0, zero, true, 0, sizeBytes, 0, 0);
    initial.acknowledgedStep = 0;
    writes.add(initial);
    Run run = new Run(0, sizeBytes);
    run.live.add(new Version(initial));
    runs.add(run);
  }

  HostWrite initial() {
    return writes.get(0);
  }

  /// Blocks that may hold anything.
  DamagedBlocks damaged() {
    return damaged;
  }

  int volume() {
    return volume;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  long readsChecked() {
    return readsChecked;
  }

  int writesKnown() {
    return writes.size() - 1;
  }

  /// A host has sent a write: from now on the cabinet may apply it, as a whole or in parts.
  HostWrite begin(
      boolean zeroes, boolean forceUnitAccess, long offsetBytes, long lengthBytes, long nowNs) {
    HostWrite write = new HostWrite(
        volume,
        writes.size(),
        zeroes,
        forceUnitAccess,
        offsetBytes,
        offsetBytes + lengthBytes,
        ++step,
        nowNs);
    writes.add(write);
    unsettled.add(write);
    int first = split(write.fromBytes);
    int end = splitAfter(first, write.toBytes);
    for (int i = first; i < end; i++) {
      runs.get(i).live.add(new Version(write));
    }
    return write;
  }

  void acknowledge(HostWrite write, long nowNs) {
    write.acknowledgedStep = ++step;
    write.acknowledgedNs = nowNs;
    unsettled.remove(write);
    int first = firstFrom(write.fromBytes);
    for (int i = first; i < runs.size() && runs.get(i).from < write.toBytes; i++) {
      runs.get(i).overtake(write.beganStep);
    }
    merge(first, write.toBytes);
  }

  /// A flush was asked for; hand the answer to [#flushed].
  long beginFlush() {
    return ++step;
  }

  /// Every write acknowledged before that step is stable.
  void flushed(long beganStep) {
    flushedStep = Math.max(flushedStep, beganStep);
  }

  long beginRead() {
    long began = ++step;
    openReads.addLong(began);
    return began;
  }

  void abandonRead(long beganStep) {
    openReads.removeLong(beganStep);
  }

  /// Judges what a read returned, and remembers it.
  void endRead(long beganStep, long offsetBytes, byte[] bytes, int lengthBytes, Object by) {
    openReads.removeLong(beganStep);
    step++;
    readsChecked++;
    long end = offsetBytes + lengthBytes;
    long at = offsetBytes;
    int place = at < end ? holding(at) : 0;
    while (at < end) {
      place = next(place, at);
      Run run = runs.get(place);
      long to = tellingEnd(at, Math.min(end, run.to));
      int index = (int) (at - offsetBytes);
      Version only = run.match(bytes, index, at, (int) (to - at), beganStep);
      if (run.matchCount == 0) {
        to = firstBlockEnd(at, to);
        only = run.match(bytes, index, at, (int) (to - at), beganStep);
      }
      if (run.matchCount == 0 && damaged.contains(at)) {
        at = to;
        continue;
      }
      if (run.matchCount == 0) {
        throw refuse(run, bytes, index, at, to, by);
      }
      if (run.wouldLearn(only, bytes, index, at, (int) (to - at), beganStep)) {
        place = cutOut(at, to);
        run = runs.get(place);
        only = run.match(bytes, index, at, (int) (to - at), beganStep);
        run.learn(only, bytes, index, at, (int) (to - at), beganStep);
      }
      at = to;
    }
  }

  /// Where bytes end that are judged as one. A read that met a write half done has it in one block
  /// and not in the next; of the few bytes of a block that a run or a read begins or ends with,
  /// its neighbours tell nothing: they may be alike in both writes.
  private static long tellingEnd(long from, long to) {
    long firstEnd = firstBlockEnd(from, to);
    if (firstEnd - from < TELLING_BYTES) {
      return firstEnd;
    }
    long lastFrom = to - to % BLOCK_BYTES;
    return lastFrom > from && to - lastFrom < TELLING_BYTES ? lastFrom : to;
  }

  /// A write that nobody acknowledged may have taken effect in some blocks only; a block is
  /// whole.
  private static long firstBlockEnd(long from, long to) {
    return Math.min(to, (from / BLOCK_BYTES + 1) * BLOCK_BYTES);
  }

  /// Judges what a read of a copy returned (a far mirror, a drive), without learning from it.
  void checkCopy(long beganStep, long offsetBytes, byte[] bytes, int lengthBytes, Object by) {
    openReads.removeLong(beganStep);
    step++;
    readsChecked++;
    long end = offsetBytes + lengthBytes;
    long at = offsetBytes;
    int place = at < end ? holding(at) : 0;
    while (at < end) {
      place = next(place, at);
      Run run = runs.get(place);
      long to = Math.min(end, run.to);
      int index = (int) (at - offsetBytes);
      run.match(bytes, index, at, (int) (to - at), beganStep);
      if (run.matchCount == 0) {
        to = firstBlockEnd(at, to);
        run.match(bytes, index, at, (int) (to - at), beganStep);
      }
      if (run.matchCount == 0 && damaged.contains(at)) {
        at = to;
        continue;
      }
      if (run.matchCount == 0) {
        throw refuse(run, bytes, index, at, to, by);
      }
      at = to;
    }
  }

  /// The step that it is.
  long step() {
    return step;
  }

  /// Judges what a read of a copy returned that is brought nothing since a step: no write that
  /// began after that is in it.
  void checkCut(long cutStep, long offsetBytes, byte[] bytes, int lengthBytes, Object by) {
    long end = offsetBytes + lengthBytes;
    long at = offsetBytes;
    while (cutStep != HostWrite.NOT_YET && at < end) {
      Run run = runs.get(holding(at));
      long to = firstBlockEnd(at, Math.min(end, run.to));
      int index = (int) (at - offsetBytes);
      // Of a few bytes nobody can tell whose they are.
      HostWrite newer =
          to - at < TELLING_BYTES ? null : run.newer(cutStep, bytes, index, at, (int) (to - at));
      if (newer != null) {
        throw new SimulationFailure(String.format(
            "volume %04x: %s returned in bytes %d to %d what was written after the pair was cut, at"
                + " step %d: %s",
            volume, by, at, to, cutStep, newer));
      }
      at = to;
    }
  }

  /// The write was answered with an error: each of its blocks has taken effect by now, or never
  /// will.
  void settle(HostWrite write) {
    write.settledStep = ++step;
    unsettled.remove(write);
  }

  /// The cabinet or the host of all open writes has gone: each has taken effect by now, or
  /// never will.
  void settle() {
    step++;
    for (HostWrite write : unsettled) {
      write.settledStep = step;
    }
    unsettled.clear();
  }

  /// What was not flushed may be gone: each byte holds anything from its last flushed version
  /// on.
  void loseUnflushed() {
    step++;
    for (Run run : runs) {
      run.revive();
    }
  }

  /// The drive holds this, stable, at a time when nothing is open: the whole history becomes
  /// one version.
  void adopt(DriveImage image, String by) {
    settle();
    byte[] bytes = new byte[64 * 1024];
    long at = 0;
    int place = 0;
    while (at < sizeBytes) {
      place = next(place, at);
      Run run = runs.get(place);
      long to = Math.min(run.to, at + bytes.length);
      int length = (int) (to - at);
      image.read(at, bytes, 0, length);
      Version only = run.match(bytes, 0, at, length, step);
      if (run.matchCount == 0) {
        to = firstBlockEnd(at, to);
        length = (int) (to - at);
        only = run.match(bytes, 0, at, length, step);
      }
      if (run.matchCount == 0 && damaged.contains(at)) {
        at = to;
        continue;
      }
      if (run.matchCount == 0) {
        throw refuse(run, bytes, 0, at, to, by);
      }
      if (run.live.size() > 1 || !run.retired.isEmpty()) {
        place = cutOut(at, to);
        run = runs.get(place);
        only = run.match(bytes, 0, at, length, step);
        Version kept = only != null ? only : run.firstMatch(bytes, 0, at, length, step);
        run.live.clear();
        run.retired.clear();
        run.live.add(kept);
      }
      run.live.get(0).stable = true;
      run.live.get(0).seenStep = Math.min(run.live.get(0).seenStep, step);
      run.live.get(0).retiredStep = HostWrite.NOT_YET;
      at = to;
    }
    step++;
    merge(0, sizeBytes);
  }

  private SimulationFailure refuse(
      Run run, byte[] bytes, int index, long from, long to, Object by) {
    StringBuilder text = new StringBuilder(400);
    text.append(String.format(
        "volume %04x: %s returned bytes %d to %d that no history allows.", volume, by, from, to));
    // The first bytes that differ from what was allowed best tell whose they are.
    int length = (int) (to - from);
    int probe = Math.min(length, 512);
    HostWrite found = null;
    for (int start = 0; start < length && found == null; start += probe) {
      int size = Math.min(probe, length - start);
      if (run.isAllowed(bytes, index + start, from + start, size)) {
        continue;
      }
      text.append(String.format("%n  bytes %d to %d hold ", from + start, from + start + size));
      for (int i = writes.size() - 1; i >= 0; i--) {
        HostWrite write = writes.get(i);
        if (write.fromBytes <= from + start
            && write.toBytes >= from + start + size
            && write.matches(bytes, index + start, from + start, size)) {
          found = write;
          break;
        }
      }
      text.append(
          found != null
              ? found
              : isZero(bytes, index + start, size) ? "zeroes" : "what nobody wrote");
      break;
    }
    text.append(String.format("%n  now is step %d, flushed up to step %d", step, flushedStep));
    for (Version version : run.live) {
      text.append(String.format("%n  allowed: %s", version.write));
    }
    return new SimulationFailure(text.toString());
  }

  private static boolean isZero(byte[] bytes, int index, int length) {
    for (int i = 0; i < length; i++) {
      if (bytes[index + i] != 0) {
        return false;
      }
    }
    return true;
  }

  /// Where in the list the run is that holds that byte.
  private int holding(long at) {
    int low = 0;
    int high = runs.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (runs.get(middle).from <= at) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// The same, for a byte in that run or at its end.
  private int next(int place, long at) {
    return at < runs.get(place).to ? place : place + 1;
  }

  /// Where the first run is that begins at that byte or beyond it.
  private int firstFrom(long at) {
    int place = holding(at);
    return runs.get(place).from < at ? place + 1 : place;
  }

  /// Makes a border between two runs at that byte; answers where the second is.
  private int split(long at) {
    return at >= sizeBytes ? runs.size() : splitOne(holding(at), at);
  }

  /// The same, for a byte that mostly lies in the run at that place or soon after it.
  private int splitAfter(int place, long at) {
    if (at >= sizeBytes) {
      return runs.size();
    }
    int holding = place;
    while (runs.get(holding).to <= at) {
      holding++;
    }
    return splitOne(holding, at);
  }

  private int splitOne(int place, long at) {
    Run run = runs.get(place);
    if (run.from == at) {
      return place;
    }
    Run upper = new Run(at, run.to);
    for (int i = 0; i < run.live.size(); i++) {
      upper.live.add(run.live.get(i).copy());
    }
    for (int i = 0; i < run.retired.size(); i++) {
      upper.retired.add(run.retired.get(i).copy());
    }
    run.to = at;
    runs.add(place + 1, upper);
    return place + 1;
  }

  private int cutOut(long from, long to) {
    int place = split(from);
    splitAfter(place, to);
    return place;
  }

  /// Joins neighbours that have become alike, from the run before that place to the one that
  /// begins at the byte.
  private void merge(int place, long to) {
    int first = Math.max(1, place);
    int end = first;
    int kept = first;
    for (; end < runs.size() && runs.get(end).from <= to; end++) {
      Run run = runs.get(end);
      Run last = runs.get(kept - 1);
      if (last.isLike(run)) {
        last.to = run.to;
      } else {
        runs.set(kept, run);
        kept++;
      }
    }
    runs.subList(kept, end).clear();
  }

  private long oldestOpenRead() {
    return openReads.isEmpty() ? HostWrite.NOT_YET : openReads.getLong(0);
  }

  /// One write at one run.
  private static final class Version {
    final HostWrite write;
    long seenStep = HostWrite.NOT_YET;
    long retiredStep = HostWrite.NOT_YET;
    boolean stable;

    /// Unflushed when data was lost: a flush after that speaks of it only once a read has shown
    /// that it is there.
    boolean doubtful;
    long shownStep;

    Version(HostWrite write) {
      this.write = write;
    }

    Version copy() {
      Version copy = new Version(write);
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
  }

  /// Bytes that share one history.
  private final class Run {
    final long from;
    long to;
    final ArrayList<Version> live = new ArrayList<>(2);

    /// In the order in which they were overtaken.
    final ArrayList<Version> retired = new ArrayList<>(0);

    int matchCount;
    private int sweepAt = RETIRED_SWEEP_MIN;

    Run(long from, long to) {
      this.from = from;
      this.to = to;
    }

    /// Counts the versions that these bytes may come from; answers the one, if there is only
    /// one.
    Version match(byte[] bytes, int index, long offsetBytes, int lengthBytes, long beganStep) {
      matchCount = 0;
      Version only = null;
      for (int i = 0; i < live.size(); i++) {
        if (live.get(i).write.matches(bytes, index, offsetBytes, lengthBytes)) {
          matchCount++;
          only = live.get(i);
        }
      }
      for (int i = retired.size() - 1; i >= 0; i--) {
        Version version = retired.get(i);
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

    Version firstMatch(byte[] bytes, int index, long offsetBytes, int lengthBytes, long beganStep) {
      for (Version version : live) {
        if (version.write.matches(bytes, index, offsetBytes, lengthBytes)) {
          return version;
        }
      }
      for (Version version : retired) {
        if (version.retiredStep > beganStep
            && version.write.matches(bytes, index, offsetBytes, lengthBytes)) {
          return version;
        }
      }
      throw new SimulationFailure("a version that matched is gone");
    }

    boolean isAllowed(byte[] bytes, int index, long offsetBytes, int lengthBytes) {
      for (Version version : live) {
        if (version.write.matches(bytes, index, offsetBytes, lengthBytes)) {
          return true;
        }
      }
      return false;
    }

    /// True if a read that returned the version tells anything new of this run.
    boolean wouldLearn(
        Version only, byte[] bytes, int index, long offsetBytes, int lengthBytes, long beganStep) {
      if (only != null && only.doneStep() == HostWrite.NOT_YET) {
        return true;
      }
      for (int i = 0; i < live.size(); i++) {
        Version version = live.get(i);
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
        Version only, byte[] bytes, int index, long offsetBytes, int lengthBytes, long beganStep) {
      if (only != null) {
        only.seenStep = Math.min(only.seenStep, step);
        if (only.doubtful) {
          only.doubtful = false;
          only.shownStep = step;
        }
      }
      for (int i = live.size() - 1; i >= 0; i--) {
        Version version = live.get(i);
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

    void revive() {
      long floor = stableFloor();
      for (int i = retired.size() - 1; i >= 0; i--) {
        Version version = retired.get(i);
        if (version.doneStep() >= floor) {
          version.retiredStep = HostWrite.NOT_YET;
          live.add(retired.remove(i));
        }
      }
      for (Version version : live) {
        version.doubtful |= !version.isStable(flushedStep);
      }
    }

    boolean isLike(Run other) {
      return live.size() == 1
          && other.live.size() == 1
          && retired.isEmpty()
          && other.retired.isEmpty()
          && live.get(0).write == other.live.get(0).write
          && live.get(0).stable == other.live.get(0).stable
          && live.get(0).doubtful == other.live.get(0).doubtful
          && live.get(0).shownStep == other.live.get(0).shownStep
          && live.get(0).seenStep == other.live.get(0).seenStep;
    }

    private void retire(int index) {
      Version version = live.remove(index);
      version.retiredStep = step;
      retired.add(version);
    }

    /// Drops retired versions that can neither be read nor come back.
    private void sweep() {
      if (retired.isEmpty() || (retired.size() < sweepAt && retired.size() > 1)) {
        return;
      }
      long floor = stableFloor();
      long oldestRead = oldestOpenRead();
      retired.removeIf(version -> version.retiredStep <= oldestRead && version.doneStep() < floor);
      sweepAt = Math.max(RETIRED_SWEEP_MIN, retired.size() * 2);
    }

    /// When the newest stable version began: what was done before it can never come back.
    private long stableFloor() {
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
}
