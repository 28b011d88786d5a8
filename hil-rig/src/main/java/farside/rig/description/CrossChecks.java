package farside.rig.description;

import com.fasterxml.jackson.databind.JsonNode;
import farside.driver.rawdisk.DeviceIdentity;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The third gate: what a schema cannot say, because it takes two places of the text to see it.
///
/// Reads a text that the schema let through, and collects every mistake rather than the first.
final class CrossChecks {
  private static final String OWN_LOG = "nvram-log";
  private static final Set<String> OWN_FILES =
      Set.of("nvram", OWN_LOG, "control.sock", "console.history", "farside.log", "farside.log.1");
  private static final int PORT_MAX = 65_535;
  private static final int SCREEN_ROWS_MIN = 5;

  private static final List<String> KEYS_OF_FILE = List.of("file");
  private static final List<String> KEYS_OF_DISK =
      List.of("path", "identity", "blockBytes", "erase");

  private final YamlText text;
  private final List<Mistake> mistakes = new ArrayList<>();
  private final Rig rig;

  CrossChecks(String name, YamlText text) {
    this.text = text;
    JsonNode root = text.root();
    List<Rig.Cabinet> cabinets = new ArrayList<>();
    root.path("sites")
        .properties()
        .forEach(entry -> cabinets.add(cabinet(entry.getKey(), entry.getValue())));
    List<Rig.Link> links = new ArrayList<>();
    for (JsonNode link : root.path("links")) {
      links.add(link(link, "/links/" + links.size(), cabinets));
    }
    List<Rig.Group> groups = new ArrayList<>();
    root.path("groups")
        .properties()
        .forEach(entry -> groups.add(group(entry.getKey(), entry.getValue(), cabinets)));
    List<Rig.Volume> volumes = new ArrayList<>();
    root.path("volumes")
        .properties()
        .forEach(entry -> volumes.add(volume(entry.getKey(), entry.getValue(), cabinets)));
    rig = new Rig(name, cabinets, links, groups, volumes);
    checkSerials();
    checkConsoles();
    checkDriveFiles();
    checkDisks();
    checkListeners();
    checkLinks();
    checkGroupsOfVolumes();
    checkOneVolumePerDrive();
    checkReadCaches();
    checkMirroredHaveLink();
  }

  /// To be used only if there are no [#mistakes].
  Rig rig() {
    return rig;
  }

  List<Mistake> mistakes() {
    return mistakes;
  }

  private Rig.Cabinet cabinet(String site, JsonNode node) {
    String pointer = "/sites/" + site;
    int linkTimeoutMs = node.path("linkTimeoutMs").asInt(2000);
    int heartbeatMs = node.path("heartbeatMs").asInt(500);
    if (heartbeatMs * 2 > linkTimeoutMs) {
      refuse(
          pointer + (node.has("heartbeatMs") ? "/heartbeatMs" : "/linkTimeoutMs"),
          "a sign of life every %d ms is too seldom for a link timeout of %d ms"
              .formatted(heartbeatMs, linkTimeoutMs),
          "Let heartbeatMs be at most half of linkTimeoutMs.");
    }
    int driveSlowMs = node.path("driveSlowMs").asInt(2000);
    int driveHungMs = node.path("driveHungMs").asInt(30_000);
    if (driveSlowMs * 2 > driveHungMs) {
      refuse(
          pointer + (node.has("driveHungMs") ? "/driveHungMs" : "/driveSlowMs"),
          "a drive that is slow after %d ms cannot be given up after %d ms"
              .formatted(driveSlowMs, driveHungMs),
          "Let driveHungMs be at least twice driveSlowMs.");
    }
    List<Rig.Drive> drives = new ArrayList<>();
    for (JsonNode drive : node.path("drives")) {
      String drivePointer = pointer + "/drives/" + drives.size();
      String name = drive.path("name").asText();
      if (drives.stream().anyMatch(other -> other.name().equals(name))) {
        refuse(
            drivePointer + "/name",
            "site %s has two drives named %s".formatted(site, name),
            "Rename one of them.");
      }
      drives.add(drive(name, drive, drivePointer));
    }
    return new Rig.Cabinet(
        site,
        node.path("serial").asText(),
        address(node.path("nbd"), pointer + "/nbd"),
        tls(node.path("nbdTls")),
        node.path("nvramMiB").asInt(64),
        isNvramPowerSafe(node, pointer),
        node.path("nvramLog").asText(OWN_LOG),
        node.path("readCacheMiB").asInt(16),
        linkTimeoutMs,
        heartbeatMs,
        driveSlowMs,
        driveHungMs,
        consoles(node),
        drives);
  }

