package farside.simulator.mutant;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The table of `specs/mutants.md`: how many seeds it took to find each deliberate fault. Whoever
/// looks again begins with the last of them.
final class MutantTable {
  private static final String HEAD = "| deliberate fault | scenario | seeds | seconds |";

  /// One row.
  ///
  /// @param seeds from 1 on, the last of which found it; 0: none did
  /// @param seconds processor time that all of them took
  record Row(String scenario, int seeds, double seconds) {}

  private final Path path;
  private final Map<String, Row> rows = new LinkedHashMap<>();

  private MutantTable(Path path) {
    this.path = path;
  }

  static MutantTable read() throws IOException {
    Path root = Path.of("").toAbsolutePath();
    while (!Files.exists(root.resolve("specs/mutants.md"))) {
      root = root.getParent();
    }
    MutantTable table = new MutantTable(root.resolve("specs/mutants.md"));
    for (String line : Files.readAllLines(table.path)) {
      String[] cells = line.split("\\s*\\|\\s*");
      if (cells.length == 5 && cells[3].matches("\\d+")) {
        Row row = new Row(cells[2], Integer.parseInt(cells[3]), Double.parseDouble(cells[4]));
        table.rows.put(cells[1], row);
      }
    }
    return table;
  }

  List<String> names() {
    return List.copyOf(rows.keySet());
  }

  /// The row of a mutant; one without seeds if there is none.
  Row row(Mutant mutant) {
    return rows.getOrDefault(mutant.name(), new Row(mutant.kind().name(), 0, 0));
  }

  /// Writes the rows of all mutants in their order, the new ones among them.
  void write(List<Mutant> mutants, Map<String, Row> renewed) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(path)) {
      if (line.equals(HEAD)) {
        break;
      }
      lines.add(line);
    }
    lines.add(HEAD);
    lines.add("|---|---|---|---|");
    for (Mutant mutant : mutants) {
      Row row = renewed.getOrDefault(mutant.name(), row(mutant));
      lines.add(String.format(
          Locale.ROOT,
          "| %s | %s | %d | %.1f |",
          mutant.name(),
          row.scenario(),
          row.seeds(),
          row.seconds()));
    }
    Files.write(path, lines);
  }
}
