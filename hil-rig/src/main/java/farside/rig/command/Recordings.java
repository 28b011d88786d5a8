package farside.rig.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What the files of recordings are called: `FILE` of a site that runs alone, `FILE.SITE` of each
/// where one process runs several.
final class Recordings {
  private Recordings() {}

  static Path ofSite(Path file, String site) {
    return file.resolveSibling(file.getFileName() + "." + site);
  }

  /// The file itself, or, if there is none, those of the sites that were recorded together.
  static List<Path> named(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (Files.exists(file) || !Files.isDirectory(directory)) {
      return List.of(file);
    }
    String prefix = file.getFileName() + ".";
    List<Path> ofSites;
    try (Stream<Path> all = Files.list(directory)) {
      ofSites = all.filter(each -> each.getFileName().toString().startsWith(prefix))
          .filter(
              each -> !each.getFileName().toString().substring(prefix.length()).contains("."))
          .sorted()
          .toList();
    }
    return ofSites.isEmpty() ? List.of(file) : ofSites;
  }
}
