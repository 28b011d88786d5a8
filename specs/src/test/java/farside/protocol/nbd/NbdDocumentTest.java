package farside.protocol.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The tables of `specs/nbd.md` and the code say the same.
class NbdDocumentTest {
  private static final Path PAGE = Path.of("nbd.md");

  @Test
  void everyOptionIsInTheTableWithWhatBecomesOfIt() throws IOException {
    List<String> expected = new ArrayList<>();
    for (NbdOption option : NbdOption.values()) {
      expected.add(option.name() + " " + option.number() + " "
          + (OptionRequest.isServed(option) ? "served" : "refused, ERR_UNSUP"));
    }
    expected.add("any other  refused, ERR_UNSUP");

    assertThat(rows("option", 3))
        .map(cells -> cells.get(0) + " " + cells.get(1) + " "
            + (cells.get(2).startsWith("served") ? "served" : cells.get(2)))
        .containsExactlyElementsOf(expected);
  }

  @Test
  void everyCommandIsInTheTableWithTheFlagsItTakes() throws IOException {
    List<String> expected = new ArrayList<>();
    for (NbdCommand command : NbdCommand.values()) {
      expected.add(command.name() + " " + command.number() + " " + flags(command));
    }

    assertThat(rows("command", 3))
        .map(cells -> String.join(" ", cells.subList(0, 3)))
        .containsExactlyElementsOf(expected);
  }

  private static String flags(NbdCommand command) {
    if (command.takes(0xFFFF)) {
      return "any";
    }
    assertThat(command.takes(NbdCommand.FLAG_FUA)).isTrue();
    assertThat(command.takes(1 << 5)).isFalse();
    return "FUA"
        + (command.takes(NbdCommand.FLAG_NO_HOLE) ? ", NO_HOLE" : "")
        + (command.takes(NbdCommand.FLAG_DF) ? ", DF" : "")
        + (command.takes(NbdCommand.FLAG_REQ_ONE) ? ", REQ_ONE" : "")
        + (command.takes(NbdCommand.FLAG_FAST_ZERO) ? ", FAST_ZERO" : "");
  }

  @Test
  void theLimitsAreThoseOfTheCode() throws IOException {
    assertThat(rows("limit", 2).subList(0, 5).stream().map(cells -> cells.get(1)))
        .containsExactly(
            String.valueOf(NbdLimits.OPTIONS_MAX),
            NbdLimits.OPTION_BYTES_MAX / 1024 + " KiB",
            NbdLimits.OPTION_BYTES_SKIPPED_MAX / 1024 / 1024 + " MiB",
            NbdLimits.PAYLOAD_BYTES_MAX / 1024 / 1024 + " MiB",
            NbdLimits.PAYLOAD_BYTES_SWALLOWED_MAX / 1024 / 1024 + " MiB");
  }

  /// The rows of the table whose first heading is that, without heading and rule.
  private static List<List<String>> rows(String heading, int cellsMin) throws IOException {
    List<List<String>> rows = new ArrayList<>();
    boolean isInside = false;
    for (String line : Files.readAllLines(PAGE)) {
      isInside = line.startsWith("| " + heading + " ") || (isInside && line.startsWith("|"));
      if (isInside) {
        List<String> cells =
            Arrays.stream(line.substring(1).split("\\|")).map(String::strip).toList();
        assertThat(cells).as(line).hasSizeGreaterThanOrEqualTo(cellsMin);
        rows.add(cells);
      }
    }
    return rows.subList(2, rows.size());
  }
}
