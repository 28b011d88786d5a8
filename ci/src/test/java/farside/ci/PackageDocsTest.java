package farside.ci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Every package says what lives in it, what comes before and after, and what must never come
/// in.
class PackageDocsTest {
  private static final Path SOURCES = Path.of("src", "main", "java");

  @Test
  void everyPackageHasAPackageInfoWithADocComment() throws IOException {
    var root = Repository.root();
    var packages = new TreeSet<Path>();
    try (var files = Files.walk(root)) {
      files
          .filter(file -> file.toString().endsWith(".java"))
          .map(file -> root.relativize(file).getParent())
          .filter(directory -> !isBuilt(directory))
          .filter(directory -> directory.toString().contains(SOURCES.toString()))
          .forEach(packages::add);
    }
    assertThat(packages).as("packages below src/main/java").isNotEmpty();

    var undocumented = new TreeSet<Path>();
    for (var directory : packages) {
      var info = root.resolve(directory).resolve("package-info.java");
      if (!Files.exists(info) || !Files.readString(info).startsWith("///")) {
        undocumented.add(directory);
      }
    }
    assertThat(undocumented)
        .as("packages without a package-info.java that starts with `///`: write one that says what"
            + " lives there, what comes before and after, and what must never come in"
            + " (style.md, 1)")
        .isEmpty();
  }

  private static boolean isBuilt(Path directory) {
    for (var name : directory) {
      if (name.toString().equals("target")) {
        return true;
      }
    }
    return false;
  }
}
