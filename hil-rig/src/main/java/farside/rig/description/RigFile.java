package farside.rig.description;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Reads rig files.
public final class RigFile {
  /// The rig that is inside the program.
  public static final String LOOPBACK = "loopback";

  private static final String LOOPBACK_FILE = "loopback.yaml";
  private static final String LOOPBACK_RESOURCE = "/farside/rig/loopback.yaml";

  private RigFile() {}

  /// @param pathOrName a file, or `loopback` for the embedded default
  public static Rig read(String pathOrName) throws RigRefusedException {
    String shown = pathOrName.equals(LOOPBACK) ? LOOPBACK_FILE : pathOrName;
    return parse(shown, text(pathOrName));
  }

  /// What is in a rig's file, unchecked.
  ///
  /// @param pathOrName a file, or `loopback` for the embedded default
  public static byte[] text(String pathOrName) throws RigRefusedException {
    if (pathOrName.equals(LOOPBACK)) {
      return loopbackText();
    }
    Path file = Path.of(pathOrName);
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(YamlText.LENGTH_MAX_BYTES + 1);
    } catch (IOException failure) {
      throw new RigRefusedException(pathOrName, "", List.of(unreadable(file)));
    }
  }

  /// The name of the rig in a file: what the run directory is called.
  public static String nameOf(String pathOrName) {
    String fileName = Path.of(pathOrName).getFileName().toString();
    return fileName.replaceFirst("(?<=.)\\.ya?ml$", "");
  }

  /// The text of the embedded default.
  public static byte[] loopbackText() {
    try (InputStream in = RigFile.class.getResourceAsStream(LOOPBACK_RESOURCE)) {
      return in.readAllBytes();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  public static Rig parse(String fileName, byte[] bytes) throws RigRefusedException {
    YamlText text = YamlText.parse(fileName, bytes);
    List<Mistake> found = Schema.GATE.check(text);
    if (found.isEmpty()) {
      Mistakes mistakes = new Mistakes(text);
      Rig rig = new RigReader(mistakes).read(nameOf(fileName), text.root());
      new CrossChecks(rig, mistakes).check();
      if (mistakes.found().isEmpty()) {
        return rig;
      }
      found = mistakes.found();
    }
    List<Mistake> inOrder = new ArrayList<>(found);
    inOrder.sort(Comparator.comparing(Mistake::place).thenComparing(Mistake::what));
    String shown = new String(bytes, StandardCharsets.UTF_8);
    throw new RigRefusedException(fileName, shown, inOrder);
  }

  /// Loaded when the first rig is read, and kept: it costs more than all the rest of reading.
  private static final class Schema {
    static final SchemaGate GATE = new SchemaGate();

    private Schema() {}
  }

  private static Mistake unreadable(Path file) {
    if (Files.isDirectory(file)) {
      return new Mistake(
          Place.NOWHERE,
          "this is a directory",
          "Name a rig file, or `loopback` for the default rig.");
    }
    if (!Files.exists(file)) {
      return new Mistake(
          Place.NOWHERE,
          "there is no such file",
          "Name a rig file, or `loopback` for the default rig.");
    }
    return new Mistake(Place.NOWHERE, "the file cannot be read", "Check who may read it.");
  }
}
