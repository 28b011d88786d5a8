package farside.rig.description;

import farside.driver.rawdisk.DeviceIdentity;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// That no drive of a rig is another one's, nor a file that a site needs for itself.
final class DriveChecks {
  private static final Set<String> OWN_FILES = Set.of(
      "nvram", Rig.OWN_LOG, "control.sock", "console.history", "farside.log", "farside.log.1");

  private final Rig rig;
  private final Mistakes mistakes;

  /// Of each file that has an owner, by its path from the run directory.
  private final Map<String, String> ownerOfFile = new HashMap<>();

  private final Map<String, String> driveOfDisk = new HashMap<>();

  DriveChecks(Rig rig, Mistakes mistakes) {
    this.rig = rig;
    this.mistakes = mistakes;
  }

  void check() {
    rig.cabinets().forEach(this::checkLog);
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      for (int i = 0; i < cabinet.drives().size(); i++) {
        Rig.Drive drive = cabinet.drives().get(i);
        String pointer = "/sites/%s/drives/%d/".formatted(cabinet.site(), i);
        String name = cabinet.site() + "/" + drive.name();
        switch (drive.medium()) {
          case Rig.Medium.SparseFile(String path, boolean _) ->
            checkFile(cabinet.site(), name, path, pointer + "file");
          case Rig.Medium.Disk disk -> checkDisk(cabinet.site(), name, disk, pointer);
        }
      }
    }
  }

  private void checkLog(Rig.Cabinet cabinet) {
    if (!cabinet.isNvramPowerSafe()) {
      return;
    }
    String path = cabinet.nvramLog();
    String other =
        ownerOfFile.putIfAbsent(fileOf(cabinet.site(), path), cabinet.site() + "/nvramLog");
    if (other != null || OWN_FILES.contains(path) && !path.equals(Rig.OWN_LOG)) {
      mistakes.refuse(
          "/sites/%s/nvramLog".formatted(cabinet.site()),
          "%s is the file of something else".formatted(path),
          "Give the log a file of its own.");
    }
  }

  private void checkFile(String site, String drive, String path, String pointer) {
    if (OWN_FILES.contains(path)) {
      mistakes.refuse(
          pointer,
          "the site keeps a file of its own named %s".formatted(path),
          "Name it otherwise.");
    }
    String other = ownerOfFile.putIfAbsent(fileOf(site, path), drive);
    if (other != null && !other.equals(drive)) {
      mistakes.refuse(
          pointer,
          "drives %s and %s have the same file".formatted(other, drive),
          "Give each drive its own file.");
    }
  }

  private static String fileOf(String site, String path) {
    return path.startsWith("/") ? path : site + "/" + path;
  }

  /// Two sites may be two machines, whose disks may well have the same path. A disk's serial goes
  /// with it.
  private void checkDisk(String site, String drive, Rig.Medium.Disk disk, String pointer) {
    refuseSecond(site + " " + disk.path(), drive, pointer + "path");
    DeviceIdentity identity = disk.identity();
    if (!identity.value().isEmpty()) {
      boolean isEverywhere = identity.kind() == DeviceIdentity.Kind.SERIAL
          || identity.kind() == DeviceIdentity.Kind.WWID;
      refuseSecond((isEverywhere ? "" : site) + " " + identity, drive, pointer + "identity");
    }
  }

  private void refuseSecond(String disk, String drive, String pointer) {
    String other = driveOfDisk.putIfAbsent(disk, drive);
    if (other != null && !other.equals(drive)) {
      mistakes.refuse(
          pointer,
          "drives %s and %s are the same disk".formatted(other, drive),
          "Give each drive a disk of its own.");
    }
  }
}
