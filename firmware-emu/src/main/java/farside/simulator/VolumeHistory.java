package farside.simulator;

import java.util.ArrayList;
import java.util.List;

/// All that the oracle knows of one volume: for every byte, which writes it may hold now.
///
/// It judges what reads returned, and learns from it. The volume is cut into runs of bytes that
/// share one history ([HistoryRuns], [HistoryRun]), each of which has its versions
/// ([WriteVersion]); order is counted in the steps of a [HistoryClock].
final class VolumeHistory {
  private static final int BLOCK_BYTES = 512;
  private static final int TELLING_BYTES = 16;

  private final int volume;
  private final long sizeBytes;
  private final HistoryClock clock = new HistoryClock();
  private final HistoryRuns runs;
  private final List<HostWrite> writes = new ArrayList<>();
  private final DamagedBlocks damaged;
  private final List<HostWrite> unsettled = new ArrayList<>();
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
    runs = new HistoryRuns(initial, clock);
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
        clock.nextStep(),
        nowNs);
    writes.add(write);
    unsettled.add(write);
    runs.add(write);
    return write;
  }

  void acknowledge(HostWrite write, long nowNs) {
    write.acknowledgedStep = clock.nextStep();
    write.acknowledgedNs = nowNs;
    unsettled.remove(write);
    runs.overtake(write);
  }

  /// A flush was asked for; hand the answer to [#flushed].
  long beginFlush() {
    return clock.nextStep();
  }

  /// Every write acknowledged before that step is stable.
  void flushed(long beganStep) {
    clock.flushed(beganStep);
  }

  long beginRead() {
    return clock.beginRead();
  }

  void abandonRead(long beganStep) {
    clock.abandonRead(beganStep);
  }

  /// Judges what a read returned, and remembers it.
  void endRead(long beganStep, long offsetBytes, byte[] bytes, int lengthBytes, Object by) {
    clock.endRead(beganStep);
    readsChecked++;
    long end = offsetBytes + lengthBytes;
    long at = offsetBytes;
    int place = at < end ? runs.holding(at) : 0;
    while (at < end) {
      place = runs.next(place, at);
      HistoryRun run = runs.get(place);
      long to = tellingEnd(at, Math.min(end, run.to));
      int index = (int) (at - offsetBytes);
      WriteVersion only = run.match(bytes, index, at, (int) (to - at), beganStep);
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
        place = runs.cutOut(at, to);
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
    clock.endRead(beganStep);
    readsChecked++;
    long end = offsetBytes + lengthBytes;
    long at = offsetBytes;
    int place = at < end ? runs.holding(at) : 0;
    while (at < end) {
      place = runs.next(place, at);
      HistoryRun run = runs.get(place);
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
    return clock.step();
  }

  /// Judges what a read of a copy returned that is brought nothing since a step: no write that
  /// began after that is in it.
  void checkCut(long cutStep, long offsetBytes, byte[] bytes, int lengthBytes, Object by) {
    long end = offsetBytes + lengthBytes;
    long at = offsetBytes;
    while (cutStep != HostWrite.NOT_YET && at < end) {
      HistoryRun run = runs.get(runs.holding(at));
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
    write.settledStep = clock.nextStep();
    unsettled.remove(write);
  }

  /// The cabinet or the host of all open writes has gone: each has taken effect by now, or
  /// never will.
  void settle() {
    long step = clock.nextStep();
    for (HostWrite write : unsettled) {
      write.settledStep = step;
    }
    unsettled.clear();
  }

  /// What was not flushed may be gone: each byte holds anything from its last flushed version
  /// on.
  void loseUnflushed() {
    clock.nextStep();
    runs.revive();
  }

  /// The drive holds this, stable, at a time when nothing is open: the whole history becomes
  /// one version.
  void adopt(DriveImage image, String by) {
    settle();
    long step = clock.step();
    byte[] bytes = new byte[64 * 1024];
    long at = 0;
    int place = 0;
    while (at < sizeBytes) {
      place = runs.next(place, at);
      HistoryRun run = runs.get(place);
      long to = Math.min(run.to, at + bytes.length);
      int length = (int) (to - at);
      image.read(at, bytes, 0, length);
      WriteVersion only = run.match(bytes, 0, at, length, step);
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
      if (!run.hasOneVersion()) {
        place = runs.cutOut(at, to);
        run = runs.get(place);
        only = run.match(bytes, 0, at, length, step);
        run.keepOnly(only != null ? only : run.firstMatch(bytes, 0, at, length, step));
      }
      run.adopt();
      at = to;
    }
    clock.nextStep();
    runs.mergeAll();
  }

  private SimulationFailure refuse(
      HistoryRun run, byte[] bytes, int index, long from, long to, Object by) {
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
    text.append(String.format(
        "%n  now is step %d, flushed up to step %d", clock.step(), clock.flushedStep()));
    run.appendAllowed(text);
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
}
