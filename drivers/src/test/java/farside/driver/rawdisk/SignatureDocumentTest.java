package farside.driver.rawdisk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// The formats in `specs/raw-disk.md` are those of the table in the code.
class SignatureDocumentTest {
  @Test
  void everySignatureIsInTheDocumentAndTheReverse() throws IOException {
    var written = new TreeSet<String>();
    boolean inTable = false;
    for (String line : Files.readAllLines(Path.of("../specs/raw-disk.md"))) {
      inTable = line.startsWith("|") && (inTable || line.startsWith("| what it would be"));
      String[] cells = line.split("\\|");
      if (inTable && cells.length == 3 && !cells[2].contains("formats") && !line.contains("---")) {
        for (String name : cells[2].split(";")) {
          written.add(cells[1].strip() + ", " + name.strip());
        }
      }
    }
    var known = new TreeSet<String>();
    Signature.TABLE.forEach(signature -> known.add(signature.toString()));
    assertThat(written).isEqualTo(known);
  }
}
