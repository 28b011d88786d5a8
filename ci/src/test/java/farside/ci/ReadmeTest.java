package farside.ci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The front door: whoever reads `README.md` finds every `make` target there, and none that
/// does not exist.
class ReadmeTest {
  /// A target that `make` alone lists: its rule ends with `## ` and a line about it.
  private static final Pattern TARGET = Pattern.compile("^([a-z-]+):.*## \\S.*$");

  private static final Pattern IN_PROSE = Pattern.compile("`make ([a-z-]+)");
  private static final Pattern IN_A_CODE_BLOCK = Pattern.compile("(?:^|[$&;]) *make ([a-z-]+)");

  @Test
  void everyMakeTargetIsNamedAndEveryNamedOneExists() throws IOException {
    var targets = new TreeSet<String>();
    for (var line : lines("Makefile")) {
      TARGET.matcher(line).results().forEach(found -> targets.add(found.group(1)));
    }
    assertThat(targets).as("targets of the Makefile with a `## ` line").isNotEmpty();

    var named = new TreeSet<String>();
    var inCode = false;
    for (var line : lines("README.md")) {
      inCode ^= line.startsWith("```");
      var pattern = inCode ? IN_A_CODE_BLOCK : IN_PROSE;
      pattern.matcher(line).results().forEach(found -> named.add(found.group(1)));
    }
    assertThat(named)
        .as(
            "targets named in README.md as `make TARGET`: name those that are missing, and take away"
                + " those that the Makefile does not have")
        .isEqualTo(targets);
  }

  private static List<String> lines(String file) throws IOException {
    return Files.readAllLines(Repository.root().resolve(file));
  }
}
