package farside.rig.command;

import com.sun.management.OperatingSystemMXBean;
import farside.simulator.NotInStoreException;
import farside.simulator.PlanPart;
import farside.simulator.ScenarioKind;
import farside.simulator.Simulation;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
  private static final Pattern LISTED = Pattern.compile("([A-Z_]+) (\\d{1,18})\\b");
  private static final int DRAWN_SEED_MAX = 1_000_000_000;

  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @ArgGroup
  private Extent extent;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description =
          "No run begins after so long; without --seeds or --list, seeds from a drawn one on.")
  private Integer minutes;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "So many seeds at once, each on one thread; ${DEFAULT-VALUE} if left out.",
      defaultValue = "1")
  private int jobs;

  @Option(
      names = "--scenario",
      paramLabel = "NAME",
      description = "One of: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.",
      defaultValue = "MIXED")
  private ScenarioKind scenario;

  @Option(
      names = "--shrink",
      description =
          "If a seed fails: leave out of its faults, hosts and rig what is not needed for that, and show the rest.")
  private boolean shrink;

  @Option(
      names = "--only",
      paramLabel = "N",
      split = ",",
      description = "With --seed: of what it has in store, as printed, these elements only.")
  private List<Integer> only;

  @Option(
      names = "--without",
      paramLabel = "N",
      split = ",",
      description = "With --seed: what it has in store, as printed, without these elements.")
  private List<Integer> without;

  @Option(
      names = "--variant",
      paramLabel = "N",
      description =
          "With --seed: another run of what it has in store; ${DEFAULT-VALUE} if left out.",
      defaultValue = "0")
  private int variant;

  @Option(names = "--trace", description = "With --seed: print everything that happens.")
  private boolean trace;

  /// Which seeds are run: one of these, or one that is drawn now.
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
        names = "--list",
        paramLabel = "FILE",
        description =
            "The seeds of a file, such as ci/seeds/found.txt, whose lines begin with scenario and seed.")
    private Path list;
  }

  @Override
  public Integer call() throws RefusedException {
    if (jobs < 1) {
      throw new RefusedException(ExitStatus.USAGE, "--jobs takes 1 or more; not " + jobs + ".");
    }
    if (minutes != null && minutes < 1) {
      throw new RefusedException(
          ExitStatus.USAGE, "--minutes takes 1 or more; not " + minutes + ".");
    }
    if (only != null && without != null) {
      throw new RefusedException(
          ExitStatus.USAGE, "--only and --without say the same in two ways: take one of them.");
    }
    Simulation simulation = new Simulation(scenario, System.out);
    simulation.setJobs(jobs);
    simulation.setShrinks(shrink);
    if (minutes != null) {
      simulation.setLimit(Duration.ofMinutes(minutes), System::nanoTime);
    }
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
    if (extent != null && extent.list != null) {
      return simulation.sweep(read(extent.list));
    }
    if (extent == null && minutes != null) {
      return simulation.sweep(drawnSeed(), Long.MAX_VALUE - 1);
    }
    try {
      return simulation.replay(
          extent == null ? drawnSeed() : extent.seed, part().inVariant(variant), trace);
    } catch (NotInStoreException wrong) {
      throw new RefusedException(ExitStatus.USAGE, wrong.getMessage() + ".");
    }
  }

  private PlanPart part() {
    if (only != null) {
      return PlanPart.only(only);
    }
    return without == null ? PlanPart.WHOLE : PlanPart.without(without);
  }

  private static List<Simulation.Seed> read(Path list) throws RefusedException {
    List<String> lines;
    try {
      lines = Files.readAllLines(list);
    } catch (NoSuchFileException missing) {
      throw new RefusedException(
          ExitStatus.USAGE,
          "there is no file " + list + ". Name one of seeds, such as ci/seeds/found.txt.");
    } catch (IOException unreadable) {
      throw new RefusedException(
          ExitStatus.USAGE,
          list + " cannot be read as text: " + unreadable
              + ". Name a file of seeds, such as ci/seeds/found.txt.");
    }
    List<Simulation.Seed> seeds = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (!line.isBlank() && !line.startsWith("#")) {
        seeds.add(seedOf(line, list + ", line " + (i + 1)));
      }
    }
    return seeds.stream().distinct().toList();
  }

  private static Simulation.Seed seedOf(String line, String where) throws RefusedException {
    Matcher begin = LISTED.matcher(line);
    if (begin.lookingAt()) {
      for (ScenarioKind kind : ScenarioKind.values()) {
        if (kind.name().equals(begin.group(1))) {
          return new Simulation.Seed(kind, Long.parseLong(begin.group(2)));
        }
      }
    }
    throw new RefusedException(
        ExitStatus.USAGE,
        "%s does not begin with a scenario and a seed, such as MIXED 11: %s. The scenarios are %s."
            .formatted(where, line, Arrays.toString(ScenarioKind.values())));
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
