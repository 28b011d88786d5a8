package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// The real microcode in virtual time. A run uses one thread, so that two may go side by side.
///
/// Seeds here bring about what each test asks for; which find a fault, `specs/mutants.md` says.
@Execution(ExecutionMode.CONCURRENT)
class MicrocodeSimulationTest {
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);

  @Test
  void aPairKeepsItsPromisesUnderFaults() {
    Simulation simulation = new Simulation(ScenarioKind.MIXED, out);
    int failed = simulation.sweep(5, 5);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
  }

  @Test
  void whatWasStoredSurvivesPowerLossAtBothSitesWithoutNvram() {
    Simulation simulation = new Simulation(ScenarioKind.STORED, out);
    int failed = simulation.sweep(3, 3) + simulation.sweep(22, 22);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().powerLosses()).isGreaterThan(4);
    assertThat(simulation.totals().writesThrough()).isGreaterThan(20);
  }

  @Test
  void aSiteThatIsAloneWhileTheOtherIsWithoutPowerKnowsItAfterwards() {
    Simulation simulation = new Simulation(ScenarioKind.BLACKOUT, out);
    assertThat(simulation.sweep(5, 7)).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().powerLosses()).isGreaterThan(4);
  }

  @Test
  void aFaultyLinkOfSeveralNeverSuspendsAGroup() {
    Simulation simulation = new Simulation(ScenarioKind.FAILOVER, out);
    int failed = simulation.sweep(35, 36);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().lineCuts()).isGreaterThan(4);
    assertThat(simulation.totals().linksAdded()).isGreaterThan(3);
  }

  @Test
  void whatADriveCannotReadComesFromThePeerAndIsMadeGood() {
    Simulation simulation = new Simulation(ScenarioKind.MIXED, out);
    int failed = simulation.sweep(25, 25);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().failedReads()).isGreaterThan(10);
    assertThat(simulation.totals().repairs()).isGreaterThan(5);
  }

  @Test
  void whatHardlyEverHappensTakesNothingThatIsInTwoPlaces() {
    Simulation simulation = new Simulation(ScenarioKind.RARE, out);
    assertThat(simulation.sweep(4, 4)).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().faults()).isPositive();
  }

  @Test
  void recordsThatChangeInPowerSafeNvramAreNotLost() {
    Simulation simulation = new Simulation(ScenarioKind.RARE, out);
    assertThat(simulation.sweep(40, 40))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    assertThat(text.toString(StandardCharsets.UTF_8)).containsPattern("[1-9][0-9]* NVRAM_DAMAGED");
  }

  @Test
  void aFlushAfterARestartHoldsWhenBothSitesThenLoseTheirPower() {
    Simulation simulation = new Simulation(ScenarioKind.RELAPSE, out);
    assertThat(simulation.sweep(1, 3)).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(text.toString(StandardCharsets.UTF_8))
        .containsPattern("[1-9][0-9]* KILLS_BEFORE_POWER_LOSS");
    assertThat(simulation.totals().kills()).isPositive();
    assertThat(simulation.totals().powerLosses()).isGreaterThan(1);
  }

  @Test
  void aSourceThatIsAloneWithADriveThatHasLessThanItsPeersLosesNothingThatWasFlushed() {
    Simulation simulation = new Simulation(ScenarioKind.BEHIND, out);
    assertThat(simulation.sweep(8, 10))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    assertThat(text.toString(StandardCharsets.UTF_8))
        .containsPattern("[1-9][0-9]* POWER_LOSS_BEHIND");
    assertThat(simulation.totals().doubts()).isPositive();
    assertThat(simulation.totals().powerLosses()).isPositive();
  }

  @Test
  void powerSafeNvramKeepsAllThatWasAnsweredWhenPowerIsLost() {
    Simulation simulation = new Simulation(ScenarioKind.POWER_SAFE, out);
    assertThat(simulation.sweep(6, 7)).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().powerLosses()).isGreaterThan(10);
  }

  @Test
  void whileADriveHangsHostsOfOtherDrivesGoOn() {
    Simulation simulation = new Simulation(ScenarioKind.HUNG, out);
    int failed = simulation.sweep(6, 7);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().stuckRequests()).isGreaterThan(5);
    assertThat(simulation.totals().doubts()).isPositive();
    assertThat(simulation.totals().standIns()).isPositive();
    assertThat(simulation.totals().leftOut()).isPositive();
  }

  @Test
  void aCabinetThatIsShutDownWhileItWaitsForADriveInItsImlKeepsWhatNvramHad() {
    Simulation simulation = new Simulation(ScenarioKind.LOCAL, out);
    assertThat(simulation.sweep(23, 23))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    assertThat(simulation.totals().shutdownsInIml()).isPositive();
  }

  @Test
  void hostsThatReadInOrderAreReadAheadOfUnderFaults() {
    Simulation simulation = new Simulation(ScenarioKind.LOCAL, out);
    assertThat(simulation.sweep(1, 4)).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().tracksReadAheadAndUsed()).isGreaterThan(100);
  }

  @Test
  void tinyCachesAndSlowDrivesSaturatedFromBothSidesAlwaysMakeProgress() {
    Simulation simulation = new Simulation(ScenarioKind.SATURATED, out);
    assertThat(simulation.sweep(1, 1)).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().hostAnswers()).isGreaterThan(500);
  }

  @Test
  void pacedHostsAskAboutAHundredTimesInEachVirtualSecond() {
    Simulation simulation = new Simulation(ScenarioKind.PACED, out);
    assertThat(simulation.sweep(19, 19))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    assertThat(simulation.hostAnswers() * 1e9 / simulation.virtualNs()).isBetween(80.0, 130.0);
    assertThat(simulation.totals().faults()).isPositive();
    assertThat(text.toString(StandardCharsets.UTF_8)).contains(" faults, ");
  }

  @Test
  void oneSeedGoesTheSameWayInTwoFreshMachines() throws Exception {
    Process first = freshMachine(3);
    Process second = freshMachine(3);
    String one = whatItSaid(first);
    String two = whatItSaid(second);
    assertThat(one).contains("trace ").contains("last draw ").isEqualTo(two);
  }

  private static Process freshMachine(long seed) throws Exception {
    return new ProcessBuilder(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-exports",
            "java.base/jdk.internal.misc=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            FreshMachine.class.getName(),
            Long.toString(seed)))
        .redirectErrorStream(true)
        .start();
  }

  private static String whatItSaid(Process process) throws Exception {
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    return said;
  }

  /// What the fresh machine runs.
  static final class FreshMachine {
    private FreshMachine() {}

    public static void main(String[] args) {
      Simulation.run(Long.parseLong(args[0]), System.out);
    }
  }
}
