package farside.remote;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.RandomPort;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayList;
import java.util.List;

/// Cuts a group from its peer, as one: the first write that cannot be mirrored suspends all
/// volumes of its group before that write's ending status (design 6).
///
/// Order of the cut: what the peer may lack becomes owed, the new random generation is
/// committed to NVRAM and then to the labels of the drives, and only then are the waiting
/// writes released. So the first write that the peer lacks is never acknowledged under a
/// generation that the peer has too, whatever is lost afterwards. A drive that does not take
/// its label is not waited for: nothing is destaged to it before it does.
final class GroupCut {
  private record Pending(Volume volume, long ticket) {}

  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final Labels labels;
  private final RandomPort random;
  private final EventLog events;
  private final List<Pending> pending = new ArrayList<>();

  /// Volumes whose own drive lacks what was acknowledged before they went alone.
  private final List<Volume> behind = new ArrayList<>();

  /// Per volume: the highest number of that.
  private final long[] behindUpTo;

  GroupCut(
      GlobalMemory memory, Volumes volumes, Labels labels, RandomPort random, EventLog events) {
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    this.labels = labels;
    this.random = random;
    this.events = events;
    behindUpTo = new long[volumes.count()];
  }

  /// True if a volume of the group still waits for its peer, so that a cut would change
  /// anything.
  boolean isCuttable(String group) {
    for (Volume volume : volumes.sourcesOf(group)) {
      if (volume.pairState().waitsForPeer()) {
        return true;
      }
    }
    return false;
  }

  void cut(String group, String because) {
    long generation = random.nextNonZero();
    events.log(EventCode.GROUP_TRIPPED, group, generation, because);
    for (Volume volume : volumes.sourcesOf(group)) {
      PairState state = volume.pairState();
      if (state.waitsForPeer()) {
        volume.setHeld(true);
        oweTracks(volume);
        boolean isBehind = isBehind(volume);
        if (isBehind) {
          awaitDrive(volume);
        }
        volume.become(volume.standing().alone(generation).lagging(isBehind), because);
        dropRemotePending(volume);
        pending.add(new Pending(volume, labels.request(volume.driveIndex())));
      } else if (state == PairState.SYNC_IN_PROG) {
        breakOff(volume, because);
      }
    }
  }

  /// The peer takes no writes of the group now: it goes on alone.
  void leaveOut(String group, String because) {
    if (isCuttable(group)) {
      cut(group, because);
      return;
    }
    for (Volume volume : volumes.sourcesOf(group)) {
      if (volume.pairState() == PairState.SYNC_IN_PROG) {
        breakOff(volume, because);
      }
    }
  }

  /// The link is gone in the middle of a copy: the tables say what is still owed.
  void breakOff(Volume volume, String because) {
    oweTracks(volume);
    volume.become(volume.standing().with(PairState.SUSPENDED), because);
    dropRemotePending(volume);
  }

  /// IML is over: pairs that went alone, or were in the middle of something, are taken up.
  void takeUpAfterIml() {
    for (Volume volume : volumes.ofRole(VolumeRole.R1)) {
      if (volume.standing().behind() && volume.pairState() != PairState.RESTORING) {
        // Any of what it has found.
        awaitDrive(volume);
      }
      switch (volume.pairState()) {
        case SYNC_IN_PROG -> {
          breakOff(volume, "the cabinet was restarted");
          goOnAlone(volume);
        }
        case SYNC_FINISHING -> cut(volume.group(), "the cabinet was restarted");
        case SUSPENDED, CONFLICT, UNPAIRED -> goOnAlone(volume);
        default -> {}
      }
    }
  }

