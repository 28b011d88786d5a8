package farside.rig.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventJournalTest {
  @TempDir
  Path directory;

  @Test
  void anEventIsOneLineWithTimeSiteNumberSeverityAndText() throws IOException {
    Path file = directory.resolve("100%/farside.log");
    try (EventJournal journal = new EventJournal("A", file)) {
      journal.submit(1, 3001, "INFO", "link L1 up: {}");
      journal.submit(2, 3002, "WARNING", "link L1 down:\nno carrier");
    }

    assertThat(Files.readAllLines(file))
        .satisfiesExactly(
            line -> assertThat(line)
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} A 3001 INFO link L1 up: \\{}"),
            line -> assertThat(line)
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} A 3002 WARNING link L1 down: no carrier"));
  }

  @Test
  void twoSitesInOneProcessKeepTheirLinesApartAndARestartGoesOnInTheSameFile() throws IOException {
    Path a = directory.resolve("a.log");
    Path b = directory.resolve("b.log");
    for (int start = 0; start < 2; start++) {
      try (EventJournal journalA = new EventJournal("A", a);
          EventJournal journalB = new EventJournal("B", b)) {
        journalA.submit(1, 1001, "INFO", "to A");
        journalB.submit(1, 1001, "INFO", "to B");
      }
    }

    assertThat(Files.readAllLines(a))
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).endsWith("A 1001 INFO to A"));
    assertThat(Files.readAllLines(b))
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).endsWith("B 1001 INFO to B"));
  }

  @Test
  void sitesOfTheSameNameKeepTheirLinesApartToo() throws IOException {
    Path one = directory.resolve("one.log");
    Path other = directory.resolve("other.log");
    try (EventJournal journal = new EventJournal("A", one);
        EventJournal ofOtherRig = new EventJournal("A", other)) {
      journal.submit(1, 1001, "INFO", "to one");
      ofOtherRig.submit(1, 1001, "INFO", "to the other");
    }

    assertThat(Files.readAllLines(one)).singleElement().asString().endsWith("to one");
    assertThat(Files.readAllLines(other)).singleElement().asString().endsWith("to the other");
  }

  @Test
  void aFullFileIsSetAside() throws IOException {
    Path file = directory.resolve("farside.log");
    try (EventJournal journal = new EventJournal("A", file, 100)) {
      for (int i = 0; i < 20; i++) {
        journal.submit(i, 1001, "INFO", "line " + i);
      }
    }
    try (EventJournal journal = new EventJournal("A", file, 100)) {
      journal.submit(1, 1002, "INFO", "after");
    }

    assertThat(directory.resolve("farside.log.1")).exists();
    assertThat(Files.readString(file)).contains("after");
  }
}
