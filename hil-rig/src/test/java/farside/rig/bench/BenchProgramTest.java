package farside.rig.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The bench is a Python program with tests of its own, for what needs no measuring. Here they
/// join ours.
class BenchProgramTest {
  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void theTestsOfTheBenchPass() throws IOException, InterruptedException {
    assumeTrue(isOnPath("python3"), "python3 is missing: the bench's own tests are skipped");

    var tests = new ProcessBuilder(
            "python3", "-B", "-m", "unittest", "discover", "--start-directory", "tests")
        .directory(benchDirectory().toFile())
        .redirectErrorStream(true);
    tests.environment().remove("PYTHONPATH");
    Process running = tests.start();
    running.getOutputStream().close();
    String said = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(running.waitFor()).as(said).isZero();
    assertThat(said).containsPattern("Ran [1-9][0-9]* tests");
  }

  private static boolean isOnPath(String program) {
    for (String directory : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (Files.isExecutable(Path.of(directory, program))) {
        return true;
      }
    }
    return false;
  }

  private static Path benchDirectory() {
    // Maven starts tests in their module's directory, an IDE often in the repository's.
    for (var path = Path.of("").toAbsolutePath(); path != null; path = path.getParent()) {
      Path bench = path.resolve("hil-rig").resolve("bench");
      if (Files.isDirectory(bench)) {
        return bench;
      }
    }
    throw new IllegalStateException(
        "Start the tests below the repository: no parent has hil-rig/bench.");
  }
}
