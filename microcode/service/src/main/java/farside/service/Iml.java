package farside.service;

import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.CabinetRefused;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.NvramPort;
import farside.port.RandomPort;
import farside.volume.DriveLabel;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// IML: brings a cabinet from what its NVRAM and the labels of its drives say to a state in
/// which hosts are served.
///
/// | phase | what | ends when |
/// |-------|------|-----------|
/// | LABELS | the disk adapter reads every drive's label | all are read |
/// | TAKEOVER | standings and records from NVRAM, else from the labels | at once |
/// | LABELLING | every label is written as open | all are on the drives |
/// | COMPLETE | volumes are ready but those that must ask the peer first | - |
///
/// Every refusal comes before the first byte is written to any drive.
public final class Iml {
  /// Where IML stands.
  public enum Phase {
    LABELS,
    LABELLING,
    COMPLETE
  }

  private final Volumes volumes;
  private final Labels labels;
  private final GlobalMemory memory;
  private final RandomPort random;
  private final EventLog events;
  private final NvramPort.Contents found;
  private Phase phase = Phase.LABELS;
  private final long[] tickets;
  private final List<Volume> drafted = new ArrayList<>();
  private int recordsKept;

  public Iml(
      String site,
      NvramPort.Contents found,
      Volumes volumes,
      Labels labels,
      GlobalMemory memory,
      RandomPort random,
      EventLog events) {
    this.found = found;
    this.volumes = volumes;
    this.labels = labels;
    this.memory = memory;
    this.random = random;
    this.events = events;
    tickets = new long[labels.driveCount()];
    events.log(EventCode.IML_STARTED, site, found, memory.incarnation());
    if (found == NvramPort.Contents.LOST) {
      if (!memory.nvram().lossReason().isEmpty()) {
        events.log(EventCode.NVRAM_LOG_UNUSABLE, memory.nvram().lossReason());
      }
      events.log(EventCode.NVRAM_LOST);
    } else if (found == NvramPort.Contents.REBUILT) {
      events.log(EventCode.NVRAM_REBUILT);
    } else if (found == NvramPort.Contents.MENDED) {
      events.log(EventCode.NVRAM_MENDED);
    }
  }

  public boolean isComplete() {
    return phase == Phase.COMPLETE;
  }

  /// One step; returns how much was done.
  public int step(long nowNs) {
    return switch (phase) {
      case LABELS -> stepLabels(nowNs);
      case LABELLING -> stepLabelling();
      case COMPLETE -> 0;
    };
  }

  private int stepLabels(long nowNs) {
    for (int drive = 0; drive < labels.driveCount(); drive++) {
      if (labels.found(drive) == null) {
        return 0;
      }
    }
    refuseForeignDrives();
    takeOver(nowNs);
    phase = Phase.LABELLING;
    events.recordPhase("IML " + phase);
    return 1;
  }

  private int stepLabelling() {
    for (int drive = 0; drive < labels.driveCount(); drive++) {
      if (labels.volumeOf(drive) != null && !labels.isDurable(drive, tickets[drive])) {
        return 0;
      }
    }
    for (Volume volume : drafted) {
      volume.begin(volume.standing());
    }
    finish();
    phase = Phase.COMPLETE;
    return 1;
  }

  // ---- refusals ----

  private void refuseForeignDrives() {
    for (int drive = 0; drive < labels.driveCount(); drive++) {
      Volume volume = labels.volumeOf(drive);
      if (volume == null) {
        continue;
      }
      Labels.FoundLabel label = labels.found(drive);
      if (label.refusal() != null) {
        refuse(
            drive,
            label.refusal()
                + ". Nothing was written to it. Give the volume another drive, or remove this one if what is on it is not needed");
      }
      if (label.label() != null) {
        refuseForeignLabel(drive, volume, label.label());
      }
    }
  }

