package farside.simulator;

import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One run of one seed: says what was drawn, what it went through and, on failure, everything
/// that helps to see why, and the command that replays it.
final class SeedRun {
  private static final int FRAMES_SHOWN_MAX = 14;

  private final ScenarioKind kind;
  private final long seed;
  private final PlanPart part;
  private final CabinetMaker maker;
  private Totals totals = Totals.none();
  private FaultCounts faults = new FaultCounts();
  private String failure = "";
  private String brokenCheck = "";
  private long hash;
  private int elementCount;

  SeedRun(ScenarioKind kind, long seed, PlanPart part, CabinetMaker maker) {
    this.kind = kind;
    this.seed = seed;
    this.part = part;
    this.maker = maker;
  }

  /// The same seed with another part of what it has in store.
  SeedRun with(PlanPart other) {
    return new SeedRun(kind, seed, other, maker);
  }

  /// Returns true if all promises held.
  ///
  /// @param atLength true: everything drawn is printed first; else only if the run fails
  /// @param echo true: every line of the trace is printed as it happens
  boolean run(PrintStream out, boolean atLength, boolean echo) {
    Trace trace = new Trace(echo ? out : null);
    try (Arena arena = Arena.ofConfined()) {
      Scenario scenario = new Scenario(seed, kind, part, maker, arena, trace);
      elementCount = scenario.elementCount();
      part.requireWithin(seed, elementCount);
      if (atLength) {
        introduce(scenario, out);
      }
      try {
        scenario.run();
      } catch (RuntimeException broken) {
        failure = String.valueOf(broken.getMessage());
        brokenCheck = checkOf(broken);
        hash = trace.hash();
        if (!atLength) {
          introduce(scenario, out);
        }
        report(scenario, trace, broken, out);
        return false;
      }
      hash = trace.hash();
      totals = scenario.totals();
      faults = scenario.faultCounts();
      out.printf(
          "%s seed %d held: %s, trace %016x, last draw %016x%n",
          kind, seed, atLength ? totals : brief(totals), hash, scenario.lastDraw());
      scenario.close();
      return true;
    }
  }

  long seed() {
    return seed;
  }

  PlanPart part() {
    return part;
  }

  /// The command that does the same again.
  String replay() {
    return "farside sim --seed " + seed
        + (kind == ScenarioKind.MIXED ? "" : " --scenario " + kind)
        + part.option();
  }

  /// Of a run that held.
  Totals totals() {
    return totals;
  }

  /// Of a run that held.
  FaultCounts faults() {
    return faults;
  }

  /// What was broken; empty if nothing was.
  String failure() {
    return failure;
  }

  /// True if it failed, and the same check did, whatever the numbers.
  boolean failedLike(SeedRun other) {
    return !failure.isEmpty() && brokenCheck.equals(other.brokenCheck);
  }

  /// Where in the source the check stands that failed.
  private static String checkOf(Throwable broken) {
    Throwable first = broken;
    while (first.getCause() != null) {
      first = first.getCause();
    }
    return first.getClass().getName()
        + Stream.of(first.getStackTrace())
            .filter(frame -> !frame.getMethodName().equals("require"))
            .findFirst();
  }

  /// Of everything that happened.
  long hash() {
    return hash;
  }

  /// The elements of what the seed has in store that it had.
  List<Integer> numbers() {
    return IntStream.rangeClosed(1, elementCount).filter(part::has).boxed().toList();
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

  private void introduce(Scenario scenario, PrintStream out) {
    out.println("seed " + seed + ", scenario " + kind + ", replay: " + replay());
    for (String line : scenario.lines()) {
      out.println("  " + line);
    }
  }

  private void report(Scenario scenario, Trace trace, RuntimeException broken, PrintStream out) {
    trace.lines().forEach(out::println);
    scenario.blackBoxLines().forEach(out::println);
    scenario.tableLines().forEach(out::println);
    out.println();
    out.println("FAILED  " + kind + "  seed=" + seed + "  at "
        + trace.clock(scenario.time().nowNs()) + " virtual s");
    out.println(failure);
    if (broken.getCause() != null) {
      broken.getCause().printStackTrace(out);
    } else if (!(broken instanceof SimulationFailure)) {
      broken.printStackTrace(out);
    } else {
      printWhere(broken, out);
    }
    out.println("went through: " + scenario.totals());
    out.println("replay: " + replay());
    out.printf(
        "trace %016x, last draw %016x (same seed, other numbers: not deterministic)%n",
        hash, scenario.lastDraw());
  }

  /// Which call of the microcode broke the rule.
  private static void printWhere(RuntimeException broken, PrintStream out) {
    Stream.of(broken.getStackTrace())
        .takeWhile(frame -> !frame.getClassName().equals(SeedRun.class.getName()))
        .limit(FRAMES_SHOWN_MAX)
        .forEach(frame -> out.println("    at " + frame));
  }
}
