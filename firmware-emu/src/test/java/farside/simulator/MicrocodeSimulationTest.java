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
  void localVolumesKeepTheirPromisesUnderFaults() {
    Simulation simulation = new Simulation(ScenarioKind.LOCAL, out);
    assertThat(simulation.sweep(1, 1)).as(text.toString(StandardCharsets.UTF_8)).isZero();
  }

  @Test
  void whatWasStoredSurvivesPowerLossAtBothSitesWithoutNvram() {
    Simulation simulation = new Simulation(ScenarioKind.STORED, out);
    // An R2 that does not count on its drive is found by 3, an answer upon receipt by 22.
    int failed = simulation.sweep(3, 3) + simulation.sweep(22, 22);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().powerLosses()).isGreaterThan(4);
    assertThat(simulation.totals().writesThrough()).isGreaterThan(20);
  }

  @Test
  void aFaultyLinkOfSeveralNeverSuspendsAGroup() {
    Simulation simulation = new Simulation(ScenarioKind.FAILOVER, out);
    // A removed link that never lets go, since more is told to have gone than was held, is found
    // by 36.
    int failed = simulation.sweep(35, 36);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().lineCuts()).isGreaterThan(4);
    assertThat(simulation.totals().linksAdded()).isGreaterThan(3);
  }

  @Test
  void whatADriveCannotReadComesFromThePeerAndIsMadeGood() {
    Simulation simulation = new Simulation(ScenarioKind.MIXED, out);
    int failed = simulation.sweep(12, 12);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().failedReads()).isGreaterThan(10);
    assertThat(simulation.totals().repairs()).isGreaterThan(3);
  }

  @Test
  void powerSafeNvramKeepsAllThatWasAnsweredWhenPowerIsLost() {
    Simulation simulation = new Simulation(ScenarioKind.POWER_SAFE, out);
    // An answer to a host that does not wait for the log is found by 7, one to the peer by 8.
    assertThat(simulation.sweep(7, 8)).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().powerLosses()).isGreaterThan(10);
  }

  @Test
  void whileADriveHangsHostsOfOtherDrivesGoOn() {
    Simulation simulation = new Simulation(ScenarioKind.HUNG, out);
    // A target that tells its source nothing is found by 6, a share of which no target has a part
    // by 7.
    int failed = simulation.sweep(6, 7);
    assertThat(failed).as(text.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(simulation.totals().stuckRequests()).isGreaterThan(5);
    assertThat(simulation.totals().doubts()).isPositive();
    assertThat(simulation.totals().standIns()).isPositive();
    assertThat(simulation.totals().leftOut()).isPositive();
  }

  @Test
  void hostsThatReadInOrderAreReadAheadOfUnderFaults() {
    Simulation simulation = new Simulation(ScenarioKind.LOCAL, out);
    // A read ahead that failed and is taken for data is found by 2.
    assertThat(simulation.sweep(2, 2)).as(text.toString(StandardCharsets.UTF_8)).isZero();
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
    // That a pair counts as quiet whose session has yet to open, and to write labels, is found by
    // 18.
    assertThat(simulation.sweep(18, 18))
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
