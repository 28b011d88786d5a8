package farside.rig.site;

import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.control.ControlClient;
import farside.replay.Origin;
import farside.replay.RecordingReader;
import farside.replay.Replay;
import farside.replay.Verdict;
import farside.rig.demo.DemoRig;
import farside.rig.description.Rig;
import farside.rig.description.RigFile;
import farside.rig.description.RigRefusedException;
import farside.rig.host.BlockPattern;
import farside.rig.host.NbdClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.SplittableRandom;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The loopback rig in one process, both sites recorded: sockets, links and drive files are real.
/// Then both are replayed without any of them.
class RecordedPairTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int BLOCKS = 512;
  private static final int WRITES = 150;
  private static final String[] SITES = {"A", "B"};

  @TempDir
  Path directory;

  private final SplittableRandom random = new SplittableRandom(22);
  private final byte[][] written = new byte[BLOCKS][];
  private final Site[] sites = new Site[2];
  private DemoRig rig;

  @Test
  void bothSitesOfARecordedPairReachTheSameStatesWhenReplayed() throws Exception {
    rig = DemoRig.in(directory.resolve("rig"));
    // Of the first site, what is recorded waits for the log of its NVRAM.
    rig = rig.with(Files.readString(rig.file())
        .replaceFirst("( +)nvramMiB: [0-9]+", "$0\n$1nvram: power-safe"));
    start("first");
    try (NbdClient host = host("A")) {
      write(host);
      assertThat(ask("A", "vary L1 off")).contains("varied off");
      host.flush();
      write(host);
      assertThat(ask("A", "vary L1 on")).contains("varied on");
      write(host);
    }
    awaitSynchronized();
    for (String site : SITES) {
      copyAsAKillWouldLeave(site);
    }
    end();
    // The second run finds kept NVRAM and labelled drives, and reads what the first has written.
    start("second");
    try (NbdClient host = host("A")) {
      for (int block = 0; block < BLOCKS; block++) {
        if (written[block] != null) {
          assertThat(host.read(offsetOf(block), BlockPattern.BLOCK_BYTES))
              .isEqualTo(written[block]);
        }
      }
    }
    end();

    for (String site : SITES) {
      assertReplays(file("first", site), Verdict.Outcome.SAME);
      assertReplays(file("killed", site), Verdict.Outcome.CUT_SHORT);
      assertReplays(file("second", site), Verdict.Outcome.SAME);
    }
  }

  /// What a process leaves behind that is killed now, or, if it recorded no state yet, soon: states
  /// are recorded once a second.
  private void copyAsAKillWouldLeave(String site) {
    Awaitility.await().atMost(PATIENCE).until(() -> {
      Files.copy(file("first", site), file("killed", site), StandardCopyOption.REPLACE_EXISTING);
      return replay(file("killed", site)).states() > 0;
    });
  }

  private Path file(String run, String site) {
    return directory.resolve(run + "." + site);
  }

  private void start(String run) throws Exception {
    String text = Files.readString(rig.file());
    for (int i = 0; i < SITES.length; i++) {
      Origin origin = new Origin("test", SITES[i], "demo.yaml", text);
      sites[i] = Site.open(
          rig.rig(),
          rig.rig().cabinet(SITES[i]).orElseThrow(),
          rig.directory(),
          new SiteRecording(file(run, SITES[i]), origin));
      sites[i].start(Throwable::printStackTrace);
    }
    for (Site site : sites) {
      assertThat(site.awaitReady(PATIENCE.toMillis())).as(site.refusal()).isTrue();
    }
    awaitSynchronized();
  }

  private void awaitSynchronized() {
    Awaitility.await().atMost(PATIENCE).until(() -> {
      String pairs = ask("A", "query") + ask("B", "query");
      return pairs.split("Synchronized", -1).length == 5;
    });
  }

  private void end() throws Exception {
    for (Site site : sites) {
      site.requestShutdown();
    }
    for (Site site : sites) {
      assertThat(site.awaitDown(PATIENCE.toMillis())).isTrue();
      site.close();
    }
  }

  private String ask(String site, String command) throws IOException {
    return ControlClient.ask(rig.directory().controlSocket(site), command, false, PATIENCE)
        .text();
  }

  private NbdClient host(String site) throws IOException {
    return NbdClient.connect(rig.hostsAt(site), "0010", (int) PATIENCE.toMillis());
  }

  private void write(NbdClient host) throws IOException {
    for (int i = 1; i <= WRITES; i++) {
      int block = random.nextInt(BLOCKS);
      written[block] = new byte[BlockPattern.BLOCK_BYTES];
      BlockPattern.fill(written[block], 0, 22, block, i);
      host.write(offsetOf(block), written[block]);
    }
  }

  private static long offsetOf(int block) {
    return (long) block * BlockPattern.BLOCK_BYTES;
  }

  private static void assertReplays(Path file, Verdict.Outcome expected) throws Exception {
    Verdict verdict = replay(file);
    assertThat(verdict.outcome())
        .as("%s%n%s%n%s", file, String.join("\n", verdict.history()), verdict.difference())
        .isEqualTo(expected);
    assertThat(verdict.states()).as("states compared of %s", file).isPositive();
  }

  private static Verdict replay(Path file) throws Exception {
    try (RecordingReader recording = RecordingReader.open(file)) {
      return Replay.of(recording, origin -> {
        try {
          Rig read = RigFile.parse(origin.rigFile(), origin.rig().getBytes(StandardCharsets.UTF_8));
          return read.describe(read.cabinet(origin.site()).orElseThrow());
        } catch (RigRefusedException refused) {
          throw new IOException(refused);
        }
      });
    }
  }
}
