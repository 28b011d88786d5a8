package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.DriveDescription;
import farside.cabinet.CabinetDescription.LinkDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.VolumeRole;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A pair whose sites lose their power, and the NVRAM with it, one after the other, while what was
/// answered is on one drive only.
class LossByTurnsTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1000 * MILLI;
  private static final long SIZE = 1 << 20;
  private static final String VOLUME = "0010";

  private final Arena arena = Arena.ofConfined();
  private final Draws draws = new Draws(7);
  private final Trace trace = new Trace(null);
  private final VirtualTime time = new VirtualTime(0);
  private final Oracle oracle = new Oracle();
  private final SimulatedLine line = new SimulatedLine(
      "L1",
      "A",
      "B",
      new LineHabits(100_000, 0, 0, 1 << 20, 0, 0, 0, 0, 0, 10 * MILLI, 10 * MILLI),
      time,
      arena,
      draws.fork(),
      trace);
  private final SimulatedSite a = site(0, VolumeRole.R1, List.of(VOLUME));
  private final SimulatedSite b = site(1, VolumeRole.R2, List.of());
  private final SimulatedDrive near = a.drives().getFirst();
  private final SimulatedDrive far = b.drives().getFirst();

  private SimulatedSite site(int side, VolumeRole role, List<String> sources) {
    String name = RigDraw.siteName(side);
    SimulatedDrive drive = new SimulatedDrive(
        name,
        "D1",
        SIZE + RigDraw.RESERVED_BYTES,
        512,
        new DriveHabits(8, 1_000, 100_000, 1_000, 100_000, true, false),
        time,
        draws.fork(),
        trace);
    return new SimulatedSite(
        new CabinetDescription(
            name,
            "SIM" + name,
            "SIM" + RigDraw.siteName(1 - side),
            8,
            1000,
            100,
            2000,
            30_000,
            List.of(new DriveDescription("D1")),
            List.of(new VolumeDescription(0x10, role, "G", AckMode.RECEIVED, SIZE, 512, "D1")),
            List.of(new LinkDescription("L1"))),
        MicrocodeCabinet::new,
        new SimulatedNvram(1 << 23, arena, draws.fork(), trace),
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
        sources,
        false,
        time,
        draws.fork(),
        trace,
        new SiteClock(time, 0, draws.fork()));
  }

  @BeforeEach
  void mirror() {
    oracle.add(VOLUME, 0x10, SIZE, true, "A");
    for (SimulatedSite site : List.of(a, b)) {
      time.add(site);
      site.start();
    }
    awaitSynchronized();
  }

  @AfterEach
  void release() {
    arena.close();
  }

  private boolean isSynchronized() {
    return a.isReady() && a.standingOf(VOLUME).pairState() == PairState.SYNCHRONIZED;
  }

  private void awaitSynchronized() {
    assertThat(time.runUntil(this::isSynchronized, 60 * SECOND)).isTrue();
  }

  /// Hosts write for a while, then nobody asks for anything.
  private void write(long ns) {
    WorkloadProgram program =
        new WorkloadProgram(a.host(), VOLUME, SIZE, false, time, draws.fork());
    program.start();
    time.runFor(ns);
    program.stop();
    assertThat(time.runUntil(program::isQuiet, 10 * SECOND)).isTrue();
    time.runFor(SECOND);
  }

  private static void losePower(SimulatedSite site) {
    site.losePower();
    site.start();
  }

  private void assertThatBothHaveAllThatWasAnswered() {
    assertThat(time.runUntil(() -> a.isSettled() && b.isSettled(), 60 * SECOND))
        .as(a.unsettled() + "; " + b.unsettled())
        .isTrue();
    assertThat(near.visible().mismatch(far.visible(), 0, SIZE))
        .as("first byte that differs")
        .isEqualTo(-1);
    oracle.history(VOLUME).adopt(near.visible(), "the drives");
  }

  @Test
  void aPairWhoseSitesLoseTheirNvramOneAfterTheOtherLosesNothing() {
    far.faults().fill(1000);
    write(100 * MILLI);
    // All of it is on the source's drive, and the target knows that; its own has none of it.
    assertThat(near.visible().mismatch(far.visible(), 0, SIZE)).isNotNegative();
    assertThat(near.visible().mismatch(near.stable(), 0, SIZE)).isEqualTo(-1);

    losePower(a);
    time.after(5 * SECOND, () -> far.faults().fill(0));
    awaitSynchronized();
    // Only the memory that the source lost knew what the drive of the target lacked.
    losePower(b);
    assertThatBothHaveAllThatWasAnswered();
  }
}
