package farside.driver.nvramfile;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.NvramPort.Contents;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledProcessTest {
  private static final int KILL_COUNT = 4;

  @TempDir
  Path directory;

  @Test
  void everyCommittedWordSurvivesKillNine() throws Exception {
    Path path = directory.resolve("nvram");
    Random random = new Random(7);
    for (int kill = 0; kill < KILL_COUNT; kill++) {
      long told = runAndKill(path, 1 + random.nextInt(20_000));
      // Opened at once: what the dead process had under way must be over first, and the lock
      // waits for it.
      NvramFile nvram = NvramFile.open(path, CommittingProcess.REGION_BYTES);
      assertThat(nvram.contents()).isEqualTo(Contents.KEPT);
      long committed = nvram.getLong(0);
      assertThat(committed).isGreaterThanOrEqualTo(told);
      long oldest = Math.max(1, committed - CommittingProcess.RECORD_COUNT + 2);
      for (long number = oldest; number <= committed; number++) {
        long offset = CommittingProcess.recordOffset(number);
        for (int at = 0; at < CommittingProcess.RECORD_BYTES; at += Long.BYTES) {
          assertThat(nvram.getLong(offset + at)).isEqualTo(number);
        }
      }
      nvram.close();
    }
  }

  /// Lets a process commit about so many records, kills it, and answers the last it told.
  private static long runAndKill(Path path, int aboutCount)
      throws IOException, InterruptedException {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-Xshare:auto",
            "-cp",
            System.getProperty("java.class.path"),
            CommittingProcess.class.getName(),
            path.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    long told = 0;
    try (BufferedReader output = process.inputReader()) {
      String line = output.readLine();
      while (line != null) {
        told = Long.parseLong(line);
        if (told >= aboutCount) {
          break;
        }
        line = output.readLine();
      }
      process.destroyForcibly();
    }
    assertThat(told).isGreaterThanOrEqualTo(aboutCount);
    return told;
  }
}
