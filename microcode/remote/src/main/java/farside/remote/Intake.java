package farside.remote;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.Arrays;
import java.util.function.IntPredicate;

/// What this cabinet takes of the peer's writes: of which target volumes, and how much.
///
/// What the peer sends stays in its share of NVRAM until the drives have it. So a drive that
/// hangs, or takes nothing for long, would fill it, and then the peer could mirror no other volume
/// either. Two things are against that. Of the share each volume has a part that is not lent to
/// others: the credit that the peer is given is what it may send of *any* volume. And a volume
/// whose drive is out, or keeps the peer waiting for half of the link timeout, is *shut* until
/// its drive has all that came for it: its source is told, and leaves its group out of the
/// session. What it does not send needs no credit, so the other volumes' parts are free for
/// them.
final class Intake implements IncomingFrames.Room {
  /// The largest write of one frame: with less credit a peer may have to wait.
  static final int UNITS_MAX = TrackCopier.UNITS_PER_TRACK;

  /// Places for payload that is on its way over each of the links.
  private static final int UNPROMISED_UNITS_MAX = LinkGroup.LINKS_MAX * UNITS_MAX;

  private final long patienceNs;
  private final WriteRecords records;
  private final Labels labels;
  private final EventLog events;
  private final IntPredicate sendsNoWrites;
  private final Volume[] mirrored;
  private final boolean[] isShut;
  private final int unpromisedUnits;

  /// While the credit is short: which record of each volume is the oldest, and since when.
  private boolean isShort;

  private final long[] oldest;
  private final long[] oldestSinceNs;

  /// @param linkTimeoutNs no host of the peer waits for longer
  /// @param sendsNoWrites true of the index of a target whose source sends nothing of it now
  Intake(
      long linkTimeoutNs,
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      EventLog events,
      IntPredicate sendsNoWrites) {
    patienceNs = linkTimeoutNs / 2;
    records = memory.records();
    this.labels = labels;
    this.events = events;
    this.sendsNoWrites = sendsNoWrites;
    mirrored = volumes.list().stream()
        .filter(volume -> volume.role() != VolumeRole.LOCAL)
        .toArray(Volume[]::new);
    isShut = new boolean[volumes.count()];
    oldest = new long[volumes.count()];
    oldestSinceNs = new long[volumes.count()];
    int anybodys = divide(volumes);
    // A small share is promised in whole: what is left must take the largest write.
    int quarter = anybodys / 4 / UNITS_MAX * UNITS_MAX;
    unpromisedUnits = Math.min(quarter, UNPROMISED_UNITS_MAX);
  }

  /// Half of the share is divided among the targets. A part is of use only if the largest write
  /// fits into it; and so must what is nobody's, which is all that an R1 gets which is given back
  /// what it lost. Returns how many units are nobody's.
  private int divide(Volumes volumes) {
    int targets = volumes.ofRole(VolumeRole.R2).size();
    int share = records.incomingFramesMax();
    if (targets < 2) {
      return share;
    }
    int each = Math.max(UNITS_MAX, share / (2 * targets));
    if (share - targets * each < UNITS_MAX) {
      return share;
    }
    for (Volume volume : volumes.ofRole(VolumeRole.R2)) {
      records.guaranteeIncoming(volume.index(), each);
    }
    return share - targets * each;
  }

  // ---- credit ----

  /// How many units there is room for, whatever volume they are for.
  @Override
  public int freeUnits() {
    int least = records.incomingFramesFree();
    for (Volume volume : mirrored) {
      int free = records.incomingFramesFree(volume.index());
      if (free < least && mayBeSent(volume)) {
        least = free;
      }
    }
    return least;
  }

  @Override
  public int unpromisedUnits() {
    return unpromisedUnits;
  }

  /// With so much room or less the peer has to wait.
  private boolean isTooLittle(int freeUnits) {
    return freeUnits - unpromisedUnits < UNITS_MAX;
  }

  private boolean mayBeSent(Volume volume) {
    return volume.role() == VolumeRole.R2
        ? !sendsNoWrites.test(volume.index())
        : volume.pairState() == PairState.RESTORING;
  }

  // ---- shut ----

  /// A group is mirrored as one: while a target of it is shut, nothing is taken of any.
  boolean takesWritesOf(Volume asked) {
    for (Volume volume : mirrored) {
      if (isShut[volume.index()]
          && volume.role() == asked.role()
          && volume.group().equals(asked.group())) {
        return false;
      }
    }
    return true;
  }

  int look(long nowNs) {
    lookAtCredit(nowNs);
    int work = 0;
    for (Volume volume : mirrored) {
      int index = volume.index();
      if (volume.role() != VolumeRole.R2) {
        continue;
      }
      if (!isShut[index]) {
        String because = whyShut(volume, nowNs);
        if (because != null) {
          isShut[index] = true;
          events.log(EventCode.INTAKE_SHUT, volume.name(), volume.group(), because);
          work++;
        }
      } else if (hasTakenAll(volume)) {
        isShut[index] = false;
        events.log(EventCode.INTAKE_OPEN, volume.name());
        work++;
      }
    }
    return work;
  }

  private void lookAtCredit(long nowNs) {
    boolean isShortNow = isTooLittle(freeUnits());
    if (!isShortNow) {
      isShort = false;
      return;
    }
    if (!isShort) {
      isShort = true;
      Arrays.fill(oldest, WriteRecords.NONE);
    }
    for (Volume volume : mirrored) {
      int index = volume.index();
      long head = oldestOf(index);
      if (head != oldest[index]) {
        oldest[index] = head;
        oldestSinceNs[index] = nowNs;
      }
    }
  }

  /// One of the volume's records, told from all others: copies may have a number in common, and
  /// frames are used again.
  private long oldestOf(int volumeIndex) {
    int head = records.localHeadOf(volumeIndex);
    return head == WriteRecords.NONE
        ? WriteRecords.NONE
        : records.numberOf(head) * records.frameCount() + head;
  }

  /// Null if the volume is to be taken.
  private String whyShut(Volume volume, long nowNs) {
    if (labels.isOut(volume.driveIndex())) {
      return labels.isInDoubt(volume.driveIndex())
          ? "its drive is in doubt"
          : "its drive does not take its label";
    }
    return keepsPeerWaiting(volume) && nowNs - oldestSinceNs[volume.index()] >= patienceNs
        ? "its drive has taken nothing for " + patienceNs / 1_000_000
            + " ms, and NVRAM is full of what it lacks"
        : null;
  }

  private boolean keepsPeerWaiting(Volume volume) {
    int index = volume.index();
    return isShort
        && mayBeSent(volume)
        && isTooLittle(records.incomingFramesFree(index))
        && oldest[index] != WriteRecords.NONE;
  }

  private boolean hasTakenAll(Volume volume) {
    return !labels.isOut(volume.driveIndex())
        && !records.isDestageFailing(volume.index())
        && records.localHeadOf(volume.index()) == WriteRecords.NONE;
  }

  /// When the drive of a volume that keeps the peer waiting has had its time.
  long nextDeadlineNs() {
    long deadline = Director.NO_DEADLINE;
    for (Volume volume : mirrored) {
      int index = volume.index();
      if (volume.role() == VolumeRole.R2 && !isShut[index] && keepsPeerWaiting(volume)) {
        deadline = Director.sooner(deadline, oldestSinceNs[index] + patienceNs);
      }
    }
    return deadline;
  }
}
