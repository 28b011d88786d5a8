package farside.rig.description;

import com.fasterxml.jackson.databind.JsonNode;
import farside.driver.rawdisk.DeviceIdentity;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Makes a [Rig] of a text that the schema let through, and refuses what is wrong with one part of
/// it by itself. Whether the parts go together is for [CrossChecks].
final class RigReader {
  private static final int PORT_MAX = 65_535;

  private static final List<String> KEYS_OF_FILE = List.of("file", "direct");
  private static final List<String> KEYS_OF_DISK =
      List.of("path", "identity", "blockBytes", "erase");

  private final Mistakes mistakes;

  RigReader(Mistakes mistakes) {
    this.mistakes = mistakes;
  }

  /// The rig may be used only if no mistake is found.
  Rig read(String name, JsonNode root) {
    List<Rig.Cabinet> cabinets = new ArrayList<>();
    root.path("sites")
        .properties()
        .forEach(entry -> cabinets.add(cabinet(entry.getKey(), entry.getValue())));
    List<Rig.Link> links = new ArrayList<>();
    for (JsonNode link : root.path("links")) {
      links.add(link(link, "/links/" + links.size()));
    }
    List<Rig.Group> groups = new ArrayList<>();
    root.path("groups")
        .properties()
        .forEach(entry -> groups.add(group(entry.getKey(), entry.getValue())));
    List<Rig.Volume> volumes = new ArrayList<>();
    root.path("volumes")
        .properties()
        .forEach(entry -> volumes.add(volume(entry.getKey(), entry.getValue())));
    return new Rig(name, cabinets, links, groups, volumes);
  }

  private Rig.Cabinet cabinet(String site, JsonNode node) {
    String pointer = "/sites/" + site;
    int linkTimeoutMs = node.path("linkTimeoutMs").asInt(2000);
    int heartbeatMs = node.path("heartbeatMs").asInt(500);
    if (heartbeatMs * 2 > linkTimeoutMs) {
      mistakes.refuse(
          pointer + (node.has("heartbeatMs") ? "/heartbeatMs" : "/linkTimeoutMs"),
          "a sign of life every %d ms is too seldom for a link timeout of %d ms"
              .formatted(heartbeatMs, linkTimeoutMs),
          "Let heartbeatMs be at most half of linkTimeoutMs.");
    }
    int driveSlowMs = node.path("driveSlowMs").asInt(2000);
    int driveHungMs = node.path("driveHungMs").asInt(30_000);
    if (driveSlowMs * 2 > driveHungMs) {
      mistakes.refuse(
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
        mistakes.refuse(
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
        node.path("nvramLog").asText(Rig.OWN_LOG),
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
      mistakes.refuse(
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
        mistakes.refuse(
            pointer + "/" + key,
            "drive %s is a %s and has no `%s`"
                .formatted(name, node.path("driver").asText(), key),
            isDisk
                ? key.equals("direct")
                    ? "Remove it. A disk never is in the page cache."
                    : "Remove it: a disk is found by its `path`."
                : "Remove it, or say `driver: raw-disk` if the drive is a disk.");
      }
    }
    if (!isDisk) {
      return new Rig.Drive(
          name,
          sizeBytes(node, pointer, "drive " + name, 257, Rig.TRACK_BYTES),
          new Rig.Medium.SparseFile(
              node.path("file").asText(name + ".img"), node.path("direct").asBoolean()));
    }
    for (String wanted : List.of("path", "identity")) {
      if (!node.has(wanted)) {
        mistakes.refuseKey(
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

  private Rig.Link link(JsonNode node, String pointer) {
    HostAddress listenAddress = address(node.at("/listen/address"), pointer + "/listen/address");
    JsonNode connectNode = node.at("/connect/address");
    HostAddress connectAddress = connectNode.isMissingNode()
        ? listenAddress
        : address(connectNode, pointer + "/connect/address");
    return new Rig.Link(
        node.path("name").asText(),
        node.path("driver").asText(),
        node.at("/listen/site").asText(),
        listenAddress,
        node.at("/connect/site").asText(),
        connectAddress);
  }

  private static Rig.Group group(String name, JsonNode node) {
    return new Rig.Group(
        name,
        node.path("mode").asText("real-time"),
        AckMode.of(node.path("ack").asText("received")),
        node.path("r1").asText());
  }

  private Rig.Volume volume(String name, JsonNode node) {
    String pointer = "/volumes/" + name;
    long sizeBytes = sizeBytes(node, pointer, "volume " + name, 256, Rig.TRACK_BYTES);
    boolean isLocal = node.has("local");
    if (isLocal && (node.has("r1") || node.has("r2") || node.has("group"))) {
      mistakes.refuse(
          pointer + "/local",
          "volume %s is both local and mirrored".formatted(name),
          "Keep `local:`, or `group:`, `r1:` and `r2:`.");
    } else if (!isLocal) {
      for (String wanted : List.of("group", "r1", "r2")) {
        if (!node.has(wanted)) {
          mistakes.refuseKey(
              pointer,
              "volume %s has no `%s`".formatted(name, wanted),
              "A mirrored volume has `group:`, `r1:` and `r2:`, one that is not mirrored only `local:`.");
        }
      }
    }
    List<Rig.Holder> holders = new ArrayList<>();
    addHolder(holders, VolumeRole.LOCAL, node.path("local"));
    addHolder(holders, VolumeRole.R1, node.path("r1"));
    addHolder(holders, VolumeRole.R2, node.path("r2"));
    return new Rig.Volume(
        Integer.parseInt(name, 16),
        sizeBytes,
        node.path("blockBytes").asInt(512),
        node.path("group").asText(""),
        holders);
  }

  private static void addHolder(List<Rig.Holder> holders, VolumeRole role, JsonNode node) {
    if (!node.isMissingNode()) {
      String[] siteAndDrive = node.asText().split("/", 2);
      holders.add(new Rig.Holder(role, siteAndDrive[0], siteAndDrive[1]));
    }
  }

  /// @param unitBytes what the size must be a multiple of: a track, or a block of a disk
  private long sizeBytes(
      JsonNode node, String pointer, String whose, int exampleMiB, int unitBytes) {
    boolean inMiB = node.has("sizeMiB");
    boolean inBytes = node.has("sizeBytes");
    if (inMiB && inBytes) {
      mistakes.refuse(
          pointer + "/sizeBytes", whose + " has two sizes", "Keep sizeMiB or sizeBytes, not both.");
    } else if (!inMiB && !inBytes) {
      mistakes.refuseKey(
          pointer, whose + " has no size", "Add `sizeMiB: %d`, say.".formatted(exampleMiB));
    }
    long bytes =
        inMiB ? node.path("sizeMiB").asLong() << 20 : node.path("sizeBytes").asLong();
    if (bytes % unitBytes != 0) {
      mistakes.refuse(
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
      mistakes.refuse(
          pointer,
          "there is no port %d".formatted(address.port()),
          "Ports go up to %d.".formatted(PORT_MAX));
    }
    return address;
  }
}
