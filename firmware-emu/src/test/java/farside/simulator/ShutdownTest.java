package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetDescription.DriveDescription;
import farside.cabinet.CabinetDescription.VolumeDescription;
import farside.volume.AckMode;
import farside.volume.VolumeRole;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A shutdown of one cabinet with one local volume.
class ShutdownTest {
  private static final long SECOND = 1_000_000_000;
  private static final long SIZE = 1 << 20;
  private static final String VOLUME = "0010";

  private final Arena arena = Arena.ofConfined();
  private final Draws draws = new Draws(5);
  private final Trace trace = new Trace(null);
  private final VirtualTime time = new VirtualTime(0);
  private final Oracle oracle = new Oracle();
  private final SimulatedDrive drive = new SimulatedDrive(
      "A",
      "D1",
      SIZE + RigDraw.RESERVED_BYTES,
      512,
      new DriveHabits(8, 1_000, 100_000, 1_000, 100_000, true, false),
      time,
      draws.fork(),
      trace);
  private final SimulatedHost host = new SimulatedHost(
      "A", HostHabits.draw(new Draws(1)), new Pace(time, 0), time, oracle, draws.fork(), trace);
  private final SimulatedSite site = new SimulatedSite(
      new CabinetDescription(
          "A",
          "SIMA",
          "",
          8,
          1000,
          100,
          200,
          2000,
          List.of(new DriveDescription("D1")),
          List.of(
              new VolumeDescription(0x10, VolumeRole.LOCAL, "", AckMode.RECEIVED, SIZE, 512, "D1")),
          List.of()),
      MicrocodeCabinet::new,
      new SimulatedNvram(1 << 20, arena, draws.fork(), trace),
      List.of(drive),
      List.of(),
      host,
      oracle,
      List.of(),
      false,
      time,
      draws.fork(),
      trace,
      new SiteClock(time, 0, draws.fork()));

  @BeforeEach
  void serve() {
    oracle.add(VOLUME, 0x10, SIZE, true, "A");
    time.add(site);
    site.start();
    assertThat(time.runUntil(site::isReady, SECOND)).isTrue();
    new WorkloadProgram(host, VOLUME, SIZE, false, time, draws.fork()).start();
    time.runFor(SECOND);
    assertThat(drive.writes()).isPositive();
  }

  @AfterEach
  void release() {
    arena.close();
  }

  @Test
  void whatHostsWroteIsOnTheDriveAndTheDriveIsAtRest() {
    site.requestShutdown();
    time.runFor(10 * SECOND);
    assertThat(site.isRunning()).isFalse();
    assertThat(site.shutdowns()).isEqualTo(1);
    assertEqualImages();
    oracle.history(VOLUME).adopt(drive.medium().visible(), "the drive");
  }

  @Test
  void aShutdownThatWaitsForItsDriveSleepsMeanwhile() {
    oracle.excuseErrors(VOLUME, true);
    drive.faults().spoil(0, SIZE);
    time.runFor(SECOND);
    site.requestShutdown();
    // Well past what it waits for hosts, 5 s, and for a peer, 2 s.
    time.runFor(8 * SECOND);
    long rounds = site.rounds();
    time.runFor(10 * SECOND);
    assertThat(site.isRunning()).isTrue();
    assertThat(site.rounds() - rounds).as("rounds in 10 s").isLessThan(2_000);

    drive.mend();
    time.runFor(5 * SECOND);
    assertThat(site.isRunning()).isFalse();
    assertEqualImages();
    oracle.history(VOLUME).adopt(drive.medium().visible(), "the drive");
  }

  @Test
  void aDriveThatHangsIsNotWaitedForAndWhatItLacksIsThereAfterTheNextStart() {
    oracle.excuseErrors(VOLUME, true);
    drive.faults().hang(1000);
    time.runFor(SECOND);
    site.requestShutdown();
    // For hosts 5 s, and until the drive is in doubt 2 s more.
    time.runFor(10 * SECOND);
    assertThat(site.isRunning()).isFalse();
    assertThat(site.shutdowns()).isEqualTo(1);
    assertThat(site.watch().doubts()).isEqualTo(1);
    assertThat(drive.stuckRequests()).isPositive();

    drive.mend();
    site.start();
    assertThat(time.runUntil(site::isReady, SECOND)).isTrue();
    site.requestShutdown();
    time.runFor(10 * SECOND);
    assertThat(site.isRunning()).isFalse();
    assertEqualImages();
    oracle.history(VOLUME).adopt(drive.medium().visible(), "the drive");
  }

  private void assertEqualImages() {
    byte[] visible = new byte[(int) SIZE];
    byte[] stable = new byte[(int) SIZE];
    drive.medium().visible().read(0, visible, 0, visible.length);
    drive.medium().stable().read(0, stable, 0, stable.length);
    assertThat(visible).isEqualTo(stable);
  }
}
