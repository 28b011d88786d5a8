package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static org.assertj.core.api.Assertions.assertThat;

import farside.director.blackbox.RecordedEntry;
import farside.director.blackbox.Recording;
import farside.driver.nvramfile.RecorderFile;
import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The flight recorder of a site that runs, and of the same site after `kill -9`; and its
/// recording, which goes as far.
class BlackBoxIT {
  private static final int READY_MAX_MS = 20_000;
  private static final String LABEL_WRITTEN = ": label written";

  @TempDir
  Path directory;

  @Test
  void whatASiteToldBeforeItWasKilledIsPrinted() throws Exception {
    DemoRig rig = DemoRig.in(directory);
    Path recording = directory.resolve("recording");
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      pair.start(A, "--record", recording.toString());
      pair.awaitReady(A, READY_MAX_MS);
      assertThat(pair.ask(A, "vary L1 off").exitCode()).isZero();
      // A label may come back from its drive at any time.
      assertThat(words(rig))
          .filteredOn(word -> !word.contains(LABEL_WRITTEN))
          .endsWith("link L1 varied off by the operator", "console: vary L1 off -> 0");
      pair.process(A).kill();
    }

    Launcher.Ending ending = Launcher.farside(
        "blackbox",
        rig.file().toString(),
        A,
        "--run-dir",
        rig.directory().path().toString());

    assertThat(ending.status()).as(ending.errors()).isZero();
    List<String> lines = ending.output().lines().toList();
    assertThat(lines.get(0)).isEqualTo("-- boot 1");
    assertThat(lines.get(1)).endsWith(" s cabinet A, serial FARSIDE-A starts");
    assertThat(lines.get(2)).contains(" 1001 INFO IML: cabinet A, NVRAM BLANK, incarnation ");
    assertThat(lines)
        .anyMatch(line -> line.contains("NVRAM: volume 0010 Unpaired, zero-based (begun);"))
        .anyMatch(line -> line.endsWith("phase: SERVING"));
    assertThat(lines)
        .filteredOn(line -> !line.contains(LABEL_WRITTEN))
        .last()
        .asString()
        .endsWith(" 5001 INFO console: vary L1 off -> 0");
    // Whatever had reached the log when the process died is in the recorder, in the same words.
    for (String line : Files.readAllLines(rig.directory().log(A))) {
      String event = line.substring(line.indexOf(" A ") + 3);
      assertThat(lines).anyMatch(told -> told.endsWith(" " + event));
    }
    Launcher.Ending replay = Launcher.farside("replay", recording.toString());
    assertThat(replay.status()).as(replay.output() + replay.errors()).isZero();
    assertThat(replay.output())
        .startsWith("site A: the same, to where the recording was cut short");
  }

  private static List<String> words(DemoRig rig) throws Exception {
    return Recording.of(RecorderFile.read(rig.directory().nvram(A))).entries().stream()
        .map(RecordedEntry::words)
        .toList();
  }
}
