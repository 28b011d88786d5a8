package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.simulator.WriteThroughCabinet.Lie;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SimulationTest {
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);

  @Test
  void aCabinetThatWritesThroughKeepsItsPromises() {
    Simulation simulation =
        new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.NONE), out);

    assertThat(simulation.sweep(1, 12))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    assertThat(simulation.totals().kills()).isPositive();
    assertThat(simulation.totals().powerLosses()).isPositive();
    assertThat(simulation.totals().readsChecked()).isGreaterThan(1000);
  }

  @ParameterizedTest
  @EnumSource(value = Lie.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aCabinetThatLiesIsFound(Lie lie) {
    Simulation simulation = new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(lie), out);

    boolean found = false;
    for (int seed = 1; seed <= 40 && !found; seed++) {
      found = simulation.replay(seed, PlanPart.WHOLE, false) != 0;
    }

    assertThat(found).as("found within 40 seeds").isTrue();
    assertThat(text.toString(StandardCharsets.UTF_8)).contains("replay: farside sim --seed ");
  }

  @Test
  void oneSeedGoesTheSameWayTwice() {
    assertThat(hashOf(7)).isEqualTo(hashOf(7)).isNotEqualTo(hashOf(8));
  }

  @Test
  void seedsThatRunSideBySideSayTheSameInTheSameOrder() {
    Simulation one =
        new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.FORGETS_THE_FLUSH), out);
    int failed = one.sweep(1, 12);
    String oneByOne = text.toString(StandardCharsets.UTF_8);
    text.reset();
    Simulation three =
        new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.FORGETS_THE_FLUSH), out);
    three.setJobs(3);

    assertThat(three.sweep(1, 12)).isEqualTo(failed);
    assertThat(text.toString(StandardCharsets.UTF_8)).isEqualTo(oneByOne);
  }

  @Test
  void whenTheTimeIsUpNoSeedBeginsAndTheRestIsNamed() {
    Simulation simulation =
        new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.NONE), out);
    long[] clockNs = {0};
    simulation.setLimit(Duration.ofSeconds(2), () -> clockNs[0] += 1_000_000_000);

    simulation.sweep(1, 12);

    assertThat(simulation.totals().runs()).isOne();
    assertThat(text.toString(StandardCharsets.UTF_8))
        .contains("the time was up: seeds from 2 on were not run");
  }

  @Test
  void theSeedsOfAListRunInTheirOwnScenarios() {
    Simulation simulation =
        new Simulation(ScenarioKind.MIXED, WriteThroughCabinet.maker(Lie.NONE), out);
    List<Simulation.Seed> seeds = List.of(
        new Simulation.Seed(ScenarioKind.LOCAL, 3), new Simulation.Seed(ScenarioKind.LOCAL, 2));

    assertThat(simulation.sweep(seeds)).isZero();
    assertThat(text.toString(StandardCharsets.UTF_8).lines())
        .anyMatch(line -> line.startsWith("LOCAL seed 3 held: "))
        .anyMatch(line -> line.startsWith("LOCAL seed 2 held: "))
        .anyMatch(line -> line.startsWith("faults: "));
  }

  private long hashOf(long seed) {
    Simulation simulation =
        new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.NONE), out);
    assertThat(simulation.replay(seed, PlanPart.WHOLE, false))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    return simulation.lastHash();
  }
}
