package farside.rig.site;

import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.control.ControlClient;
import farside.port.DrivePort;
import farside.port.fault.LosingDrive;
import farside.rig.demo.DemoRig;
import farside.rig.host.NbdClient;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The loopback rig in one process: sockets, link and drive files are real, and in front of some
/// drives stands a filter that cannot read some blocks.
class LostBlocksTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int NBD_IO_ERROR = 5;

  @TempDir
  Path directory;

  /// Blocks that the drive of either site has lost, by site: offset and length in bytes.
  private static final Map<String, long[][]> LOST_OF_D1 = Map.of(
      "A", new long[][] {{4096, 1536}, {32_768, 512}, {65_024, 1024}},
      "B", new long[][] {{32_768, 512}, {98_304, 512}});

  private DemoRig rig;
  private final Site[] sites = new Site[2];

  private void open(boolean lossy) throws Exception {
    for (int i = 0; i < 2; i++) {
      String name = i == 0 ? "A" : "B";
      sites[i] = Site.open(
          rig.rig(),
          rig.rig().cabinet(name).orElseThrow(),
          rig.directory(),
          lossy ? filter(name) : UnaryOperator.identity());
      sites[i].start(Throwable::printStackTrace);
    }
    for (Site site : sites) {
      assertThat(site.awaitReady(PATIENCE.toMillis())).as(site.refusal()).isTrue();
    }
    Awaitility.await().atMost(PATIENCE).until(() -> {
      String pairs = ask("A", "query") + ask("B", "query");
      return pairs.split("\"Synchronized\"", -1).length == 5;
    });
  }

  private static UnaryOperator<DrivePort> filter(String site) {
    return drive -> {
      LosingDrive losing = new LosingDrive(drive);
      if (drive.name().equals("D1")) {
        for (long[] extent : LOST_OF_D1.get(site)) {
          losing.lose(extent[0], extent[1]);
        }
      } else if (drive.name().equals("D3")) {
        losing.lose(512, 512);
      }
      return losing;
    };
  }

  private void shutDown() throws Exception {
    for (Site site : sites) {
      site.requestShutdown();
    }
    for (Site site : sites) {
      assertThat(site.awaitDown(PATIENCE.toMillis())).isTrue();
      site.close();
    }
  }

  private String ask(String site, String command) throws Exception {
    return ControlClient.ask(rig.directory().controlSocket(site), command, true, PATIENCE)
        .text();
  }

  private NbdClient host(String site, String volume) throws IOException {
    return NbdClient.connect(rig.hostsAt(site), volume, (int) PATIENCE.toMillis());
  }

  /// What a drive that lost the blocks may hold there: the filter never lets it be read.
  private void overwriteWhatIsLost() throws IOException {
    for (var site : LOST_OF_D1.entrySet()) {
      try (RandomAccessFile file =
          new RandomAccessFile(rig.drive(site.getKey(), "D1").toFile(), "rw")) {
        for (long[] extent : site.getValue()) {
          byte[] noise = new byte[(int) extent[1]];
          Arrays.fill(noise, (byte) 0xEE);
          file.seek(extent[0]);
          file.write(noise);
        }
      }
    }
  }

  private byte[] onDrive(String site, int lengthBytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(rig.drive(site, "D1").toFile(), "r")) {
      byte[] bytes = new byte[lengthBytes];
      file.readFully(bytes);
      return bytes;
    }
  }

  private static int errorOf(NbdClient host, long offsetBytes, int lengthBytes) throws IOException {
    host.submitRead(offsetBytes, lengthBytes);
    return host.awaitReply().error();
  }

  @Test
  void hostsOfBothSitesReadWhatTheirDrivesLostAndTheFilesAreMadeGood() throws Exception {
    rig = DemoRig.in(directory.resolve("rig"));
    byte[] written = new byte[128 * 1024];
    new Random(3).nextBytes(written);
    open(false);
    try (NbdClient host = host("A", "0010");
        NbdClient local = host("A", "0030")) {
      host.write(0, written);
      host.flush();
      local.write(0, Arrays.copyOf(written, 4096));
      local.flush();
    }
    shutDown();
    overwriteWhatIsLost();

    open(true);
    try (NbdClient near = host("A", "0010");
        NbdClient far = host("B", "0010");
        NbdClient local = host("A", "0030")) {
      assertThat(near.read(0, 32_768)).isEqualTo(Arrays.copyOf(written, 32_768));
      assertThat(near.read(33_280, 97_792)).isEqualTo(Arrays.copyOfRange(written, 33_280, 131_072));
      assertThat(far.read(65_536, 65_536)).isEqualTo(Arrays.copyOfRange(written, 65_536, 131_072));
      // What both have lost, and what is at one site only, is an error of that read and no other.
      assertThat(errorOf(near, 32_768, 4096)).isEqualTo(NBD_IO_ERROR);
      assertThat(errorOf(far, 32_768, 512)).isEqualTo(NBD_IO_ERROR);
      assertThat(errorOf(local, 0, 4096)).isEqualTo(NBD_IO_ERROR);
      assertThat(local.read(1024, 1024)).isEqualTo(Arrays.copyOfRange(written, 1024, 2048));
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> ask("A", "drives").contains("\"repairedBlocks\": 5")
              && ask("B", "drives").contains("\"repairedBlocks\": 1"));
      // Whoever writes a lost block has it back, here and there.
      near.write(32_768, Arrays.copyOfRange(written, 32_768, 33_280));
      near.flush();
      assertThat(near.read(0, written.length)).isEqualTo(written);
    }
    shutDown();
    assertThat(onDrive("A", written.length)).isEqualTo(written);
    assertThat(onDrive("B", written.length)).isEqualTo(written);
  }
}