  /// What the peer had not made stable is lost there: it is owed again, and groups that counted
  /// on it go alone.
  ///
  /// So is what the own drive of a source lacks, though the peer's may have it. The peer has
  /// forgotten that it must keep it for this cabinet until it is on the drive here; being sent it
  /// again, it knows.
  void onPeerMemoryLost() {
    events.log(EventCode.PEER_INCARNATION_NEW);
    for (String group : volumes.sourceGroups()) {
      if (isCuttable(group)) {
        cut(group, "the peer lost its NVRAM");
      }
    }
    for (Volume volume : volumes.list()) {
      if (volume.role() != VolumeRole.LOCAL) {
        volume.table().pendingBecomesOwed();
      }
      if (volume.role() == VolumeRole.R1 && volume.pairState() != PairState.RESTORING) {
        oweWhatTheDriveLacks(volume);
      }
    }
  }

  /// A volume that went alone, before the cabinet stopped or because the peer cannot restore it.
  /// What its records say the peer lacks is owed, and hosts wait once more for the label, whose
  /// ticket is returned.
  long goOnAlone(Volume volume) {
    volume.setHeld(true);
    oweTracks(volume);
    dropRemotePending(volume);
    Pending label = new Pending(volume, labels.request(volume.driveIndex()));
    pending.add(label);
    return label.ticket();
  }

  private void oweWhatTheDriveLacks(Volume volume) {
    for (int r = records.localHeadOf(volume.index());
        r != WriteRecords.NONE;
        r = records.localNextOf(r)) {
      volume.table().owed().set(records.trackOf(r));
    }
  }

  private void oweTracks(Volume volume) {
    for (int r = records.remoteHeadOf(volume.index());
        r != WriteRecords.NONE;
        r = records.remoteNextOf(r)) {
      memory.table(volume.index()).owed().set(records.trackOf(r));
    }
  }

  private void dropRemotePending(Volume volume) {
    int record = records.remoteHeadOf(volume.index());
    while (record != WriteRecords.NONE) {
      records.clearRemotePending(record);
      record = records.remoteHeadOf(volume.index());
    }
  }

  /// With `ack: stored` the peer's drive has all that was acknowledged before the cut. As long as
  /// the own one lacks some of it, the label says so, and no FLUSH is answered: should NVRAM be
  /// lost meanwhile, the peer's image is the better one.
  private boolean isBehind(Volume volume) {
    return volume.standing().behind()
        || volume.ack() == AckMode.STORED
            && volume.pairState() == PairState.SYNCHRONIZED
            && records.localHeadOf(volume.index()) != WriteRecords.NONE;
  }

  private void awaitDrive(Volume volume) {
    behindUpTo[volume.index()] = memory.numbers().last();
    if (!behind.contains(volume)) {
      behind.add(volume);
    }
  }

  /// Lets the labels of drives that have caught up say so.
  int catchUp() {
    int work = 0;
    for (int i = behind.size() - 1; i >= 0; i--) {
      Volume volume = behind.get(i);
      boolean isOver = !volume.standing().behind();
      if (!isOver && records.isStableUpTo(volume.index(), behindUpTo[volume.index()])) {
        volume.become(
            volume.standing().lagging(false), "its drive has what was acknowledged before");
        labels.request(volume.driveIndex());
        isOver = true;
      }
      if (isOver) {
        behind.remove(i);
        work++;
      }
    }
    return work;
  }

  /// Releases what waited for a label that is on the drive now, or for a drive that is out.
  int finish() {
    int work = 0;
    for (int i = pending.size() - 1; i >= 0; i--) {
      Pending cut = pending.get(i);
      int drive = cut.volume().driveIndex();
      if (labels.isDurable(drive, cut.ticket()) || labels.isOut(drive)) {
        pending.remove(i);
        work++;
      }
    }
    if (work > 0) {
      for (Volume volume : volumes.list()) {
        if (volume.isHeld() && !isUnderWay(volume.group())) {
          volume.setHeld(false);
          releaseAll(volume);
        }
      }
    }
    return work;
  }

  private boolean isUnderWay(String group) {
    for (Pending cut : pending) {
      if (cut.volume().group().equals(group)) {
        return true;
      }
    }
    return false;
  }

  private void releaseAll(Volume volume) {
    for (int r = records.localHeadOf(volume.index());
        r != WriteRecords.NONE;
        r = records.localNextOf(r)) {
      records.release(r);
    }
  }
}
