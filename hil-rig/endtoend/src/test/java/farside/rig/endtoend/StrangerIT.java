package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.DriveComparison;
import farside.rig.host.NbdClient;
import farside.rig.host.NbdException;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a stranger does in the first ten minutes.
class StrangerIT {
  private static final String POSSIBLY_STALE = " 3010 ";
  private static final int READY_MAX_MS = 20_000;
  private static final int SETTLED_MAX_MS = 20_000;
  private static final int HOST_TIMEOUT_MS = 10_000;
  private static final int EPERM = 1;

  @TempDir
  Path directory;

  @Test
  void whatAHostWritesToOneSiteIsFoundOnTheOthersDrive() throws Exception {
    DemoRig rig = DemoRig.in(directory);
    WriteRecorder recorder = new WriteRecorder(1, 1024);
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      pair.start(A);
      pair.start(B);
      pair.awaitReady(A, READY_MAX_MS);
      pair.awaitReady(B, READY_MAX_MS);
      assertThat(pair.process(A).volumeLines())
          .containsExactly(
              "0010 R1 256 MiB nbd://%s/0010".formatted(address(rig, A)),
              "0020 R2 256 MiB nbd://%s/0020".formatted(address(rig, A)),
              "0030 LOCAL 128 MiB nbd://%s/0030".formatted(address(rig, A)));
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();

      try (NbdClient host = NbdClient.connect(rig.hostsAt(A), "0010", HOST_TIMEOUT_MS)) {
        assertThat(host.sizeBytes()).isEqualTo(256L << 20);
        RecordedRegion.writeAll(host, recorder);
        assertThat(RecordedRegion.judgeAll(host, recorder, true)).isEmpty();
        host.disconnect();
      }
      try (NbdClient host = NbdClient.connect(rig.hostsAt(B), "0010", HOST_TIMEOUT_MS)) {
        assertThat(host.isReadOnly()).isTrue();
        assertThat(RecordedRegion.judgeAll(host, recorder, false)).isEmpty();
        assertThatThrownBy(() -> host.write(0, new byte[4096]))
            .isInstanceOfSatisfying(
                NbdException.class, refused -> assertThat(refused.error()).isEqualTo(EPERM));
        host.disconnect();
      }

      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).isTrue();
      byte[] onTheFarDrive =
          DriveComparison.read(rig.drive(B, "D1"), 0, recorder.blockCount() * 4096);
      assertThat(recorder.judge(0, onTheFarDrive)).isEmpty();
      assertThat(
              DriveComparison.firstDifference(rig.drive(A, "D1"), rig.drive(B, "D1"), 256L << 20))
          .isEqualTo(DriveComparison.EQUAL);

      for (String site : List.of(A, B)) {
        assertThat(pair.process(site).terminate(SETTLED_MAX_MS))
            .as("exit status of site %s", site)
            .isZero();
      }
    }
    assertThat(Files.readString(rig.directory().log(A))).contains(" A 1001 INFO ", " A 1005 INFO ");
  }

  @Test
  void bothSitesRunInOneProcessTooAndComeBackCleanAfterSigterm() throws Exception {
    DemoRig rig = DemoRig.in(directory);
    WriteRecorder recorder = new WriteRecorder(2, 256);
    for (int start = 0; start < 2; start++) {
      Process process = new ProcessBuilder(
              Launcher.WORDS.get(0),
              "run",
              rig.file().toString(),
              "--run-dir",
              rig.directory().path().toString())
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
      try {
        List<String> lines = process
            .inputReader()
            .lines()
            .takeWhile(line -> !line.equals("ready"))
            .toList();
        assertThat(lines).hasSize(5);
        try (NbdClient host = NbdClient.connect(rig.hostsAt(A), "0010", HOST_TIMEOUT_MS)) {
          if (start == 1) {
            assertThat(RecordedRegion.judgeAll(host, recorder, true)).isEmpty();
          }
          RecordedRegion.writeAll(host, recorder);
        }
        process.destroy();
        assertThat(process.waitFor()).isZero();
      } finally {
        process.destroyForcibly();
      }
    }

    // Put away cleanly: the drive alone holds everything, and the log of the second start found
    // NVRAM kept.
    assertThat(recorder.judge(0, DriveComparison.read(rig.drive(A, "D1"), 0, 256 * 4096)))
        .isEmpty();
    assertThat(Files.readString(rig.directory().log(A)))
        .contains("NVRAM KEPT")
        .doesNotContain(" 1003 ");
    // Neither waited for the other, which was on its way out too, until it took it for dead.
    for (String site : List.of(A, B)) {
      assertThat(Files.readString(rig.directory().log(site))).doesNotContain(POSSIBLY_STALE);
    }
  }

  private static String address(DemoRig rig, String site) {
    return rig.rig().cabinet(site).orElseThrow().nbd().toString();
  }
}
