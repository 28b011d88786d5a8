package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.service.ConsoleCommand;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OperatorCommandsTest {
  @Test
  void everyCommandOfTheConsoleIsAmongWhatAnOperatorTypes() {
    TreeSet<String> typed = new TreeSet<>();
    for (String line : OperatorCommands.of(RigDraw.draw(new Draws(1), ScenarioKind.MIXED))) {
      typed.add(line.split(" ")[0]);
    }
    for (ConsoleCommand command : ConsoleCommand.values()) {
      assertThat(typed).contains(command.word());
    }
  }
}