  private boolean isNvramPowerSafe(JsonNode node, String pointer) {
    boolean powerSafe = node.path("nvram").asText().equals("power-safe");
    if (node.has("nvramLog") && !powerSafe) {
      refuse(
          pointer + "/nvramLog",
          "the NVRAM has a log only if it is power-safe",
          "Say `nvram: power-safe`, or remove nvramLog.");
    }
    return powerSafe;
  }

  private Rig.Drive drive(String name, JsonNode node, String pointer) {
    boolean isDisk = node.path("driver").asText().equals("raw-disk");
    for (String key : isDisk ? KEYS_OF_FILE : KEYS_OF_DISK) {
      if (node.has(key)) {
        refuse(
            pointer + "/" + key,
            "drive %s is a %s and has no `%s`"
                .formatted(name, node.path("driver").asText(), key),
            isDisk
                ? "Remove it: a disk is found by its `path`."
                : "Remove it, or say `driver: raw-disk` if the drive is a disk.");
      }
    }
    if (!isDisk) {
      return new Rig.Drive(
          name,
          sizeBytes(node, pointer, "drive " + name, 257, Rig.TRACK_BYTES),
          new Rig.Medium.SparseFile(node.path("file").asText(name + ".img")));
    }
    for (String wanted : List.of("path", "identity")) {
      if (!node.has(wanted)) {
        refuseKey(
            pointer,
            "drive %s is a raw-disk and has no `%s`".formatted(name, wanted),
            wanted.equals("path")
                ? "Add `path:`, such as /dev/disk/by-id/ata-..."
                : "Add `identity:` with the disk's serial, wwid or backingFile, such as"
                    + " `identity: {serial: Z1X3}`; `farside preflight` shows what a disk has.");
      }
    }
    int blockBytes = node.path("blockBytes").asInt(512);
    return new Rig.Drive(
        name,
        sizeBytes(node, pointer, "drive " + name, 257, blockBytes),
        new Rig.Medium.Disk(
            Path.of(node.path("path").asText()),
            identity(node.path("identity")),
            blockBytes,
            node.has("erase")));
  }

  /// The schema has seen to it that there is exactly one.
  private static DeviceIdentity identity(JsonNode node) {
    for (DeviceIdentity.Kind kind : DeviceIdentity.Kind.values()) {
      if (node.has(kind.key())) {
        return new DeviceIdentity(kind, node.path(kind.key()).asText());
      }
    }
    return new DeviceIdentity(DeviceIdentity.Kind.SERIAL, "");
  }

  private static Rig.NbdTls tls(JsonNode node) {
    return node.isMissingNode()
        ? null
        : new Rig.NbdTls(
            node.path("certificate").asText(),
            node.path("key").asText(),
            node.hasNonNull("clients") ? node.path("clients").asText() : null);
  }

  private static List<Rig.SerialLine> consoles(JsonNode site) {
    List<Rig.SerialLine> consoles = new ArrayList<>();
    for (JsonNode console : site.path("consoles")) {
      consoles.add(new Rig.SerialLine(
          console.path("driver").asText(),
          console.path("device").asText(),
          console.path("baud").asInt(9600),
          console.path("dataBits").asInt(8),
          console.path("parity").asText("none"),
          console.path("stopBits").asInt(1),
          console.path("flowControl").asText("none"),
          console.path("rows").asInt(24),
          console.path("columns").asInt(80),
          console.path("password").asText(""),
          console.path("idleLogoutMinutes").asInt(15)));
    }
    return consoles;
  }

  private Rig.Link link(JsonNode node, String pointer, List<Rig.Cabinet> cabinets) {
    String listenSite = site(node.at("/listen/site"), pointer + "/listen/site", cabinets);
    String connectSite = site(node.at("/connect/site"), pointer + "/connect/site", cabinets);
    if (listenSite.equals(connectSite)) {
      refuse(
          pointer + "/connect/site",
          "site %s is at both ends of the link".formatted(connectSite),
          "One site listens, the other connects.");
    }
    HostAddress listenAddress = address(node.at("/listen/address"), pointer + "/listen/address");
    JsonNode connectNode = node.at("/connect/address");
    HostAddress connectAddress = connectNode.isMissingNode()
        ? listenAddress
        : address(connectNode, pointer + "/connect/address");
    return new Rig.Link(
        node.path("name").asText(),
        node.path("driver").asText(),
        listenSite,
        listenAddress,
        connectSite,
        connectAddress);
  }