  private void refuseForeignLabel(int drive, Volume volume, DriveLabel label) {
    if (!label.serial().equals(labels.serial())) {
      refuse(
          drive,
          "its label belongs to cabinet " + label.serial() + ", this is " + labels.serial()
              + ". Put it back where it belongs, or correct the serial in the rig file");
    }
    if (label.volumeNumber() != volume.number()
        || label.volumeBytes() != volume.sizeBytes()
        || label.blockBytes() != volume.blockBytes()
        || label.role() != volume.role()) {
      refuse(
          drive,
          String.format(
              Locale.ROOT,
              "its label says volume %s, %s, %d bytes in blocks of %d; the rig says %s, %s, %d bytes in blocks of %d."
                  + " Correct the rig file, or give the volume another drive",
              Volume.nameOf(label.volumeNumber()),
              label.role(),
              label.volumeBytes(),
              label.blockBytes(),
              volume.name(),
              volume.role(),
              volume.sizeBytes(),
              volume.blockBytes()));
    }
  }

  /// An older label may say that the pair is synchronized though its source went on alone since:
  /// the peer's old content would go over what hosts were told is safe. Only NVRAM can say that
  /// nothing newer is missing. A copy that is torn is another matter: nothing rests on a label
  /// that was never whole.
  private void refuseOldLabel(int drive) {
    Labels.FoundLabel label = labels.found(drive);
    if (label.label() != null && label.doubt() != null) {
      refuse(
          drive,
          label.doubt()
              + "; it may be the newer one, and NVRAM that would know is lost. Nothing was written to it."
              + " Have the drive give that copy, or copy it to one that is whole. If the older label is to be"
              + " believed, whatever was written since, write 4096 zeroes over that copy");
    }
  }

  private void refuse(int drive, String why) {
    events.log(EventCode.DRIVE_REFUSED, labels.driveName(drive), why);
    throw new CabinetRefused("drive " + labels.driveName(drive) + " refused: " + why + ".");
  }

  // ---- take-over ----

  private void takeOver(long nowNs) {
    // First every standing is looked at and nothing is changed; a refusal leaves all as it was.
    boolean[] lost = new boolean[volumes.count()];
    for (Volume volume : volumes.list()) {
      lost[volume.index()] = isLost(volume);
      if (lost[volume.index()] && volume.role() != VolumeRole.LOCAL) {
        refuseOldLabel(volume.driveIndex());
      }
    }
    WriteRecords.Found records = memory.records().recover(this::onBadRecord, nowNs);
    recordsKept = records.kept();
    memory.numbers().recover(records.highestOwn());
    if (records.highestIncoming() > memory.peerReceived()) {
      memory.setPeerReceived(records.highestIncoming());
    }
    for (Volume volume : volumes.list()) {
      if (lost[volume.index()]) {
        beginAnew(volume, labels.found(volume.driveIndex()));
      }
    }
    for (int drive = 0; drive < labels.driveCount(); drive++) {
      if (labels.volumeOf(drive) != null) {
        if (labels.found(drive).label() == null) {
          labels.setLabelId(drive, random.nextNonZero());
        }
        tickets[drive] = labels.request(drive);
      }
    }
  }

  /// True if NVRAM says nothing of the volume that may be believed.
  private boolean isLost(Volume volume) {
    Standing standing = volume.load();
    Labels.FoundLabel label = labels.found(volume.driveIndex());
    if (standing == null) {
      return true;
    }
    boolean untouched = standing.generation() == 0
        && standing.zeroBased()
        && volume.table().owed().count() == 0;
    if (label.label() == null) {
      if (!untouched) {
        refuse(
            volume.driveIndex(),
            "it is new, but NVRAM knows volume " + volume.name()
                + " on it. Put the drive back; or remove the nvram file too, if the volume is to begin empty");
      }
      return false;
    }
    if (label.label().incarnation() == memory.incarnation()) {
      return false;
    }
    // NVRAM began anew and took this volume over from its label, and the label was not written
    // again before the stop.
    return true;
  }

