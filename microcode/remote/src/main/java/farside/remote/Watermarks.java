package farside.remote;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.protocol.link.FrameKind;
import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.Arrays;
import java.util.function.IntPredicate;

/// How far the drives of both cabinets are stable: told to the peer, which clears its pending
/// bits by it, and heard from it.
///
/// A watermark goes out when it has changed, and may be lost on the way; so all are told again
/// at fixed times, whatever else keeps the line busy. With `ack: stored` it releases hosts: it
/// goes out at once, and once more after a short time, and twice that, and so on. That of a
/// source releases nothing at all: it waits for a while for a write to go with.
final class Watermarks {
  private static final long EVERY_NS = 2_000_000;

  /// How long that of a source waits for a write that wakes the peer anyway.
  private static final long SOURCE_ALONE_NS = 20_000_000;

  /// When one that hosts may wait for is told once more, as nothing tells whether it came.
  private static final long AWAITED_AGAIN_NS = 20_000_000;

  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final Volume[] mirrored;
  private final IntPredicate isLinked;
  private final IntPredicate mayTell;
  private final FrameTransport transport;
  private final SessionMessages messages;

  /// Per volume: highest number that a watermark of ours may speak of, and the last one told.
  private final long[] top;

  private final long[] told;

  /// Per volume: what was told is to be told again.
  private final boolean[] isLate;

  /// Per volume whose watermark hosts wait for: how long after it was told it is told again, and
  /// when.
  private final long[] againAfterNs;

  private final long[] againAtNs;

  /// Per volume: how far the peer has said, in this session, that its drive is stable; -1: it has
  /// not said anything.
  private final long[] heard;

  private final long allAgainNs;
  private long toldNs;
  private long allToldNs;

  /// @param allAgainNs how often all are told again
  /// @param isLinked true of the index of a volume whose pair is settled
  /// @param mayTell true of the index of one of which, besides, the peer may be told
  Watermarks(
      long allAgainNs,
      GlobalMemory memory,
      Volumes volumes,
      IntPredicate isLinked,
      IntPredicate mayTell,
      FrameTransport transport,
      SessionMessages messages) {
    this.allAgainNs = allAgainNs;
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    mirrored = volumes.list().stream()
        .filter(volume -> volume.role() != VolumeRole.LOCAL)
        .toArray(Volume[]::new);
    this.isLinked = isLinked;
    this.mayTell = mayTell;
    this.transport = transport;
    this.messages = messages;
    top = new long[volumes.count()];
    told = new long[volumes.count()];
    isLate = new boolean[volumes.count()];
    againAfterNs = new long[volumes.count()];
    againAtNs = new long[volumes.count()];
    heard = new long[volumes.count()];
  }

  void start(long nowNs) {
    // The clock may show anything at the start, also less than nothing.
    toldNs = nowNs - EVERY_NS;
    allToldNs = nowNs;
  }

  /// A new session. Every track whose end is not known waits for the highest number that its
  /// sender can have given it.
  ///
  /// @param receivedNumber highest number of ours that the peer has
  /// @param assignedNumber highest number that the peer has given
  void begin(long receivedNumber, long assignedNumber) {
    for (Volume volume : volumes.list()) {
      if (volume.role() == VolumeRole.R1) {
        top[volume.index()] = memory.numbers().last();
        volume.table().renumber(receivedNumber);
      } else if (volume.role() == VolumeRole.R2) {
        top[volume.index()] = memory.peerReceived();
        volume.table().renumber(assignedNumber);
      }
    }
    Arrays.fill(told, -1);
    Arrays.fill(againAtNs, Director.NO_DEADLINE);
    Arrays.fill(heard, -1);
  }

  /// The watermark of the volume must be able to reach this number, once it is stable.
  void mustReach(int volumeIndex, long number) {
    top[volumeIndex] = Math.max(top[volumeIndex], number);
  }

