package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `specs/fault-model.md` has a row for every kind of fault that is drawn, and for no other.
class FaultModelDocumentTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([A-Z][A-Z_]+)` \\| ");

  @Test
  void everyKindOfFaultHasItsRowAndNothingElseHas() throws IOException {
    TreeSet<String> documented = new TreeSet<>();
    Matcher row = ROW.matcher(Files.readString(root().resolve("specs/fault-model.md")));
    while (row.find()) {
      assertThat(documented.add(row.group(1)))
          .as("%s has one row", row.group(1))
          .isTrue();
    }
    TreeSet<String> known = new TreeSet<>();
    for (Fault.Kind kind : Fault.Kind.values()) {
      known.add(kind.name());
    }
    assertThat(documented).isEqualTo(known);
  }

  private static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.exists(at.resolve("ARCHITECTURE.md"))) {
      at = at.getParent();
    }
    return at;
  }
}