  private void beginAnew(Volume volume, Labels.FoundLabel found) {
    boolean mirrored = volume.role() != VolumeRole.LOCAL;
    if (found.label() == null) {
      Standing fresh =
          Standing.fresh(mirrored ? PairState.UNPAIRED : PairState.NOT_MIRRORED, found.knownZero());
      if (found.knownZero()) {
        volume.begin(fresh);
      } else {
        drafted.add(volume);
        volume.draft(fresh);
      }
      return;
    }
    Standing old = found.label().standing();
    Standing next = switch (volume.role()) {
      case LOCAL -> old;
      case R1 -> sourceAfterLoss(old);
      case R2 ->
        old.pairState() == PairState.UNPAIRED || isWholeOnDrive(old) ? old : old.receiving();
    };
    volume.begin(next);
    if (volume.role() == VolumeRole.R2 && isWholeOnDrive(next)) {
      // What its R1 may lack is not known any more, should the R1 have lost its memory too: any
      // track.
      volume.table().pending().setAll();
    }
    if (volume.role() == VolumeRole.R1
        && next.pairState() != PairState.UNPAIRED
        && next.pairState() != PairState.RESTORING) {
      // Nobody knows any more what the peer lacks: all of it.
      volume.table().owed().setAll();
    }
  }

  /// True of a target whose drive holds everything that was acknowledged: it lost nothing with
  /// the NVRAM.
  private static boolean isWholeOnDrive(Standing target) {
    return target.pairState() == PairState.SYNCHRONIZED
        && target.stored()
        && !target.inconsistent();
  }

  private static Standing sourceAfterLoss(Standing old) {
    if (old.behind()) {
      // What hosts were told is on the peer's drive: it waits for the peer, also for one whose
      // history fits.
      return old.with(PairState.RESTORING);
    }
    return switch (old.pairState()) {
      case SYNCHRONIZED, SYNC_FINISHING, RESTORING -> old.with(PairState.RESTORING);
      case SYNC_IN_PROG, SUSPENDED -> old.with(PairState.SUSPENDED).notZeroBased();
      case UNPAIRED, CONFLICT, NOT_MIRRORED -> old.notZeroBased();
    };
  }

  private void onBadRecord(int record, int volumeIndex, int track, boolean localPending) {
    Volume volume = volumes.get(volumeIndex);
    events.log(EventCode.RECORD_CRC_BAD, record, volume.name());
    if (volume.role() == VolumeRole.R1) {
      PairState state = volume.standing() == null ? PairState.UNPAIRED : volume.pairState();
      boolean hasPeerAll = state.waitsForPeer()
          || state == PairState.RESTORING
          || volume.standing() != null && volume.standing().behind();
      if (localPending && hasPeerAll) {
        // The peer has it, if anybody was told that it is there; and the peer keeps the track as
        // pending, since no watermark of ours has passed the record, or gives back all.
        volume.begin(volume.standing().with(PairState.RESTORING));
      } else {
        // What the drive has is the best there is.
        volume.table().owed().set(track);
      }
    } else if (volume.role() == VolumeRole.R2 && volume.standing() != null) {
      // It lost what it had acknowledged, and its source, which may have gone alone since, owes
      // it other tracks only. So it forgets that it was ever paired, before the record is
      // forgotten: its source copies everything.
      volume.begin(Standing.fresh(PairState.UNPAIRED, false));
    }
  }

  private void finish() {
    // Not sooner: a write of a group that was being cut, of which its host was not told, would be
    // on a drive whose label says that the peer has all that it has.
    memory.records().releaseRecovered();
    for (Volume volume : volumes.list()) {
      if (volume.role() == VolumeRole.LOCAL && volume.standing().zeroBased()) {
        // Nothing tells from here on whether hosts wrote to it. So a drive that is new the next
        // time, because the right one was not there, is refused and not taken for this one.
        volume.become(volume.standing().notZeroBased(), "in service");
      }
      if (volume.pairState() == PairState.RESTORING) {
        volume.setNotReady(
            "what NVRAM held of it is lost, and it was synchronized; waiting for the peer to give back what it has");
      } else {
        volume.setReady();
      }
    }
    events.log(EventCode.IML_COMPLETE, recordsKept, volumes.count());
  }

  /// What the NVRAM held when it was opened.
  public NvramPort.Contents found() {
    return found;
  }
}
