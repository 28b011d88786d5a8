package farside.driver.rawdisk;

import java.util.ArrayList;
import java.util.List;

/// What tells a PC to leave the disks of a rig alone: a guest's file systems on them are not to be
/// mounted, nor its volumes assembled, by the machine that the rig runs on.
///
/// The rules go by the same identities as the rig, not by names that change. They come after
/// those that look at what is on a disk (60-persistent-storage), and take away what these have
/// found, before those that act on it (LVM, md, btrfs, udisks, systemd).
public final class HandsOff {
  private static final String ACTION = "ENV{ID_FS_TYPE}=\"\", ENV{ID_FS_USAGE}=\"\","
      + " ENV{ID_PART_TABLE_TYPE}=\"\", ENV{UDISKS_IGNORE}=\"1\", ENV{SYSTEMD_READY}=\"0\","
      + " OPTIONS:=\"nowatch\"";

  private HandsOff() {}

  /// The lines of a rules file of udev.
  public static List<String> udevRules(List<RawDisk.Setup> disks) {
    List<String> lines = new ArrayList<>();
    for (RawDisk.Setup disk : disks) {
      for (String match : matches(disk.identity())) {
        lines.add("ACTION!=\"remove\", SUBSYSTEM==\"block\", " + match + ", " + ACTION);
      }
    }
    return lines;
  }

  /// A partition has the serial of its disk too: `ATTRS` looks at what it is a part of. That of a
  /// SATA or SCSI disk is not in an attribute, but in what udev itself has learned.
  private static List<String> matches(DeviceIdentity identity) {
    String value = glob(identity.value());
    return switch (identity.kind()) {
      case SERIAL ->
        List.of("ATTRS{serial}==\"" + value + "\"", "ENV{ID_SERIAL_SHORT}==\"" + value + "\"");
      case WWID -> List.of("ATTRS{wwid}==\"" + value + "\"", "ENV{DM_UUID}==\"" + value + "\"");
      case BACKING_FILE -> List.of("ATTRS{loop/backing_file}==\"" + value + "\"");
      case RAM_DISK -> List.of("KERNEL==\"" + value + "\"");
    };
  }

  /// What would mean something else to udev may be any character.
  private static String glob(String value) {
    return value.replaceAll("[\"*?|\\[\\]\\\\]", "?");
  }

  /// The line for the `devices` section of `/etc/lvm/lvm.conf`.
  public static String lvmFilter(List<RawDisk.Setup> disks) {
    StringBuilder filter = new StringBuilder("global_filter = [ ");
    for (RawDisk.Setup disk : disks) {
      filter
          .append("\"r|^")
          .append(disk.path().toString().replaceAll("[^A-Za-z0-9/_:-]", "."))
          .append("(p[0-9]+|-part[0-9]+)?$|\", ");
    }
    return filter.append("\"a|.*|\" ]").toString();
  }
}
