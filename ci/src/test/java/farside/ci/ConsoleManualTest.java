package farside.ci;

import static org.assertj.core.api.Assertions.assertThat;

import farside.service.ConsoleCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The manual of the console says what the console does: every command, every field of JSON,
/// and nothing else.
class ConsoleManualTest {
  private static final Path MANUAL = Path.of("specs", "console.md");

  /// Answers that the service processor's own tests hold it to.
  private static final Path TRANSCRIPTS = Path.of(
      "microcode", "service", "src", "test", "resources", "farside", "service", "transcripts");

  private static final Pattern COMMAND_HEADING = Pattern.compile("### `(.*)`");
  private static final Pattern JSON_NAME = Pattern.compile("^ *\"(\\w+)\":", Pattern.MULTILINE);
  private static final Pattern FIELD_ROW = Pattern.compile("^\\| `(\\w+)` \\|", Pattern.MULTILINE);

  @Test
  void everyCommandHasItsHeadingAndItsSummaryAndNothingElseHas() throws IOException {
    var documented = new ArrayList<String>();
    var lines = Files.readAllLines(Repository.root().resolve(MANUAL));
    for (int i = 0; i + 2 < lines.size(); i++) {
      var heading = COMMAND_HEADING.matcher(lines.get(i));
      if (heading.matches()) {
        documented.add(heading.group(1) + " = " + lines.get(i + 2));
      }
    }
    var known = new ArrayList<String>();
    for (var command : ConsoleCommand.values()) {
      known.add(command.usage() + " = " + command.summary());
    }

    assertThat(documented)
        .as(
            "headings \"### `usage`\" of %s, each with its summary two lines below: make them and"
                + " ConsoleCommand say the same",
            MANUAL)
        .isEqualTo(known);
  }

  @Test
  void everyFieldOfAnAnswerIsExplainedAndNothingElseIs() throws IOException {
    var answered = new TreeSet<String>();
    try (var files = Files.list(Repository.root().resolve(TRANSCRIPTS))) {
      for (var file : files.filter(file -> file.toString().endsWith(".json")).toList()) {
        answered.addAll(all(JSON_NAME, Files.readString(file)));
      }
    }
    var explained =
        new TreeSet<>(all(FIELD_ROW, Files.readString(Repository.root().resolve(MANUAL))));

    assertThat(answered).as("fields of the answers below %s", TRANSCRIPTS).isNotEmpty();
    assertThat(explained)
        .as(
            "fields in the tables of %s: add the row that is missing, or take away the one that no"
                + " answer has",
            MANUAL)
        .isEqualTo(answered);
  }

  private static List<String> all(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(found -> found.group(1)).toList();
  }
}