  private Rig.Group group(String name, JsonNode node, List<Rig.Cabinet> cabinets) {
    String r1Site = site(node.path("r1"), "/groups/" + name + "/r1", cabinets);
    return new Rig.Group(
        name,
        node.path("mode").asText("real-time"),
        AckMode.of(node.path("ack").asText("received")),
        r1Site);
  }

  private Rig.Volume volume(String name, JsonNode node, List<Rig.Cabinet> cabinets) {
    String pointer = "/volumes/" + name;
    int blockBytes = node.path("blockBytes").asInt(512);
    long sizeBytes = sizeBytes(node, pointer, "volume " + name, 256, Rig.TRACK_BYTES);
    List<Rig.Holder> holders = new ArrayList<>();
    boolean isLocal = node.has("local");
    if (isLocal && (node.has("r1") || node.has("r2") || node.has("group"))) {
      refuse(
          pointer + "/local",
          "volume %s is both local and mirrored".formatted(name),
          "Keep `local:`, or `group:`, `r1:` and `r2:`.");
    } else if (!isLocal) {
      for (String wanted : List.of("group", "r1", "r2")) {
        if (!node.has(wanted)) {
          refuseKey(
              pointer,
              "volume %s has no `%s`".formatted(name, wanted),
              "A mirrored volume has `group:`, `r1:` and `r2:`, one that is not mirrored only `local:`.");
        }
      }
    }
    addHolder(
        holders, VolumeRole.LOCAL, node.path("local"), pointer + "/local", sizeBytes, cabinets);
    addHolder(holders, VolumeRole.R1, node.path("r1"), pointer + "/r1", sizeBytes, cabinets);
    addHolder(holders, VolumeRole.R2, node.path("r2"), pointer + "/r2", sizeBytes, cabinets);
    if (holders.size() == 2 && holders.get(0).site().equals(holders.get(1).site())) {
      refuse(
          pointer + "/r2",
          "volume %s has both mirrors at site %s".formatted(name, holders.get(0).site()),
          "Put r2 at the other site.");
    }
    Rig.Volume volume = new Rig.Volume(
        Integer.parseInt(name, 16), sizeBytes, blockBytes, node.path("group").asText(""), holders);
    checkBlocks(volume, cabinets, pointer);
    return volume;
  }

  private void checkBlocks(Rig.Volume volume, List<Rig.Cabinet> cabinets, String pointer) {
    for (Rig.Holder holder : volume.holders()) {
      Rig.Cabinet cabinet = cabinetOf(holder.site(), cabinets);
      Rig.Drive drive = cabinet == null ? null : cabinet.drive(holder.drive()).orElse(null);
      if (drive != null
          && drive.medium() instanceof Rig.Medium.Disk disk
          && volume.blockBytes() % disk.blockBytes() != 0) {
        refuse(
            pointer,
            "the volume has blocks of %d bytes, but those of drive %s/%s are %d"
                .formatted(volume.blockBytes(), holder.site(), holder.drive(), disk.blockBytes()),
            "Set blockBytes: %d for the volume, or give it another drive."
                .formatted(disk.blockBytes()));
      }
    }
  }

  private void addHolder(
      List<Rig.Holder> holders,
      VolumeRole role,
      JsonNode node,
      String pointer,
      long volumeBytes,
      List<Rig.Cabinet> cabinets) {
    if (node.isMissingNode()) {
      return;
    }
    String[] siteAndDrive = node.asText().split("/", 2);
    holders.add(new Rig.Holder(role, siteAndDrive[0], siteAndDrive[1]));
    Rig.Cabinet cabinet = cabinetOf(siteAndDrive[0], cabinets);
    if (cabinet == null) {
      refuseUnknown(pointer, "site", siteAndDrive[0], sitesOf(cabinets));
      return;
    }
    Rig.Drive drive = cabinet.drive(siteAndDrive[1]).orElse(null);
    if (drive == null) {
      List<String> names = cabinet.drives().stream().map(Rig.Drive::name).toList();
      refuseUnknown(pointer, "drive at site " + cabinet.site(), siteAndDrive[1], names);
      return;
    }
    long roomBytes = drive.sizeBytes() - Rig.DRIVE_RESERVED_BYTES;
    if (volumeBytes > roomBytes) {
      refuse(
          pointer,
          "the volume has %d bytes, but drive %s has room for %d: the last MiB of its %d bytes is the label area"
              .formatted(volumeBytes, node.asText(), Math.max(0, roomBytes), drive.sizeBytes()),
          "Make the drive %d bytes or larger, or the volume smaller."
              .formatted(volumeBytes + Rig.DRIVE_RESERVED_BYTES));
    }
  }

