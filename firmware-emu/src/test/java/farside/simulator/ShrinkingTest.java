package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.simulator.WriteThroughCabinet.Lie;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShrinkingTest {
  private static final Pattern REPLAY =
      Pattern.compile("replay: farside sim --seed (\\d+) --scenario LOCAL(?: --variant=(\\d))?"
          + " --only=([0-9,]+)\\R");

  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);

  @Test
  void whatIsLeftIsNeededAndTheOrderStays() {
    Shrinking shrinking = new Shrinking(list -> list.containsAll(List.of(3, 17, 18)), 1000);
    assertThat(shrinking.of(IntStream.rangeClosed(1, 40).boxed().toList()))
        .containsExactly(3, 17, 18);
    assertThat(shrinking.tries()).isLessThan(100);
  }

  @Test
  void nothingIsLeftIfNothingIsNeeded() {
    assertThat(new Shrinking(list -> true, 100).of(List.of(1, 2, 3))).isEmpty();
  }

  @Test
  void nothingIsTriedTwiceAndNotMoreOftenThanAllowed() {
    List<List<Integer>> tried = new ArrayList<>();
    Shrinking shrinking = new Shrinking(
        list -> {
          tried.add(list);
          return list.size() % 2 == 0;
        },
        7);
    shrinking.of(IntStream.rangeClosed(1, 20).boxed().toList());
    assertThat(tried).hasSizeLessThanOrEqualTo(7).doesNotHaveDuplicates();
  }

  @Test
  void whatAFailedSeedHasInStoreGetsSmallerAndThePrintedCommandReplaysIt() {
    Simulation simulation = simulation(Lie.NEVER_ANSWERS_A_FLUSH);
    simulation.setShrinks(true);
    long seed = 0;
    int planned = 0;
    // One that has enough in store.
    while (planned < 50) {
      seed++;
      SeedRun run = new SeedRun(
          ScenarioKind.LOCAL,
          seed,
          PlanPart.WHOLE,
          WriteThroughCabinet.maker(Lie.NEVER_ANSWERS_A_FLUSH));
      planned = run.run(new PrintStream(PrintStream.nullOutputStream()), false, false)
          ? 0
          : run.numbers().size();
    }

    assertThat(simulation.replay(seed, PlanPart.WHOLE, false)).isOne();

    String said = text.toString(StandardCharsets.UTF_8);
    String smaller = said.substring(said.indexOf("elements are left"));
    Matcher replay = REPLAY.matcher(smaller);
    assertThat(replay.find()).as(said).isTrue();
    assertThat(replay.group(1)).isEqualTo(Long.toString(seed));
    List<Integer> left =
        Stream.of(replay.group(3).split(",")).map(Integer::valueOf).toList();
    assertThat(left).hasSizeLessThanOrEqualTo(planned / 4);
    // One host that flushes is enough.
    assertThat(smaller).containsPattern(" \\d+: FLUSH\n").doesNotContainPattern(" \\d+: READ\n");
    assertThat(smaller.lines().filter(line -> line.matches(" +\\d+: host of volume.*")))
        .hasSize(1);
    int variant = replay.group(2) == null ? 0 : Integer.parseInt(replay.group(2));
    Simulation again = simulation(Lie.NEVER_ANSWERS_A_FLUSH);
    assertThat(again.replay(seed, PlanPart.only(left).inVariant(variant), false))
        .isOne();
    assertThat(smaller).contains(String.format("trace %016x, ", again.lastHash()));
    for (Integer one : left) {
      List<Integer> fewer = left.stream().filter(number -> !number.equals(one)).toList();
      for (int other = 0; other < Simulation.SHRINKING_VARIANTS; other++) {
        assertThat(simulation(Lie.NEVER_ANSWERS_A_FLUSH)
                .replay(seed, PlanPart.only(fewer).inVariant(other), false))
            .isZero();
      }
    }
  }

  @Test
  void onlyTheSameCheckCountsAsTheSameFailure() {
    SeedRun flush = failed(Lie.FORGETS_THE_FLUSH, 1);
    assertThat(failed(Lie.FORGETS_THE_FLUSH, flush.seed() + 1).failedLike(flush))
        .isTrue();
    assertThat(failed(Lie.NEVER_ANSWERS_A_FLUSH, 1).failedLike(flush)).isFalse();
    assertThat(run(Lie.NONE, 1).failedLike(flush)).isFalse();
  }

  private SeedRun failed(Lie lie, long firstSeed) {
    SeedRun run = run(lie, firstSeed);
    return run.failure().isEmpty() ? failed(lie, firstSeed + 1) : run;
  }

  private SeedRun run(Lie lie, long seed) {
    SeedRun run =
        new SeedRun(ScenarioKind.LOCAL, seed, PlanPart.WHOLE, WriteThroughCabinet.maker(lie));
    run.run(out, false, false);
    return run;
  }

  @Test
  void anotherVariantIsAnotherRunOfTheSameRigAndPlan() {
    String first = told(0);
    String second = told(1);
    assertThat(lastDraw(first)).isEqualTo(lastDraw(told(0))).isNotEqualTo(lastDraw(second));
    assertThat(inStore(second)).isEqualTo(inStore(first));
    assertThat(second)
        .startsWith("seed 5, scenario LOCAL, replay: farside sim --seed 5 --scenario LOCAL"
            + " --variant=1\n");
  }

  private String told(int variant) {
    text.reset();
    new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.NONE), out)
        .replay(5, PlanPart.WHOLE.inVariant(variant), false);
    return text.toString(StandardCharsets.UTF_8);
  }

  private static String lastDraw(String told) {
    return told.substring(told.indexOf("last draw"));
  }

  /// What is said of the rig and of all elements.
  private static List<String> inStore(String told) {
    return told.lines().filter(line -> line.startsWith("  ")).toList();
  }

  @Test
  void aFailedRunTellsItsReplayItsTraceAndTheTablesOfBothSites() {
    Simulation simulation = simulation(Lie.FORGETS_THE_FLUSH);
    long seed = 1;
    while (simulation.replay(seed, PlanPart.WHOLE, false) == 0) {
      seed++;
    }
    String said = text.toString(StandardCharsets.UTF_8);
    assertThat(said.substring(said.indexOf("seed " + seed + ", scenario")))
        .startsWith("seed " + seed + ", scenario LOCAL, replay: farside sim --seed " + seed
            + " --scenario LOCAL\n")
        .contains("faults, events and states, oldest first:\n")
        .contains("everything, oldest first:\n")
        .contains("track tables of A:\n", "track tables of B:\n")
        .contains("\nFAILED  LOCAL  seed=" + seed + "  at ")
        .contains("\nreplay: farside sim --seed " + seed + " --scenario LOCAL\n");
  }

  private Simulation simulation(Lie lie) {
    return new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(lie), out);
  }
}
