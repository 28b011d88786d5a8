package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A shutdown of one cabinet with one local volume.
class ShutdownTest {
  private static final long SECOND = SiteBench.SECOND;
  private static final long SIZE = SiteBench.VOLUME_BYTES;
  private static final String VOLUME = SiteBench.VOLUME;

  private final SiteBench bench = new SiteBench(5, 0);
  private final VirtualTime time = bench.time;
  private final Oracle oracle = bench.oracle;
  private final SimulatedSite site = bench.single();
  private final SimulatedDrive drive = site.drives().getFirst();

  @BeforeEach
  void serve() {
    site.start();
    assertThat(time.runUntil(site::isReady, SECOND)).isTrue();
    new WorkloadProgram(site.host(), VOLUME, SIZE, false, time, bench.draws.fork()).start();
    time.runFor(SECOND);
    assertThat(drive.writes()).isPositive();
  }

  @AfterEach
  void release() {
    bench.close();
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

  /// The process is killed with writes in NVRAM that the drive lacks, and the next one has to wait
  /// for its drive.
  private void startAgain(Runnable whatBefallsTheDrive) {
    oracle.excuseErrors(VOLUME, true);
    drive.faults().fill(1000);
    time.runFor(SECOND);
    site.kill();
    drive.mend();
    whatBefallsTheDrive.run();
    site.start();
    time.runFor(3 * SECOND);
    assertThat(site.isRunning()).isTrue();
    assertThat(site.isReady()).isFalse();
  }

  /// Whatever becomes of the power meanwhile.
  private void assertThatTheNextStartFindsAllThatWasAnswered() {
    assertThat(site.isRunning()).isFalse();
    assertThat(site.shutdowns()).isEqualTo(1);
    site.losePower();
    drive.mend();
    site.start();
    assertThat(time.runUntil(site::isReady, SECOND)).isTrue();
    site.requestShutdown();
    time.runFor(10 * SECOND);
    assertThat(site.shutdowns()).isEqualTo(2);
    assertEqualImages();
    oracle.history(VOLUME).adopt(drive.medium().visible(), "the drive");
  }

  @Test
  void aCabinetThatWaitsForADriveThatIsGoneEndsAtOnceAndTheNextStartFindsEverything() {
    startAgain(() -> drive.faults().setGone(true));
    site.requestShutdown();
    time.runFor(SECOND / 10);
    assertThatTheNextStartFindsAllThatWasAnswered();
  }

  @Test
  void aCabinetWhoseDriveHangsOverItsLabelEndsWhenTheDriveIsInDoubt() {
    startAgain(() -> drive.faults().hang(1000));
    site.requestShutdown();
    time.runFor(SECOND);
    assertThat(site.watch().doubts()).isEqualTo(1);
    assertThatTheNextStartFindsAllThatWasAnswered();
  }

  @Test
  void aCabinetWhoseDriveDoesNotTakeItsLabelEndsWhenItWasTriedAgain() {
    startAgain(() -> drive.faults().fill(1000));
    site.requestShutdown();
    time.runFor(SECOND);
    assertThatTheNextStartFindsAllThatWasAnswered();
  }

  @Test
  void aCabinetThatIsAskedToShutDownWhileItsDriveIsOnlySlowGoesThroughItsImlAndEndsWell() {
    oracle.excuseErrors(VOLUME, true);
    site.kill();
    drive.faults().slowDown(SECOND);
    site.start();
    time.runFor(SECOND / 10);
    assertThat(site.isReady()).isFalse();
    site.requestShutdown();
    time.runFor(60 * SECOND);
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
