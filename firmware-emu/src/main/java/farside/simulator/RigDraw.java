package farside.simulator;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.DriveDescription;
import farside.cabinet.CabinetDescription.LinkDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The rig of one run, drawn from its seed: small, so that every limit is met often.
///
/// @param nvramBytes of each site
/// @param readSlots of each site
/// @param acks of the group whose hosts are at each site
/// @param powerSafe whether the NVRAM of each site survives the loss of power
/// @param ownGroups whether each mirrored volume is a group, not all of one direction one
/// @param clocksPpm how much faster than virtual time the clock of each site runs, in millionths
/// @param inOrderSeed of hosts that read each volume in order, beside the others; 0: there are none
record RigDraw(
    List<Long> nvramBytes,
    List<Integer> readSlots,
    int linkTimeoutMs,
    int heartbeatMs,
    int driveHungMs,
    boolean hiccups,
    List<VolumeDraw> volumes,
    List<LineDraw> lineDraws,
    HostHabits hosts,
    List<AckMode> acks,
    List<Boolean> powerSafe,
    boolean ownGroups,
    List<Long> clocksPpm,
    long inOrderSeed) {

  /// Bytes at the end of each drive that no volume may use: label and tables.
  static final int RESERVED_BYTES = 1 << 20;

  /// A program waits for its answer, too: together they come down to a hundred.
  private static final int PACED_PER_SECOND = 110;

  private static final int LEISURE_PER_SECOND = 500;

  /// Far more than any real clock strays.
  private static final long CLOCK_PPM_MAX = 20_000;

  private static final String[] SITES = {"A", "B"};

  /// A volume, on a drive of its own at each site that holds it.
  ///
  /// @param primary side where hosts write
  /// @param blockBytes of its drives
  /// @param drives habits of the primary's drive, then of the target's if it is mirrored
  record VolumeDraw(
      int number,
      int primary,
      boolean mirrored,
      long sizeBytes,
      int blockBytes,
      List<DriveHabits> drives) {
    String name() {
      return String.format("%04X", number);
    }

    VolumeDraw withBlocksOf(int bytes) {
      return new VolumeDraw(number, primary, mirrored, sizeBytes, bytes, drives);
    }

    boolean isAt(int side) {
      return mirrored || side == primary;
    }

    DriveHabits habitsAt(int side) {
      return drives.get(side == primary ? 0 : 1);
    }
  }

  /// A line between the sites.
  ///
  /// @param seed of its own draws; 0: those of the run
  record LineDraw(String name, LineHabits habits, long seed) {}

  RigDraw {
    lineDraws = List.copyOf(lineDraws);
    nvramBytes = List.copyOf(nvramBytes);
    readSlots = List.copyOf(readSlots);
    volumes = List.copyOf(volumes);
    acks = List.copyOf(acks);
    powerSafe = List.copyOf(powerSafe);
    clocksPpm = List.copyOf(clocksPpm);
  }

  static RigDraw draw(Draws draws, ScenarioKind kind) {
    boolean saturated = kind == ScenarioKind.SATURATED;
    List<Long> nvramBytes = new ArrayList<>();
    List<Integer> readSlots = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      long most = saturated ? 320 * 1024 : 2 * 1024 * 1024;
      nvramBytes.add(draws.skewed(256 * 1024, most) / 4096 * 4096);
      readSlots.add((int) draws.between(4, saturated ? 5 : 16));
    }
    int linkTimeoutMs = (int) draws.between(200, 2000);
    int heartbeatMs = (int) draws.between(20, linkTimeoutMs / 4);
    int driveHungMs = (int) draws.skewed(500, 5000);
    List<VolumeDraw> volumes = new ArrayList<>();
    boolean local = kind == ScenarioKind.LOCAL;
    int forward = local ? 0 : (int) draws.between(1, 2);
    int backward = local ? 0 : saturated ? 1 : (int) draws.between(0, 2);
    for (int i = 0; i < forward; i++) {
      volumes.add(drawVolume(draws, 0x10 + i, 0, true, kind));
    }
    for (int i = 0; i < backward; i++) {
      volumes.add(drawVolume(draws, 0x20 + i, 1, true, kind));
    }
    if (local || kind == ScenarioKind.HUNG || draws.chance(400)) {
      volumes.add(drawVolume(draws, 0x30, 0, false, kind));
    }
    if (local || draws.chance(300)) {
      volumes.add(drawVolume(draws, 0x40, 1, false, kind));
    }
    LineHabits line = LineHabits.draw(draws);
    HostHabits hosts = HostHabits.draw(draws);
    if (saturated) {
      hosts = hosts.saturating();
    } else if (kind == ScenarioKind.CALM
        || kind == ScenarioKind.FAILOVER
        || kind == ScenarioKind.HUNG) {
      // A hang is long: what fills up with busy hosts fills up with these, too.
      hosts = hosts.calm();
    }
    if (kind == ScenarioKind.PACED) {
      int programs = 0;
      for (VolumeDraw volume : volumes) {
        programs += hosts.connectionsPerVolume() + (volume.mirrored() ? 1 : 0);
      }
      hosts = hosts.paced(programs, PACED_PER_SECOND);
    }
    boolean hiccups = draws.chance(300);
    List<AckMode> acks = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      boolean stored =
          draws.chance(400) || kind == ScenarioKind.STORED || kind == ScenarioKind.BEHIND;
      boolean received = kind == ScenarioKind.BLACKOUT || kind == ScenarioKind.RELAPSE;
      acks.add(stored && !received ? AckMode.STORED : AckMode.RECEIVED);
    }
    boolean failover = kind == ScenarioKind.FAILOVER;
    boolean hung = kind == ScenarioKind.HUNG;
    if (failover || hung) {
      // Nothing but the faults themselves may keep a host waiting for the link timeout.
      linkTimeoutMs = 1000 + linkTimeoutMs / 2;
      hiccups = false;
    }
    int lineCount = failover
        ? (int) draws.between(2, 4)
        : kind == ScenarioKind.MIXED
            ? (int) draws.between(1, 4)
            : kind == ScenarioKind.RARE ? (int) draws.between(1, 2) : 1;
    List<LineDraw> lineDraws = new ArrayList<>();
    lineDraws.add(new LineDraw("L1", failover || hung ? line.brisk() : line, 0));
    for (int i = 2; i <= lineCount; i++) {
      LineHabits next = LineHabits.draw(draws);
      lineDraws.add(new LineDraw("L" + i, failover ? next.brisk() : next, draws.nextNonZero()));
    }
    // Drawn last, and from one draw only: the seeds of before have the same rigs.
    Draws powerDraws = new Draws(draws.nextLong());
    boolean losesNvram = kind == ScenarioKind.STORED
        || kind == ScenarioKind.BLACKOUT
        || kind == ScenarioKind.RELAPSE
        || kind == ScenarioKind.BEHIND;
    List<Boolean> powerSafe = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      powerSafe.add(powerDraws.chance(losesNvram ? 0 : 250) || kind == ScenarioKind.POWER_SAFE);
    }
    boolean ownGroups = hung && powerDraws.chance(700);
    if (hung) {
      // Each target has its part of the peer's share, which the largest write fits into.
      nvramBytes.replaceAll(bytes -> Math.max(bytes, 512 * 1024L));
    }
    long inOrderSeed = 0;
    if (kind.hasReadersInOrder() && powerDraws.chance(600)) {
      inOrderSeed = powerDraws.nextNonZero();
      for (int side = 0; side < 2 && !saturated; side++) {
        // In a cache of the smallest size a reader is one track ahead at most.
        int more = powerDraws.chance(700) ? (int) powerDraws.between(8, 48) : 0;
        readSlots.set(side, readSlots.get(side) + more);
      }
    }
    for (int side = 0; side < 2; side++) {
      // A cabinet that has not one for each volume does not start.
      int at = side;
      int held = (int) volumes.stream().filter(volume -> volume.isAt(at)).count();
      readSlots.set(side, Math.max(readSlots.get(side), held));
    }
    if (kind != ScenarioKind.CALM && powerDraws.chance(300)) {
      hosts = hosts.impatient(powerDraws.skewed(20_000_000, 5_000_000_000L));
    }
    boolean skewed = powerDraws.chance(500);
    List<Long> clocksPpm = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      clocksPpm.add(skewed ? powerDraws.between(-CLOCK_PPM_MAX, CLOCK_PPM_MAX) : 0);
    }
    return new RigDraw(
        nvramBytes,
        readSlots,
        linkTimeoutMs,
        heartbeatMs,
        driveHungMs,
        hiccups,
        volumes,
        lineDraws,
        hosts,
        acks,
        powerSafe,
        ownGroups,
        clocksPpm,
        inOrderSeed);
  }

  private static VolumeDraw drawVolume(
      Draws draws, int number, int primary, boolean mirrored, ScenarioKind kind) {
    // Not always whole tracks: the last track of a volume may be short.
    long sizeBytes = draws.between(256, 1024) * 4096;
    List<DriveHabits> drives = new ArrayList<>();
    for (int i = 0; i < (mirrored ? 2 : 1); i++) {
      DriveHabits habits = DriveHabits.draw(draws);
      drives.add(kind == ScenarioKind.SATURATED ? habits.slow() : habits);
    }
    // Every other mirrored volume has large ones, by its number, so that no draw moves.
    int blockBytes = mirrored && (number / 16 + number) % 2 == 1 ? 4096 : 512;
    return new VolumeDraw(number, primary, mirrored, sizeBytes, blockBytes, List.copyOf(drives));
  }

  /// The link timeout by the faster clock.
  long shortestLinkTimeoutNs() {
    long fastPpm = Math.max(0, Math.max(clocksPpm.get(0), clocksPpm.get(1)));
    return linkTimeoutMs * 1_000_000_000_000L / (1_000_000 + fastPpm);
  }

  /// The longest pause of programs at leisure, so that all together make so many requests in a
  /// second.
  long leisureNs() {
    int programs = 0;
    for (VolumeDraw volume : volumes) {
      programs += hosts.connectionsPerVolume() + (volume.mirrored() ? 1 : 0);
    }
    return 2_000_000_000L * programs * (4 + hosts.depthMax()) / 4 / LEISURE_PER_SECOND;
  }

  CabinetDescription describe(int side) {
    List<DriveDescription> drives = new ArrayList<>();
    List<VolumeDescription> described = new ArrayList<>();
    for (VolumeDraw volume : volumes) {
      if (volume.isAt(side)) {
        String drive = driveName(volume);
        drives.add(new DriveDescription(drive));
        VolumeRole role = !volume.mirrored
            ? VolumeRole.LOCAL
            : volume.primary == side ? VolumeRole.R1 : VolumeRole.R2;
        String group = volume.mirrored ? groupOf(volume) : "";
        described.add(new VolumeDescription(
            volume.number,
            role,
            group,
            ackOf(volume),
            volume.sizeBytes,
            volume.blockBytes(),
            drive));
      }
    }
    return new CabinetDescription(
        SITES[side],
        "SIM" + SITES[side],
        "SIM" + SITES[1 - side],
        readSlots.get(side),
        linkTimeoutMs,
        heartbeatMs,
        driveHungMs / 5,
        driveHungMs,
        drives,
        described,
        linkNames().stream().map(LinkDescription::new).toList());
  }

  List<String> linkNames() {
    return lineDraws.stream().map(LineDraw::name).toList();
  }

  Optional<VolumeDraw> find(int number) {
    return volumes.stream().filter(volume -> volume.number == number).findFirst();
  }

  String groupOf(VolumeDraw volume) {
    return "GROUP" + (ownGroups ? volume.name() : SITES[volume.primary]);
  }

  AckMode ackOf(VolumeDraw volume) {
    return acks.get(volume.primary);
  }

  /// True if what was acknowledged while the pair was synchronized is on the far drive, whatever
  /// memory is lost.
  boolean isStored(VolumeDraw volume) {
    return ackOf(volume) == AckMode.STORED;
  }

  static String siteName(int side) {
    return SITES[side];
  }

  static String driveName(VolumeDraw volume) {
    return "D" + volume.name();
  }

  /// Every option, one a line or two.
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      lines.add("site " + SITES[side] + ": NVRAM " + nvramBytes.get(side) + " bytes, "
          + readSlots.get(side) + " read slots"
          + (powerSafe.get(side) ? ", power-safe" : "")
          + (clocksPpm.get(side) == 0 ? "" : ", clock fast by " + clocksPpm.get(side) + " ppm"));
    }
    lines.add("link timeout " + linkTimeoutMs + " ms, heartbeat " + heartbeatMs
        + " ms, drives in doubt after " + driveHungMs + " ms, hiccups " + hiccups
        + (ownGroups ? ", each volume is a group" : ""));
    for (LineDraw line : lineDraws) {
      lines.add("line " + line.name + ": " + line.habits);
    }
    lines.add(
        "hosts: " + hosts + (inOrderSeed == 0 ? "" : ", and one a volume that reads in order"));
    for (VolumeDraw volume : volumes) {
      lines.add("volume " + volume.name() + ": " + volume.sizeBytes + " bytes, "
          + (volume.mirrored ? "mirrored, ack: " + ackOf(volume).shown() + ", from " : "local at ")
          + SITES[volume.primary]);
      for (int i = 0; i < volume.drives.size(); i++) {
        lines.add("  drive at " + SITES[i == 0 ? volume.primary : 1 - volume.primary] + ": "
            + volume.drives.get(i));
      }
    }
    return lines;
  }
}
