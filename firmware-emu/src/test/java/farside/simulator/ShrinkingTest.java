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
      Pattern.compile("replay: farside sim --seed (\\d+) --scenario LOCAL --only=([0-9,]+)\\R");

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
  void thePlanOfAFailedSeedGetsSmallerAndThePrintedCommandReplaysIt() {
    Simulation simulation = simulation();
    simulation.setShrinks(true);
    long seed = 0;
    int planned = 0;
    // One whose plan is worth it.
    while (planned < 8) {
      seed++;
      SeedRun run = new SeedRun(
          ScenarioKind.LOCAL,
          seed,
          PlanPart.WHOLE,
          WriteThroughCabinet.maker(Lie.FORGETS_THE_FLUSH));
      planned = run.run(new PrintStream(PrintStream.nullOutputStream()), false, false)
          ? 0
          : run.numbers().size();
    }

    assertThat(simulation.replay(seed, PlanPart.WHOLE, false)).isOne();

    String said = text.toString(StandardCharsets.UTF_8);
    Matcher replay = REPLAY.matcher(said.substring(said.indexOf("elements are left")));
    assertThat(replay.find()).as(said).isTrue();
    assertThat(replay.group(1)).isEqualTo(Long.toString(seed));
    List<Integer> left =
        Stream.of(replay.group(2).split(",")).map(Integer::valueOf).toList();
    assertThat(left).hasSizeLessThanOrEqualTo(planned / 2);
    Simulation again = simulation();
    assertThat(again.replay(seed, PlanPart.only(left), false)).isOne();
    assertThat(said).contains(String.format("trace %016x, ", again.lastHash()));
    for (Integer one : left) {
      List<Integer> fewer = left.stream().filter(number -> !number.equals(one)).toList();
      assertThat(simulation().replay(seed, PlanPart.only(fewer), false)).isZero();
    }
  }

  @Test
  void aFailedRunTellsItsReplayItsTraceAndTheTablesOfBothSites() {
    Simulation simulation = simulation();
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

  private Simulation simulation() {
    return new Simulation(
        ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.FORGETS_THE_FLUSH), out);
  }
}
