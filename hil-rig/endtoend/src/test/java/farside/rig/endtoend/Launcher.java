package farside.rig.endtoend;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The launcher of this working copy, and other programs, run to their end.
final class Launcher {
  /// The words that start it. Failsafe runs in the module's directory.
  static final List<String> WORDS =
      List.of(Path.of("..", "farside").toAbsolutePath().normalize().toString());

  /// The same, for sites that live for seconds: code made in a hurry, and of what is hot only,
  /// serves them better than good code made late.
  static final List<String> QUICK_WORDS = List.of(
      "env",
      "JDK_JAVA_OPTIONS=-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=5",
      WORDS.get(0));

  /// How a program ended.
  record Ending(int status, String output, String errors) {}

  private Launcher() {}

  static Ending farside(String... arguments) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(WORDS);
    words.addAll(List.of(arguments));
    return run(60, words);
  }

  static Ending run(int timeoutSeconds, List<String> words)
      throws IOException, InterruptedException {
    Process process = new ProcessBuilder(words).start();
    try {
      process.getOutputStream().close();
      StringBuilder errors = new StringBuilder();
      Thread reader = Thread.ofVirtual().start(() -> {
        try {
          errors.append(
              new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException ended) {
          errors.append(ended);
        }
      });
      Thread watch = Thread.ofVirtual().start(() -> {
        try {
          if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
          }
        } catch (InterruptedException done) {
          Thread.currentThread().interrupt();
        }
      });
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      reader.join();
      watch.join();
      return new Ending(status, output, errors.toString());
    } finally {
      process.destroyForcibly();
    }
  }

  /// True if a program of this name is on the path.
  static boolean isInstalled(String program) {
    for (String directory : System.getenv("PATH").split(":")) {
      if (Path.of(directory, program).toFile().canExecute()) {
        return true;
      }
    }
    return false;
  }
}
