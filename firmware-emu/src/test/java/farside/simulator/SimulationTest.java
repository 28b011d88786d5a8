package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.simulator.WriteThroughCabinet.Lie;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
      found = simulation.replay(seed, false) != 0;
    }

    assertThat(found).as("found within 40 seeds").isTrue();
    assertThat(text.toString(StandardCharsets.UTF_8)).contains("replay: farside sim --seed ");
  }

  @Test
  void oneSeedGoesTheSameWayTwice() {
    assertThat(hashOf(7)).isEqualTo(hashOf(7)).isNotEqualTo(hashOf(8));
  }

  private long hashOf(long seed) {
    Simulation simulation =
        new Simulation(ScenarioKind.LOCAL, WriteThroughCabinet.maker(Lie.NONE), out);
    assertThat(simulation.replay(seed, false))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    return simulation.lastHash();
  }
}
