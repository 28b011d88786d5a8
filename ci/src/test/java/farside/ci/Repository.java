package farside.ci;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the checks look at: the compiled classes of all modules, and the source tree.
final class Repository {
  /// Read once, as it takes a second or two.
  private static final JavaClasses CLASSES = new ClassFileImporter()
      .withImportOption(new ImportOption.DoNotIncludeTests())
      .importPackages("farside");

  private Repository() {}

  static JavaClasses classes() {
    return CLASSES;
  }

  /// A rule about a package that has no class yet holds.
  static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }

  /// Maven starts tests in their module's directory, an IDE often in the repository's.
  static Path root() {
    for (var path = Path.of("").toAbsolutePath(); path != null; path = path.getParent()) {
      if (Files.isDirectory(path.resolve(".mvn"))) {
        return path;
      }
    }
    throw new IllegalStateException("Start the tests below the repository: no parent has a .mvn.");
  }
}
