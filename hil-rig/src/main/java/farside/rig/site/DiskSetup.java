package farside.rig.site;

import farside.driver.rawdisk.RawDisk;
import farside.rig.description.Rig;

/// What the driver of raw disks is told of a drive: the same for who opens it and for who only
/// looks.
public final class DiskSetup {
  private DiskSetup() {}

  public static RawDisk.Setup of(Rig.Cabinet cabinet, Rig.Drive drive, Rig.Medium.Disk disk) {
    return new RawDisk.Setup(
        drive.name(),
        disk.path(),
        disk.identity(),
        drive.sizeBytes(),
        disk.blockBytes(),
        disk.erase(),
        cabinet.serial());
  }
}
