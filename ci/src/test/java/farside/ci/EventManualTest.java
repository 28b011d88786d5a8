package farside.ci;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.EventCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The list of events is what the code has: number, severity and sentence, with a meaning and a
/// cure.
class EventManualTest {
  private static final Path MANUAL = Path.of("specs", "events.md");

  private static final Pattern ROW =
      Pattern.compile("\\| (\\d{4}) \\| (\\w+) \\| `(.*?)` \\| (.*?) \\| (.*?) \\|");

  @Test
  void everyEventHasItsRowAndNothingElseHas() throws IOException {
    var documented = new ArrayList<String>();
    for (var line : Files.readAllLines(Repository.root().resolve(MANUAL))) {
      var row = ROW.matcher(line);
      if (row.matches()) {
        documented.add(row.group(1) + " " + row.group(2) + " " + row.group(3));
        assertThat(row.group(4)).as("what event %s means", row.group(1)).isNotBlank();
        assertThat(row.group(5)).as("the cure of event %s", row.group(1)).isNotBlank();
      }
    }
    var known = new ArrayList<String>();
    for (var code : EventCode.values()) {
      known.add(code.number() + " " + code.severity() + " " + code.sentence());
    }

    assertThat(documented)
        .as(
            "rows `| number | severity | sentence | meaning | cure |` of %s: make them and EventCode"
                + " say the same, in the same order",
            MANUAL)
        .isEqualTo(known);
  }

  @Test
  void noNumberIsGivenTwice() {
    var numbers = new TreeSet<Integer>();
    for (var code : EventCode.values()) {
      assertThat(numbers.add(code.number()))
          .as("number %d of %s is taken: numbers are never given twice", code.number(), code)
          .isTrue();
    }
  }
}
