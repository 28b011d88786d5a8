package farside.simulator;

import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Virtual time for people: runs seeds, says what each went through, and on failure how to see
/// it again.
public final class Simulation {
  private final ScenarioKind kind;
  private final CabinetMaker maker;
  private final PrintStream out;
  private Totals totals = Totals.none();
  private int failures;
  private long lastHash;

  Simulation(ScenarioKind kind, CabinetMaker maker, PrintStream out) {
    this.kind = kind;
    this.maker = maker;
    this.out = out;
  }

  /// Runs the real microcode.
  public Simulation(ScenarioKind kind, PrintStream out) {
    this(kind, MicrocodeCabinet::new, out);
  }

  /// One seed; everything drawn is printed first. Returns 0 if all promises held, 1 if not.
  public static int run(long seed, PrintStream out) {
    return new Simulation(ScenarioKind.MIXED, out).replay(seed, false);
  }

  /// All seeds from the first to the last, and totals; only failures are printed at length.
  /// Returns 0 if all promises held, 1 if not.
  public static int runMany(long firstSeed, long lastSeed, PrintStream out) {
    return new Simulation(ScenarioKind.MIXED, out).sweep(firstSeed, lastSeed);
  }

  /// Seeds from the first on, until the wall clock says that the time is up.
  public static int runFor(
      Duration wallTime, long firstSeed, LongSupplier wallClockNs, PrintStream out) {
    return new Simulation(ScenarioKind.MIXED, out).sweepFor(wallTime, firstSeed, wallClockNs);
  }

  /// @param echo true: every line of the trace is printed as it happens
  public int replay(long seed, boolean echo) {
    boolean held = once(seed, true, echo);
    return held ? 0 : 1;
  }

  public int sweep(long firstSeed, long lastSeed) {
    for (long seed = firstSeed; seed <= lastSeed; seed++) {
      once(seed, false, false);
    }
    return conclude();
  }

  public int sweepFor(Duration wallTime, long firstSeed, LongSupplier wallClockNs) {
    long startNs = wallClockNs.getAsLong();
    for (long seed = firstSeed; wallClockNs.getAsLong() - startNs < wallTime.toNanos(); seed++) {
      once(seed, false, false);
    }
    return conclude();
  }

  /// The hash of everything that happened in the last run.
  long lastHash() {
    return lastHash;
  }

  Totals totals() {
    return totals;
  }

  /// Virtual time of all runs that held.
  public long virtualNs() {
    return totals.virtualNs();
  }

  /// Requests of hosts that were answered, and judged, in all runs that held.
  public long hostAnswers() {
    return totals.hostAnswers();
  }

  private int conclude() {
    out.println("total: " + totals + ", " + failures + " failed");
    return failures == 0 ? 0 : 1;
  }

  private boolean once(long seed, boolean atLength, boolean echo) {
    Trace trace = new Trace(echo ? out : null);
    try (Arena arena = Arena.ofConfined()) {
      Scenario scenario = new Scenario(seed, kind, maker, arena, trace);
      if (atLength) {
        introduce(seed, scenario);
      }
      try {
        scenario.run();
      } catch (RuntimeException failure) {
        failures++;
        if (!atLength) {
          introduce(seed, scenario);
        }
        report(seed, scenario, trace, failure);
        return false;
      }
      lastHash = trace.hash();
      totals = totals.plus(scenario.totals());
      out.printf(
          "seed %d held: %s, trace %016x, last draw %016x%n",
          seed,
          atLength ? scenario.totals() : brief(scenario.totals()),
          lastHash,
          scenario.lastDraw());
      return true;
    }
  }

  private static String brief(Totals totals) {
    return String.format(
        "%.1f virtual s, %d host I/Os, %d kills, %d power losses, %d cuts",
        totals.virtualNs() / 1e9,
        totals.hostAnswers(),
        totals.kills(),
        totals.powerLosses(),
        totals.lineCuts());
  }

  private void introduce(long seed, Scenario scenario) {
    out.println("seed " + seed + ", scenario " + kind);
    for (String line : scenario.lines()) {
      out.println("  " + line);
    }
  }

  private void report(long seed, Scenario scenario, Trace trace, RuntimeException failure) {
    lastHash = trace.hash();
    for (String line : trace.lines()) {
      out.println(line);
    }
    scenario.blackBoxLines().forEach(out::println);
    out.println();
    out.println("FAILED  " + kind + "  seed=" + seed + "  at "
        + trace.clock(scenario.time().nowNs()) + " virtual s");
    out.println(failure.getMessage());
    if (failure.getCause() != null) {
      failure.getCause().printStackTrace(out);
    } else if (!(failure instanceof SimulationFailure)) {
      failure.printStackTrace(out);
    } else {
      printWhere(failure);
    }
    out.println("went through: " + scenario.totals());
    out.println("replay: farside sim --seed " + seed
        + (kind == ScenarioKind.MIXED ? "" : " --scenario " + kind));
    out.printf(
        "trace %016x, last draw %016x (same seed, other numbers: not deterministic)%n",
        lastHash, scenario.lastDraw());
  }

  /// Which call of the microcode broke the rule.
  private void printWhere(RuntimeException failure) {
    StackTraceElement[] frames = failure.getStackTrace();
    for (int i = 0; i < Math.min(frames.length, 14); i++) {
      out.println("    at " + frames[i]);
    }
  }
}
