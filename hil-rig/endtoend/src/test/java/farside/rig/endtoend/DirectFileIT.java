package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.posix.ExclusiveFile;
import farside.driver.posix.Posix;
import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.DriveComparison;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The loopback rig with drives in files that are kept out of the page cache, and writes that are
/// acknowledged when they are on the peer's drive: mirrored, killed, and opened again.
class DirectFileIT {
  private static final int READY_MAX_MS = 20_000;
  private static final int SETTLED_MAX_MS = 30_000;
  private static final int HOST_TIMEOUT_MS = 10_000;
  private static final int VOLUME_MIB = 16;

  @TempDir
  Path directory;

  @Test
  void aPairOnFilesPastThePageCacheMirrorsIsKilledAndOpensAgain() throws Exception {
    assumeTrue(hasDirectIo(), "no direct I/O by 512 bytes in " + directory);
    DemoRig loopback = DemoRig.in(directory);
    DemoRig rig = loopback.with(Files.readString(loopback.file())
        .replace("256", "" + VOLUME_MIB)
        .replace("sizeMiB: 257", "direct: true, sizeMiB: " + (VOLUME_MIB + 1))
        .replace("ab: {mode: real-time, ack: received", "ab: {mode: real-time, ack: stored"));
    WriteRecorder recorder = new WriteRecorder(1, 512);
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      for (String site : List.of(A, B)) {
        pair.start(site);
      }
      for (String site : List.of(A, B)) {
        pair.awaitReady(site, READY_MAX_MS);
        assertThat(isOpenedDirect(pair.process(site).pid(), rig.drive(site, "D1")))
            .isTrue();
      }
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();
      try (NbdClient host = NbdClient.connect(rig.hostsAt(A), "0010", HOST_TIMEOUT_MS)) {
        RecordedRegion.writeAll(host, recorder);
        host.disconnect();
      }

      pair.process(A).kill();
      pair.start(A);
      pair.awaitReady(A, READY_MAX_MS);
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();
      try (NbdClient host = NbdClient.connect(rig.hostsAt(A), "0010", HOST_TIMEOUT_MS)) {
        assertThat(RecordedRegion.judgeAll(host, recorder, true)).isEmpty();
        host.disconnect();
      }
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).isTrue();
      for (String site : List.of(A, B)) {
        assertThat(pair.process(site).terminate(SETTLED_MAX_MS)).isZero();
      }
    }
    assertThat(DriveComparison.firstDifference(
            rig.drive(A, "D1"), rig.drive(B, "D1"), (long) VOLUME_MIB << 20))
        .isEqualTo(DriveComparison.EQUAL);
  }

  private boolean hasDirectIo() {
    try {
      ExclusiveFile file =
          ExclusiveFile.open("a try", directory.resolve("try.img"), Posix.O_DIRECT, 0);
      try {
        int alignBytes = file.facts().directOffsetAlignBytes();
        return alignBytes > 0 && 512 % alignBytes == 0;
      } finally {
        file.close();
      }
    } catch (IOException refused) {
      return false;
    }
  }

  /// As the kernel has it: a rig's word that reaches no descriptor would change nothing else here.
  private static boolean isOpenedDirect(long pid, Path file) throws IOException {
    Path descriptors = Path.of("/proc", "" + pid, "fd");
    try (Stream<Path> all = Files.list(descriptors)) {
      for (Path descriptor : all.toList()) {
        if (Files.exists(descriptor) && Files.isSameFile(descriptor, file)) {
          String flags = Files.readAllLines(
                  Path.of("/proc", "" + pid, "fdinfo", descriptor.getFileName().toString()))
              .stream()
              .filter(line -> line.startsWith("flags:"))
              .findFirst()
              .orElseThrow();
          return (Integer.parseInt(flags.substring(6).trim(), 8) & Posix.O_DIRECT) != 0;
        }
      }
    }
    throw new IOException(file + " is not open in process " + pid);
  }
}
