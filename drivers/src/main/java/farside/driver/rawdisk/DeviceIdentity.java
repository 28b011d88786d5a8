package farside.driver.rawdisk;

/// What tells one disk from every other, whatever name it has today: `/dev/sdb` may be another
/// disk after the next start of the machine.
///
/// @param value such as `Z1X3`, as the kernel shows it
public record DeviceIdentity(Kind kind, String value) {
  /// | kind         | where the kernel shows it                                        |
  /// |--------------|------------------------------------------------------------------|
  /// | SERIAL       | `serial` (NVMe, virtio), `device/serial`, `device/vpd_pg80` (SCSI) |
  /// | WWID         | `wwid` (NVMe), `device/wwid` (SCSI, SATA), `dm/uuid` (mapper)    |
  /// | BACKING_FILE | `loop/backing_file`: the path of the file behind a loop device   |
  /// | RAM_DISK     | the device's own name, for `zram` and `ram` only                 |
  ///
  /// What is on a disk in memory is gone with the machine's power, and so is whatever it could be
  /// mistaken for: its name is enough.
  public enum Kind {
    SERIAL("serial"),
    WWID("wwid"),
    BACKING_FILE("backingFile"),
    RAM_DISK("ramDisk");

    private final String key;

    Kind(String key) {
      this.key = key;
    }

    /// What a rig calls it.
    public String key() {
      return key;
    }
  }

  @Override
  public String toString() {
    return kind.key + " " + value;
  }
}
