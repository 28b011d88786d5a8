package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.DriveDescription;
import farside.cabinet.CabinetDescription.LinkDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// When two cabinets with one mirrored volume count as being at rest.
class AtRestTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1000 * MILLI;
  private static final long SIZE = 1 << 20;
  private static final int LINK_TIMEOUT_MS = 500;

  private final Arena arena = Arena.ofConfined();
  private final Draws draws = new Draws(7);
  private final Trace trace = new Trace(null);
  private final VirtualTime time = new VirtualTime(0);
  private final Oracle oracle = new Oracle();
  private final SimulatedLine line = new SimulatedLine(
      "L1",
      "A",
      "B",
      new LineHabits(MILLI, 0, 0, 1 << 20, 0, 0, 0, 0, 0, MILLI, MILLI),
      time,
      arena,
      draws.fork(),
      trace);
  private final SimulatedDrive near = drive("A");
  private final SimulatedDrive far = drive("B");
  private final SimulatedSite source = site(0, "SIMA", "SIMB", VolumeRole.R1, near);
  private final SimulatedSite target = site(1, "SIMB", "SIMA", VolumeRole.R2, far);

  @BeforeEach
  void synchronize() {
    oracle.add("0010", 0x10, SIZE, true, "A");
    for (SimulatedSite site : List.of(source, target)) {
      time.add(site);
      site.start();
    }
    assertThat(time.runUntil(this::isAtRest, 5 * SECOND)).isTrue();
  }

  @AfterEach
  void release() {
    near.medium().close();
    far.medium().close();
    arena.close();
  }

  @Test
  void aSiteIsNotAtRestBeforeItsDriveHasALabelThatItRefusedOnce() {
    long before = far.writes();
    far.faults().spoil(SIZE, RigDraw.RESERVED_BYTES);
    line.cut();
    // What it heard of its peer last is old: its label is to say so, and nobody waits for that.
    assertThat(time.runUntil(() -> far.writes() > before && far.isIdle(), 2 * SECOND))
        .isTrue();
    far.mend();
    line.restore();

    assertThat(time.runUntil(this::isAtRest, 5 * SECOND)).isTrue();
    long writes = far.writes();
    time.runFor(2 * SECOND);
    assertThat(far.writes()).as("writes to a drive at rest").isEqualTo(writes);
  }

  private boolean isAtRest() {
    return source.isSettled() && target.isSettled();
  }

  private SimulatedDrive drive(String site) {
    return new SimulatedDrive(
        site,
        "D1",
        SIZE + RigDraw.RESERVED_BYTES,
        512,
        new DriveHabits(8, 1_000, 100_000, 1_000, 100_000, true, false),
        time,
        draws.fork(),
        trace);
  }

  private SimulatedSite site(
      int side, String serial, String peerSerial, VolumeRole role, SimulatedDrive drive) {
    String name = RigDraw.siteName(side);
    return new SimulatedSite(
        new CabinetDescription(
            name,
            serial,
            peerSerial,
            8,
            LINK_TIMEOUT_MS,
            100,
            200,
            2000,
            List.of(new DriveDescription("D1")),
            List.of(new VolumeDescription(0x10, role, "G", AckMode.RECEIVED, SIZE, 512, "D1")),
            List.of(new LinkDescription("L1"))),
        MicrocodeCabinet::new,
        new SimulatedNvram(1 << 20, arena, draws.fork(), trace),
        List.of(drive),
        List.of(line.end(side)),
        new SimulatedHost(
            name,
            HostHabits.draw(new Draws(1)),
            new Pace(time, 0),
            time,
            oracle,
            draws.fork(),
            trace),
        oracle,
        List.of(),
        false,
        time,
        draws.fork(),
        trace,
        new SiteClock(time, 0, draws.fork()));
  }
}
