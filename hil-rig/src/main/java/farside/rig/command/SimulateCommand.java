package farside.rig.command;

import com.sun.management.OperatingSystemMXBean;
import farside.simulator.ScenarioKind;
import farside.simulator.Simulation;
import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `farside sim`: the pair in virtual time, with faults, from seeds.
@Command(
    description = {
      "Runs the same microcode in virtual time, with link cuts, kills and power loss drawn from a seed.",
      "An oracle that knows every write and acknowledgement checks what is promised. Ends with 0 if all held."
    })
final class SimulateCommand implements Callable<Integer> {
  private static final Pattern SEEDS = Pattern.compile("(?:(\\d{1,18})\\.\\.)?(\\d{1,18})");
  private static final int DRAWN_SEED_MAX = 1_000_000_000;

  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @ArgGroup
  private Extent extent;

  @Option(
      names = "--scenario",
      paramLabel = "NAME",
      description = "One of: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.",
      defaultValue = "MIXED")
  private ScenarioKind scenario;

  @Option(names = "--trace", description = "With --seed: print everything that happens.")
  private boolean trace;

  /// How much is run: one of these, or one seed that is drawn now.
  static final class Extent {
    @Option(
        names = "--seed",
        paramLabel = "N",
        description = "One run from this seed, told at length.")
    private Long seed;

    @Option(
        names = "--seeds",
        paramLabel = "FROM..TO",
        description = "All seeds of the range; a single number N stands for 1..N.")
    private String seeds;

    @Option(
        names = "--minutes",
        paramLabel = "N",
        description = "Seeds from a drawn one on, for so long.")
    private Integer minutes;
  }

  @Override
  public Integer call() throws RefusedException {
    Simulation simulation = new Simulation(scenario, System.out);
    int exitStatus = run(simulation);
    tellSpeed(simulation);
    return exitStatus;
  }

  private int run(Simulation simulation) throws RefusedException {
    if (extent != null && extent.seeds != null) {
      Matcher range = SEEDS.matcher(extent.seeds);
      if (!range.matches()) {
        throw new RefusedException(
            ExitStatus.USAGE,
            "--seeds takes FROM..TO, such as 1..100, or how many; not " + extent.seeds + ".");
      }
      long first = range.group(1) == null ? 1 : Long.parseLong(range.group(1));
      return simulation.sweep(first, Long.parseLong(range.group(2)));
    }
    if (extent != null && extent.minutes != null) {
      return simulation.sweepFor(Duration.ofMinutes(extent.minutes), drawnSeed(), System::nanoTime);
    }
    return simulation.replay(extent == null ? drawnSeed() : extent.seed, trace);
  }

  /// All of the process counts: what compiles and what collects garbage, too.
  private static void tellSpeed(Simulation simulation) {
    var machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    double cpuSeconds = machine.getProcessCpuTime() / 1e9;
    double virtualSeconds = simulation.virtualNs() / 1e9;
    System.out.printf(
        Locale.ROOT,
        "speed: %.1f s of processor time, %.0f times faster than the time covered, "
            + "%.0f host I/Os a virtual second, %.0f a second%n",
        cpuSeconds,
        virtualSeconds / cpuSeconds,
        simulation.hostAnswers() / Math.max(virtualSeconds, 1e-9),
        simulation.hostAnswers() / cpuSeconds);
  }

  private static long drawnSeed() {
    return 1L + new SecureRandom().nextInt(DRAWN_SEED_MAX);
  }
}