  /// The peer will take the last number told in our greeting for that of every track whose end
  /// it does not know: each watermark must be able to reach it, also if the greeting goes out
  /// again in an open session.
  void mustReachLastNumber() {
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      mustReach(volume.index(), memory.numbers().last());
    }
  }

  /// Everything of the volume up to this number is stable here.
  long stableOf(Volume volume) {
    long reachable = top[volume.index()];
    if (volume.role() == VolumeRole.R1) {
      reachable = Math.max(reachable, records.highestNumber(volume.index()));
    }
    return records.stableNumber(volume.index(), reachable);
  }

  /// The volume is left out of the session: when it is back, what the peer tells counts anew.
  void leaveOut(Volume volume) {
    told[volume.index()] = -1;
    heard[volume.index()] = -1;
  }

  int tell(long nowNs) {
    if (nowNs - allToldNs >= allAgainNs) {
      allToldNs = nowNs;
      Arrays.fill(isLate, true);
    }
    int work = 0;
    for (Volume volume : mirrored) {
      isLate[volume.index()] |= Director.isDue(againAtNs[volume.index()], nowNs);
      if (nowNs - toldNs >= waitNs(volume, transport.hasSentSequenced()) && isToBeTold(volume)) {
        long stable = stableOf(volume);
        transport.sendLoose(FrameKind.STATUS, messages.watermark(volume.number(), stable), nowNs);
        remember(volume, stable, nowNs);
        work++;
      }
    }
    if (work > 0) {
      toldNs = nowNs;
    }
    return work;
  }

  private void remember(Volume volume, long stable, long nowNs) {
    int index = volume.index();
    againAfterNs[index] =
        stable == told[index] ? Math.min(againAfterNs[index] * 2, allAgainNs) : AWAITED_AGAIN_NS;
    againAtNs[index] = isAwaited(volume) && againAfterNs[index] < allAgainNs
        ? nowNs + againAfterNs[index]
        : Director.NO_DEADLINE;
    told[index] = stable;
    isLate[index] = false;
  }

  /// True if hosts of the peer wait for the watermark.
  private static boolean isAwaited(Volume volume) {
    return volume.ack() == AckMode.STORED && volume.role() == VolumeRole.R2;
  }

  /// How long after the last that was told.
  private static long waitNs(Volume volume, boolean isInCompany) {
    if (isAwaited(volume)) {
      return 0;
    }
    return volume.role() == VolumeRole.R1 && !isInCompany ? SOURCE_ALONE_NS : EVERY_NS;
  }

  /// Mostly all is told, and this is asked in every round.
  private boolean isToBeTold(Volume volume) {
    return (isLate[volume.index()] || stableOf(volume) != told[volume.index()])
        && mayTell.test(volume.index())
        && volume.pairState() != PairState.RESTORING;
  }

  long nextDeadlineNs() {
    long deadline = allToldNs + allAgainNs;
    for (Volume volume : mirrored) {
      if (isToBeTold(volume)) {
        deadline = Director.sooner(deadline, toldNs + waitNs(volume, false));
      }
      if (againAtNs[volume.index()] != Director.NO_DEADLINE && mayTell.test(volume.index())) {
        deadline = Director.sooner(deadline, againAtNs[volume.index()]);
      }
    }
    return deadline;
  }

  /// The peer's drive holds everything of the volume up to `stable`.
  ///
  /// @param receivedNumber highest number of ours that the peer has said it has
  void onTold(Volume volume, long stable, long receivedNumber) {
    if (volume.role() == VolumeRole.LOCAL || !isLinked.test(volume.index())) {
      return;
    }
    heard[volume.index()] = Math.max(heard[volume.index()], stable);
    if (volume.role() == VolumeRole.R1) {
      // What the peer's drive holds, its memory held before.
      int record = records.remoteHeadOf(volume.index());
      while (record != WriteRecords.NONE
          && records.numberOf(record) <= Math.min(stable, receivedNumber)
          && (records.isReleased(record) || !isImageUnusable(volume))) {
        int next = records.remoteNextOf(record);
        records.release(record);
        records.clearRemotePending(record);
        record = next;
      }
    }
    volume.table().onStable(stable);
  }

  /// True while what the peer's drive holds would be of no use if this cabinet and the peer both
  /// lost their memory: it has not adopted the generation yet, and calls its image inconsistent.
  /// With `ack: stored` no host is told before it has.
  private static boolean isImageUnusable(Volume volume) {
    return volume.ack() == AckMode.STORED && volume.pairState() == PairState.SYNC_FINISHING;
  }

  /// The peer has said, in this session, that its drive holds everything of the volume up to this
  /// number; -1: it has not said anything.
  long heard(Volume volume) {
    return heard[volume.index()];
  }
}
