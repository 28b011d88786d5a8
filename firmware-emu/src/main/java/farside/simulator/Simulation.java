package farside.simulator;

import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Virtual time for people: runs seeds, says what each went through, and on failure how to see
/// it again.
///
/// A run is one thread's, from the first draw to the last; some may go side by side.
public final class Simulation {
  private static final int SHRINKING_TRIES_MAX = 400;

  /// How many runs each has: what fails by a coincidence of times seldom does so in the very next
  /// run, when something is left out.
  static final int SHRINKING_VARIANTS = 5;

  /// One of the seeds that are to be run.
  public record Seed(ScenarioKind kind, long number) {}

  private final ScenarioKind kind;
  private final CabinetMaker maker;
  private final PrintStream out;
  private final FaultCounts faults = new FaultCounts();
  private int jobs = 1;
  private boolean shrinks;
  private BooleanSupplier isTimeUp = () -> false;
  private Totals totals = Totals.none();
  private int failures;
  private SeedRun firstFailed;
  private PlanPart smallest;
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
    return new Simulation(ScenarioKind.MIXED, out).replay(seed, PlanPart.WHOLE, false);
  }

  /// Runs so many seeds at once; what they say comes in the order of the seeds.
  public void setJobs(int jobs) {
    this.jobs = jobs;
  }

  /// What the first seed that fails has in store is then made smaller, while it fails alike.
  public void setShrinks(boolean shrinks) {
    this.shrinks = shrinks;
  }

  /// No run begins after so long, by the wall clock.
  public void setLimit(Duration wallTime, LongSupplier wallClockNs) {
    long startNs = wallClockNs.getAsLong();
    isTimeUp = () -> wallClockNs.getAsLong() - startNs >= wallTime.toNanos();
  }

  /// @param part of what the seed has in store
  /// @param echo true: every line of the trace is printed as it happens
  /// @throws NotInStoreException if the seed has no such part
  public int replay(long seed, PlanPart part, boolean echo) {
    SeedRun run = new SeedRun(kind, seed, part, maker);
    run.run(out, true, echo);
    count(run);
    shrinkFailed();
    return failures == 0 ? 0 : 1;
  }

  /// All seeds from the first to the last, and totals; only failures are printed at length.
  /// Returns 0 if all promises held, 1 if not.
  public int sweep(long firstSeed, long lastSeed) {
    long[] next = {firstSeed};
    runAll(() -> next[0] > lastSeed ? null : new Seed(kind, next[0]++));
    if (next[0] <= lastSeed) {
      out.println("the time was up: seeds from " + next[0] + " on were not run");
    }
    return conclude();
  }

  public int sweep(List<Seed> seeds) {
    int[] next = {0};
    runAll(() -> next[0] == seeds.size() ? null : seeds.get(next[0]++));
    if (next[0] < seeds.size()) {
      out.println("the time was up: " + (seeds.size() - next[0]) + " seeds were not run");
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
    out.println("faults: " + faults);
    out.println("total: " + totals + ", " + failures + " failed");
    shrinkFailed();
    return failures == 0 ? 0 : 1;
  }

  private void runAll(Supplier<Seed> seeds) {
    if (jobs == 1) {
      for (SeedRun run = nextRun(seeds); run != null; run = nextRun(seeds)) {
        run.run(out, false, false);
        count(run);
      }
      return;
    }
    new SideBySide(() -> nextRun(seeds), this::count, out).run(jobs);
  }

  /// Null if there is none, or no time left.
  private SeedRun nextRun(Supplier<Seed> seeds) {
    Seed seed = isTimeUp.getAsBoolean() ? null : seeds.get();
    return seed == null ? null : new SeedRun(seed.kind(), seed.number(), PlanPart.WHOLE, maker);
  }

  private void count(SeedRun run) {
    lastHash = run.hash();
    totals = totals.plus(run.totals());
    faults.add(run.faults());
    if (!run.failure().isEmpty()) {
      failures++;
      firstFailed = firstFailed == null ? run : firstFailed;
    }
  }

  private void shrinkFailed() {
    if (!shrinks || firstFailed == null) {
      return;
    }
    List<Integer> whole = firstFailed.numbers();
    smallest = firstFailed.part();
    out.println("shrinking a run of " + whole.size() + " elements: " + firstFailed.replay());
    Shrinking shrinking = new Shrinking(this::fails, SHRINKING_TRIES_MAX);
    List<Integer> left = shrinking.of(whole);
    out.println("after " + shrinking.tries() + " runs " + left.size() + " elements are left:");
    firstFailed.with(smallest).run(out, true, false);
  }

  private boolean fails(List<Integer> numbers) {
    PlanPart part = PlanPart.only(numbers);
    for (int i = 0; i < SHRINKING_VARIANTS; i++) {
      // The one that failed last first.
      SeedRun run = firstFailed.with(part.inVariant((smallest.variant() + i) % SHRINKING_VARIANTS));
      run.run(new PrintStream(OutputStream.nullOutputStream()), false, false);
      if (run.failedLike(firstFailed)) {
        smallest = run.part();
        out.println("  " + numbers.size() + " are enough: " + run.failure());
        return true;
      }
    }
    return false;
  }
}