  /// @param unitBytes what the size must be a multiple of: a track, or a block of a disk
  private long sizeBytes(
      JsonNode node, String pointer, String whose, int exampleMiB, int unitBytes) {
    boolean inMiB = node.has("sizeMiB");
    boolean inBytes = node.has("sizeBytes");
    if (inMiB && inBytes) {
      refuse(
          pointer + "/sizeBytes", whose + " has two sizes", "Keep sizeMiB or sizeBytes, not both.");
    } else if (!inMiB && !inBytes) {
      refuseKey(pointer, whose + " has no size", "Add `sizeMiB: %d`, say.".formatted(exampleMiB));
    }
    long bytes =
        inMiB ? node.path("sizeMiB").asLong() << 20 : node.path("sizeBytes").asLong();
    if (bytes % unitBytes != 0) {
      refuse(
          pointer + "/sizeBytes",
          "%d bytes are not a whole number of %s of %d bytes"
              .formatted(bytes, unitBytes == Rig.TRACK_BYTES ? "tracks" : "blocks", unitBytes),
          "The next that is: %d.".formatted((bytes / unitBytes + 1) * unitBytes));
    }
    return bytes;
  }

  private HostAddress address(JsonNode node, String pointer) {
    HostAddress address = HostAddress.parse(node.asText());
    if (address.port() > PORT_MAX) {
      refuse(
          pointer,
          "there is no port %d".formatted(address.port()),
          "Ports go up to %d.".formatted(PORT_MAX));
    }
    return address;
  }

  private String site(JsonNode node, String pointer, List<Rig.Cabinet> cabinets) {
    String site = node.asText();
    if (cabinetOf(site, cabinets) == null) {
      refuseUnknown(pointer, "site", site, sitesOf(cabinets));
    }
    return site;
  }

