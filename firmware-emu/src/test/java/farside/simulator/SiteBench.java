package farside.simulator;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.DriveDescription;
import farside.cabinet.CabinetDescription.LinkDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// Time, chance and an oracle, and sites with one volume of 1 MiB on one drive, for tests of whole
/// sites.
final class SiteBench implements AutoCloseable {
  static final long MILLI = 1_000_000;
  static final long SECOND = 1000 * MILLI;
  static final long VOLUME_BYTES = 1 << 20;
  static final String VOLUME = "0010";

  private static final int LINK_TIMEOUT_MS = 500;

  /// As much as a volume has, several times: a drive may take nothing for a while.
  private static final int NVRAM_BYTES = 8 << 20;

  final Draws draws;
  final VirtualTime time;
  final Oracle oracle = new Oracle();
  private final AckMode ack;
  private final Arena arena = Arena.ofConfined();
  private final Trace trace = new Trace(null);
  private final List<SimulatedDrive> drives = new ArrayList<>();

  SiteBench(long seed, long originNs) {
    this(seed, originNs, AckMode.RECEIVED);
  }

  /// @param ack of the volume, if it is mirrored
  SiteBench(long seed, long originNs, AckMode ack) {
    this.ack = ack;
    draws = new Draws(seed);
    time = new VirtualTime(originNs);
    oracle.add(VOLUME, 0x10, VOLUME_BYTES, true, "A");
  }

  /// A line on which nothing is wrong.
  SimulatedLine line() {
    LineHabits habits = new LineHabits(MILLI, 0, 0, 1 << 20, 0, 0, 0, 0, 0, MILLI, MILLI);
    return new SimulatedLine("L1", "A", "B", habits, time, arena, draws.fork(), trace);
  }

  /// Site A, which mirrors nothing.
  SimulatedSite single() {
    return site(0, VolumeRole.LOCAL, List.of(), MicrocodeCabinet::new, 0);
  }

  /// Site A with a stand-in for its cabinet.
  ///
  /// @param clockPpm by so much its clock is fast
  SimulatedSite single(CabinetMaker maker, int clockPpm) {
    return site(0, VolumeRole.LOCAL, List.of(), maker, clockPpm);
  }

  /// Site A with the R1 of the volume, or site B with its R2.
  SimulatedSite ofPair(int side, SimulatedLine line) {
    VolumeRole role = side == 0 ? VolumeRole.R1 : VolumeRole.R2;
    return site(side, role, List.of(line.end(side)), MicrocodeCabinet::new, 0);
  }

  private SimulatedSite site(
      int side, VolumeRole role, List<SimulatedLink> links, CabinetMaker maker, int clockPpm) {
    String name = RigDraw.siteName(side);
    String peer = RigDraw.siteName(1 - side);
    boolean isLocal = role == VolumeRole.LOCAL;
    CabinetDescription description = new CabinetDescription(
        name,
        "SIM" + name,
        isLocal ? "" : "SIM" + peer,
        8,
        LINK_TIMEOUT_MS,
        100,
        200,
        2000,
        List.of(new DriveDescription("D1")),
        List.of(
            new VolumeDescription(0x10, role, isLocal ? "" : "G", ack, VOLUME_BYTES, 512, "D1")),
        links.stream().map(link -> new LinkDescription("L1")).toList());
    SimulatedSite site = new SimulatedSite(
        description,
        maker,
        new SimulatedNvram(NVRAM_BYTES, arena, draws.fork(), trace),
        List.of(drive(name)),
        links,
        host(name),
        oracle,
        List.of(),
        false,
        time,
        draws.fork(),
        trace,
        new SiteClock(time, clockPpm, draws.fork()));
    time.add(site);
    return site;
  }

  private SimulatedDrive drive(String site) {
    DriveHabits habits = new DriveHabits(8, 1_000, 100_000, 1_000, 100_000, true, false);
    long sizeBytes = VOLUME_BYTES + RigDraw.RESERVED_BYTES;
    SimulatedDrive drive =
        new SimulatedDrive(site, "D1", sizeBytes, 512, habits, time, draws.fork(), trace);
    drives.add(drive);
    return drive;
  }

  private SimulatedHost host(String site) {
    HostHabits habits = HostHabits.draw(new Draws(1));
    return new SimulatedHost(site, habits, new Pace(time, 0), time, oracle, draws.fork(), trace);
  }

  @Override
  public void close() {
    drives.forEach(drive -> drive.medium().close());
    arena.close();
  }
}
