package farside.disk;

import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.director.Director;
import farside.director.EventLog;
import farside.port.DrivePort;
import farside.volume.DriveFigures;
import farside.volume.DriveLabel;
import farside.volume.Labels;
import farside.volume.Volumes;
import java.util.List;

/// The disk adapter (DA): moves data between the cache and the cabinet's drives (E-12, E-13).
///
/// It takes released write records to their drives, sooner as memory fills, in elevator order,
/// fills track slots that others wait for, or will, flushes, and keeps the drives' labels.
public final class DiskAdapter implements Director, DriveFigures.Source {
  /// Bytes of work memory that each drive needs, aligned to 4096.
  public static final int WORK_BYTES_PER_DRIVE = 2 * DriveLabel.BYTES;

  private final DriveUnit[] units;
  private final SlotDirectory slots;
  private final Volumes volumes;

  /// @param workAddress memory of [#WORK_BYTES_PER_DRIVE] for each drive
  public DiskAdapter(
      List<DrivePort> drives,
      DrivePatience patience,
      Labels labels,
      GlobalMemory memory,
      Volumes volumes,
      EventLog events,
      long workAddress) {
    this.slots = memory.slots();
    this.volumes = volumes;
    units = new DriveUnit[drives.size()];
    for (int i = 0; i < units.length; i++) {
      units[i] = new DriveUnit(
          i,
          drives.get(i),
          patience,
          labels,
          memory,
          events,
          workAddress + (long) i * WORK_BYTES_PER_DRIVE);
    }
  }

  @Override
  public String name() {
    return "DA";
  }

  /// Takes what the drives have done since, and gives them nothing more to do yet.
  public int hear(long nowNs) {
    int work = 0;
    for (DriveUnit unit : units) {
      work += unit.hear(nowNs);
    }
    return work;
  }

  @Override
  public int doWork(long nowNs) {
    int work = 0;
    for (DriveUnit unit : units) {
      work += unit.doWork(nowNs);
    }
    work += stageWanted();
    for (DriveUnit unit : units) {
      work += unit.readAhead();
    }
    return work;
  }

  /// True if no drive works for this cabinet, but for those that hang.
  public boolean isIdle() {
    for (DriveUnit unit : units) {
      if (unit.inFlight() > 0 && !unit.isOutOfUse()) {
        return false;
      }
    }
    return true;
  }

  /// True if somebody waits for what a drive reads, and the drive does not hang.
  public boolean isReading() {
    for (DriveUnit unit : units) {
      if (unit.isReading() && !unit.isOutOfUse()) {
        return true;
      }
    }
    return false;
  }

  /// True if nobody is to wait for the drive: it hangs, or came back as another.
  public boolean isOutOfUse(int drive) {
    return units[drive].isOutOfUse();
  }

  /// True if the drive keeps its label, or does not take one, and nobody knows for how long.
  public boolean isAwaited(int drive) {
    return units[drive].isAwaited();
  }

  private int stageWanted() {
    int work = 0;
    // Each waiting slot is looked at once: one whose drive is busy goes back to the end, so that
    // after all of them the order is as before. To go on from there would have a round's length
    // decide whose turn it is when the drive has room.
    for (int i = slots.wantedCount(); i > 0; i--) {
      int slot = slots.pollWanted();
      if (slot == SlotDirectory.NONE) {
        break;
      }
      if (slots.isInDoubt(slots.volumeIndexOf(slot))) {
        // The peer is asked instead, or whoever wants it is told that it cannot be read.
        slots.onDriveNotAsked(slot);
        work++;
        continue;
      }
      int drive = volumes.get(slots.volumeIndexOf(slot)).driveIndex();
      int before = units[drive].inFlight();
      if (!units[drive].stage(slot)) {
        slots.requeueWanted(slot);
      }
      work += units[drive].inFlight() - before;
    }
    return work;
  }

  @Override
  public long nextDeadlineNs() {
    long deadline = NO_DEADLINE;
    for (DriveUnit unit : units) {
      deadline = Director.sooner(deadline, unit.nextDeadlineNs());
    }
    return deadline;
  }

  @Override
  public int driveCount() {
    return units.length;
  }

  @Override
  public DriveFigures figures(int drive) {
    return units[drive].figures();
  }
}
