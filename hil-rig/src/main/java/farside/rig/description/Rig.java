package farside.rig.description;

import farside.cabinet.CabinetDescription;
import farside.driver.rawdisk.DeviceIdentity;
import farside.volume.AckMode;
import farside.volume.DriveLabel;
import farside.volume.VolumeRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A rig as its file describes it, after all checks: whoever holds one need not check again.
///
/// @param name the file's name without `.yaml`; names the run directory
/// @param cabinets in the order of the file
/// @param links none, or those between the two sites, which carry one session together
public record Rig(
    String name,
    List<Cabinet> cabinets,
    List<Link> links,
    List<Group> groups,
    List<Volume> volumes) {
  /// The label area at the end of every drive: a volume may fill what lies before it.
  static final long DRIVE_RESERVED_BYTES = DriveLabel.RESERVED_BYTES;

  /// The log of a power-safe NVRAM, unless the rig names another file.
  static final String OWN_LOG = "nvram-log";

  static final int TRACK_BYTES = 65_536;
  static final int READ_SLOTS_PER_MIB = (1 << 20) / TRACK_BYTES;

  public Rig {
    cabinets = List.copyOf(cabinets);
    links = List.copyOf(links);
    groups = List.copyOf(groups);
    volumes = List.copyOf(volumes);
  }

  /// The cabinet of one site.
  ///
  /// @param site such as `A`
  /// @param serial what the peer knows the cabinet by
  /// @param nbd where hosts reach it
  /// @param nbdTls how hosts and head prove who they are; null: nothing is encrypted
  /// @param isNvramPowerSafe what is in NVRAM survives the loss of the machine's power
  /// @param nvramLog from the site's run directory unless absolute
  public record Cabinet(
      String site,
      String serial,
      HostAddress nbd,
      NbdTls nbdTls,
      int nvramMiB,
      boolean isNvramPowerSafe,
      String nvramLog,
      int readCacheMiB,
      int linkTimeoutMs,
      int heartbeatMs,
      int driveSlowMs,
      int driveHungMs,
      List<SerialLine> consoles,
      List<Drive> drives) {
    public Cabinet {
      consoles = List.copyOf(consoles);
      drives = List.copyOf(drives);
    }

    public long nvramBytes() {
      return (long) nvramMiB << 20;
    }

    /// Track slots of the read cache.
    int readSlots() {
      return readCacheMiB * READ_SLOTS_PER_MIB;
    }

    Optional<Drive> drive(String name) {
      return drives.stream().filter(drive -> drive.name().equals(name)).findFirst();
    }
  }

  /// Paths from the site's run directory unless absolute.
  ///
  /// @param clients null: any host may come
  public record NbdTls(String certificate, String key, String clients) {}

  /// A line at which the service processor can be asked.
  ///
  /// @param driver `serial-console`
  /// @param parity `none`, `odd` or `even`
  /// @param flowControl `none`, `rts-cts` or `xon-xoff`
  /// @param rows of the screen; 0: answers are not paged
  /// @param password its hash; empty if none is asked for
  /// @param idleLogoutMinutes 0: never
  public record SerialLine(
      String driver,
      String device,
      int baud,
      int dataBits,
      String parity,
      int stopBits,
      String flowControl,
      int rows,
      int columns,
      String password,
      int idleLogoutMinutes) {}

  /// @param sizeBytes of the whole drive, label area and all
  public record Drive(String name, long sizeBytes, Medium medium) {}

  /// What a drive is made of.
  public sealed interface Medium {
    /// `file-disk`.
    ///
    /// @param path from the site's run directory unless absolute
    /// @param direct past the page cache
    record SparseFile(String path, boolean direct) implements Medium {}

    /// `raw-disk`.
    ///
    /// @param path where to look for it
    /// @param identity what tells it from every other disk
    /// @param erase what is on it is given up if it carries no label
    record Disk(Path path, DeviceIdentity identity, int blockBytes, boolean erase)
        implements Medium {}
  }

  /// @param driver `link-tcp`
  /// @param connectAddress where the calling site finds the listening one
  public record Link(
      String name,
      String driver,
      String listenSite,
      HostAddress listenAddress,
      String connectSite,
      HostAddress connectAddress) {
    /// False if that site calls.
    public boolean listensAt(String site) {
      return listenSite.equals(site);
    }

    /// Where that site listens, or calls.
    public HostAddress addressAt(String site) {
      return listensAt(site) ? listenAddress : connectAddress;
    }
  }

  /// @param mode `real-time`
  public record Group(String name, String mode, AckMode ack, String r1Site) {}

  /// @param number 0x0010 for volume `0010`
  /// @param group empty for a local volume
  /// @param holders where it lies: R1 then R2, or the one place of a local volume
  public record Volume(
      int number, long sizeBytes, int blockBytes, String group, List<Holder> holders) {
    public Volume {
      holders = List.copyOf(holders);
    }

    /// The number as hosts and operators write it, such as `0010`.
    public String name() {
      return String.format(Locale.ROOT, "%04X", number);
    }

    public Optional<Holder> holderAt(String site) {
      return holders.stream().filter(holder -> holder.site().equals(site)).findFirst();
    }

    public boolean isMirrored() {
      return holders.size() == 2;
    }
  }

  /// One mirror of a volume.
  public record Holder(VolumeRole role, String site, String drive) {}

  public List<String> sites() {
    return cabinets.stream().map(Cabinet::site).toList();
  }

  public Optional<Cabinet> cabinet(String site) {
    return cabinets.stream().filter(cabinet -> cabinet.site().equals(site)).findFirst();
  }

  /// The volumes that a site holds, whatever their role there.
  public List<Volume> volumesAt(String site) {
    return volumes.stream().filter(volume -> volume.holderAt(site).isPresent()).toList();
  }

  private AckMode ackOf(Volume volume) {
    return groups.stream()
        .filter(group -> group.name().equals(volume.group()))
        .map(Group::ack)
        .findFirst()
        .orElse(AckMode.RECEIVED);
  }

  /// What the microcode of one site is told: facts without devices.
  public CabinetDescription describe(Cabinet cabinet) {
    String peerSerial = links.isEmpty()
        ? ""
        : cabinets.stream()
            .filter(other -> !other.site().equals(cabinet.site()))
            .map(Cabinet::serial)
            .findFirst()
            .orElse("");
    List<CabinetDescription.VolumeDescription> described = new ArrayList<>();
    for (Volume volume : volumes) {
      volume
          .holderAt(cabinet.site())
          .ifPresent(holder -> described.add(new CabinetDescription.VolumeDescription(
              volume.number(),
              holder.role(),
              volume.group(),
              ackOf(volume),
              volume.sizeBytes(),
              volume.blockBytes(),
              holder.drive())));
    }
    return new CabinetDescription(
        cabinet.site(),
        cabinet.serial(),
        peerSerial,
        cabinet.readSlots(),
        cabinet.linkTimeoutMs(),
        cabinet.heartbeatMs(),
        cabinet.driveSlowMs(),
        cabinet.driveHungMs(),
        cabinet.drives().stream()
            .map(drive -> new CabinetDescription.DriveDescription(drive.name()))
            .toList(),
        described,
        links.stream()
            .map(link -> new CabinetDescription.LinkDescription(link.name()))
            .toList());
  }
}