  private void checkSerials() {
    Map<String, String> siteOfSerial = new HashMap<>();
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      String other = siteOfSerial.putIfAbsent(cabinet.serial(), cabinet.site());
      if (other != null) {
        refuse(
            "/sites/" + cabinet.site() + "/serial",
            "sites %s and %s have the same serial %s"
                .formatted(other, cabinet.site(), cabinet.serial()),
            "Give each cabinet its own: it is how they tell each other apart.");
      }
    }
  }

  private void checkConsoles() {
    Map<String, String> siteOfDevice = new HashMap<>();
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      for (int i = 0; i < cabinet.consoles().size(); i++) {
        String pointer = "/sites/%s/consoles/%d".formatted(cabinet.site(), i);
        String device = cabinet.consoles().get(i).device();
        int rows = cabinet.consoles().get(i).rows();
        if (rows > 0 && rows < SCREEN_ROWS_MIN) {
          refuse(
              pointer + "/rows",
              "a screen of %d rows is too small for pages".formatted(rows),
              "Let it be %d or more, or 0 for answers without pages.".formatted(SCREEN_ROWS_MIN));
        }
        String other = siteOfDevice.putIfAbsent(device, cabinet.site());
        if (other != null) {
          refuse(
              pointer + "/device",
              "%s is the console of site %s already".formatted(device, other),
              "Give each console a line of its own.");
        }
      }
    }
  }

  private void checkLogFile(Rig.Cabinet cabinet, Map<String, String> ownerOfFile) {
    if (!cabinet.isNvramPowerSafe()) {
      return;
    }
    String path = cabinet.nvramLog();
    String file = path.startsWith("/") ? path : cabinet.site() + "/" + path;
    String other = ownerOfFile.putIfAbsent(file, cabinet.site() + "/nvramLog");
    if (other != null || OWN_FILES.contains(path) && !path.equals(OWN_LOG)) {
      refuse(
          "/sites/%s/nvramLog".formatted(cabinet.site()),
          "%s is the file of something else".formatted(path),
          "Give the log a file of its own.");
    }
  }

  private void checkDriveFiles() {
    Map<String, String> driveOfFile = new HashMap<>();
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      checkLogFile(cabinet, driveOfFile);
    }
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      for (int i = 0; i < cabinet.drives().size(); i++) {
        Rig.Drive drive = cabinet.drives().get(i);
        String pointer = "/sites/%s/drives/%d/file".formatted(cabinet.site(), i);
        if (!(drive.medium() instanceof Rig.Medium.SparseFile(String path))) {
          continue;
        }
        if (OWN_FILES.contains(path)) {
          refuse(
              pointer,
              "the site keeps a file of its own named %s".formatted(path),
              "Name it otherwise.");
        }
        String file = path.startsWith("/") ? path : cabinet.site() + "/" + path;
        String other = driveOfFile.putIfAbsent(file, cabinet.site() + "/" + drive.name());
        if (other != null && !other.equals(cabinet.site() + "/" + drive.name())) {
          refuse(
              pointer,
              "drives %s and %s/%s have the same file"
                  .formatted(other, cabinet.site(), drive.name()),
              "Give each drive its own file.");
        }
      }
    }
  }

  /// Two sites may be two machines, whose disks may well have the same path. A disk's serial goes
  /// with it.
  private void checkDisks() {
    Map<String, String> driveOf = new HashMap<>();
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      for (int i = 0; i < cabinet.drives().size(); i++) {
        Rig.Drive drive = cabinet.drives().get(i);
        if (!(drive.medium() instanceof Rig.Medium.Disk disk)) {
          continue;
        }
        String pointer = "/sites/%s/drives/%d/".formatted(cabinet.site(), i);
        String name = cabinet.site() + "/" + drive.name();
        boolean isEverywhere = disk.identity().kind() == DeviceIdentity.Kind.SERIAL
            || disk.identity().kind() == DeviceIdentity.Kind.WWID;
        refuseSecond(driveOf, cabinet.site() + " " + disk.path(), name, pointer + "path");
        if (disk.identity().value().isEmpty()) {
          continue;
        }
        refuseSecond(
            driveOf,
            (isEverywhere ? "" : cabinet.site()) + " " + disk.identity(),
            name,
            pointer + "identity");
      }
    }
  }

  private void refuseSecond(
      Map<String, String> driveOf, String what, String drive, String pointer) {
    String other = driveOf.putIfAbsent(what, drive);
    if (other != null && !other.equals(drive)) {
      refuse(
          pointer,
          "drives %s and %s are the same disk".formatted(other, drive),
          "Give each drive a disk of its own.");
    }
  }

  private void checkListeners() {
    Map<String, HostAddress> listeners = new LinkedHashMap<>();
    rig.cabinets()
        .forEach(cabinet -> listeners.put("/sites/" + cabinet.site() + "/nbd", cabinet.nbd()));
    for (int i = 0; i < rig.links().size(); i++) {
      listeners.put("/links/%d/listen/address".formatted(i), rig.links().get(i).listenAddress());
    }
    List<String> pointers = List.copyOf(listeners.keySet());
    for (int later = 1; later < pointers.size(); later++) {
      for (int earlier = 0; earlier < later; earlier++) {
        HostAddress address = listeners.get(pointers.get(later));
        if (address.clashesWith(listeners.get(pointers.get(earlier)))) {
          refuse(
              pointers.get(later),
              "%s is taken already, in line %d"
                  .formatted(address, text.valuePlace(pointers.get(earlier)).line()),
              "Give each listener a port of its own.");
          break;
        }
      }
    }
  }

  /// Two links that call at one place would be one, whose connections replace each other for ever.
  private void checkLinks() {
    for (int later = 1; later < rig.links().size(); later++) {
      Rig.Link link = rig.links().get(later);
      for (Rig.Link other : rig.links().subList(0, later)) {
        if (link.name().equalsIgnoreCase(other.name())) {
          refuse(
              "/links/%d/name".formatted(later),
              "there are two links named %s".formatted(link.name()),
              "Rename one of them.");
          break;
        }
      }
      for (Rig.Link other : rig.links().subList(0, later)) {
        if (link.connectSite().equals(other.connectSite())
            && link.connectAddress().clashesWith(other.connectAddress())
            && !link.listenAddress().clashesWith(other.listenAddress())) {
          refuse(
              "/links/%d/connect/address".formatted(later),
              "links %s and %s call at the same address %s"
                  .formatted(other.name(), link.name(), link.connectAddress()),
              "Give each link an address of its own.");
          break;
        }
      }
    }
  }

  private void checkGroupsOfVolumes() {
    for (Rig.Volume volume : rig.volumes()) {
      if (volume.group().isEmpty()) {
        continue;
      }
      String pointer = "/volumes/" + volume.name();
      Rig.Group group = rig.groups().stream()
          .filter(candidate -> candidate.name().equals(volume.group()))
          .findFirst()
          .orElse(null);
      if (group == null) {
        List<String> names = rig.groups().stream().map(Rig.Group::name).toList();
        refuseUnknown(pointer + "/group", "group", volume.group(), names);
        continue;
      }
      for (Rig.Holder holder : volume.holders()) {
        boolean isKnown = cabinetOf(holder.site(), rig.cabinets()) != null;
        if (isKnown && holder.role() == VolumeRole.R1 && !holder.site().equals(group.r1Site())) {
          refuse(
              pointer + "/r1",
              "the R1 of volume %s is at site %s, but that of its group %s at %s"
                  .formatted(volume.name(), holder.site(), group.name(), group.r1Site()),
              "All volumes of a group have their R1 at one site: choose another group, or swap r1 and r2.");
        }
      }
    }
  }

  private void checkOneVolumePerDrive() {
    Map<String, String> volumeOnDrive = new HashMap<>();
    for (Rig.Volume volume : rig.volumes()) {
      for (Rig.Holder holder : volume.holders()) {
        String drive = holder.site() + "/" + holder.drive();
        String other = volumeOnDrive.putIfAbsent(drive, volume.name());
        if (other != null && !other.equals(volume.name())) {
          String key = holder.role() == VolumeRole.LOCAL
              ? "local"
              : holder.role() == VolumeRole.R1 ? "r1" : "r2";
          refuse(
              "/volumes/" + volume.name() + "/" + key,
              "drive %s holds volume %s already".formatted(drive, other),
              "A drive holds one volume, so that it can be pulled and mounted anywhere: give this one another drive.");
        }
      }
    }
  }

  /// Each volume has a slot that no other takes, however many a drive that hangs keeps.
  private void checkReadCaches() {
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      int held = rig.volumesAt(cabinet.site()).size();
      if (held > cabinet.readSlots()) {
        refuse(
            "/sites/%s/readCacheMiB".formatted(cabinet.site()),
            "a read cache of %d tracks is too small for the %d volumes of site %s"
                .formatted(cabinet.readSlots(), held, cabinet.site()),
            "Each volume needs a track of its own: let readCacheMiB be %d or more."
                .formatted(Math.ceilDiv(held, Rig.READ_SLOTS_PER_MIB)));
      }
    }
  }

  private void checkMirroredHaveLink() {
    if (!rig.links().isEmpty()) {
      return;
    }
    rig.volumes().stream()
        .filter(Rig.Volume::isMirrored)
        .findFirst()
        .ifPresent(volume -> refuseKey(
            "/volumes/" + volume.name(),
            "volume %s is mirrored, but the rig has no link".formatted(volume.name()),
            "Add `links:` as in hil-rig/rigs/loopback.yaml, or make the volume `local:`."));
  }

  private static Rig.Cabinet cabinetOf(String site, List<Rig.Cabinet> cabinets) {
    return cabinets.stream()
        .filter(cabinet -> cabinet.site().equals(site))
        .findFirst()
        .orElse(null);
  }

  private static List<String> sitesOf(List<Rig.Cabinet> cabinets) {
    return cabinets.stream().map(Rig.Cabinet::site).toList();
  }

  private void refuseUnknown(String pointer, String kind, String name, List<String> known) {
    String cure = NearestWord.to(name, known)
        .map(nearest -> "Did you mean %s?".formatted(Shown.quoted(nearest)))
        .orElse("There is: %s.".formatted(Shown.list(known)));
    refuse(pointer, "there is no %s named %s".formatted(kind, Shown.quoted(name)), cure);
  }

  private void refuse(String pointer, String what, String cure) {
    mistakes.add(new Mistake(text.valuePlace(pointer), what, cure));
  }

  /// Refuses a thing for what it lacks: the place is that of its name.
  private void refuseKey(String pointer, String what, String cure) {
    mistakes.add(new Mistake(text.keyPlace(pointer), what, cure));
  }
}
