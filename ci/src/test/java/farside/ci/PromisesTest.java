package farside.ci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every promise in `specs/promises.md`, and every fault in `specs/fault-model.md`, names tests
/// that
/// exist.
class PromisesTest {
  private static final Pattern NAMED =
      Pattern.compile("`([A-Z]\\w*[a-z](?:Test|IT))(?:\\.(\\w+))?`");

  @ParameterizedTest
  @ValueSource(strings = {"specs/promises.md", "specs/fault-model.md"})
  void everyTestThatIsNamedExists(String document) throws IOException {
    Path root = root();
    List<Path> tests;
    try (Stream<Path> all = Files.walk(root)) {
      tests = all.filter(path -> path.toString().contains("src/test/java"))
          .filter(path -> path.toString().endsWith(".java"))
          .sorted()
          .toList();
    }
    List<String> missing = new ArrayList<>();
    Matcher named = NAMED.matcher(Files.readString(root.resolve(document)));
    int count = 0;
    while (named.find()) {
      count++;
      if (!exists(tests, named.group(1), named.group(2))) {
        missing.add(named.group());
      }
    }
    assertThat(count).as("tests named in %s", document).isPositive();
    assertThat(missing)
        .as("tests that %s names and nobody wrote; write them, or correct the name", document)
        .isEmpty();
  }

  private static boolean exists(List<Path> tests, String type, String method) throws IOException {
    for (Path test : tests) {
      if (test.getFileName().toString().equals(type + ".java")
          && (method == null || Files.readString(test).contains("void " + method + "("))) {
        return true;
      }
    }
    return false;
  }

  private static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.exists(at.resolve("ARCHITECTURE.md"))) {
      at = at.getParent();
    }
    return at;
  }
}
