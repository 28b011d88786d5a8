package farside.driver.filedisk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import farside.driver.drive.LoopBench;
import farside.driver.drive.OpenDrive;
import farside.driver.netty.Transport;
import farside.fixture.LoopDevice;
import farside.port.DriveOutcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KilledWriterTest {
  @TempDir
  Path directory;

  static Stream<Transport> transports() {
    return Stream.of(Transport.URING, Transport.EPOLL).filter(Transport::isAvailable);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void noWriteOfAKilledProcessLandsAfterItsDriveWasOpenedAgain(Transport transport)
      throws Exception {
    Path path = directory.resolve("d1.img");
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      startAndKill(transport, path);
      OpenDrive disk = bench.open(WritingProcess.setup(path));
      disk.submitZero(0, WritingProcess.SIZE_BYTES, 1);
      assertThat(bench.await(disk, 1).outcome()).isEqualTo(DriveOutcome.DONE);

      await().pollDelay(Duration.ofMillis(300)).until(() -> true);

      assertThat(firstByteNotZero(path)).isEqualTo(-1);
      disk.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void norOfOneWhoseDriveIsADisk(Transport transport) throws Exception {
    try (LoopDevice device = LoopDevice.make(directory, WritingProcess.SIZE_BYTES, 4096);
        LoopBench bench = new LoopBench(Transport.NIO)) {
      startAndKill(transport, device.path(), device.file());
      OpenDrive disk = bench.open(WritingProcess.setup(device.path(), device.file()));
      disk.submitZero(0, WritingProcess.SIZE_BYTES, 1);
      assertThat(bench.await(disk, 1).outcome()).isEqualTo(DriveOutcome.DONE);

      await().pollDelay(Duration.ofMillis(300)).until(() -> true);

      assertThat(firstByteNotZero(device.file())).isEqualTo(-1);
      disk.close();
    }
  }

  private static int firstByteNotZero(Path path) throws IOException {
    return Arrays.mismatch(Files.readAllBytes(path), new byte[WritingProcess.SIZE_BYTES]);
  }

  private static void startAndKill(Transport transport, Path... paths) throws IOException {
    List<String> words = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        WritingProcess.class.getName(),
        transport.name()));
    for (Path path : paths) {
      words.add(path.toString());
    }
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    try (BufferedReader output = process.inputReader()) {
      for (int line = 0; line < 20; line++) {
        assertThat(output.readLine()).matches("\\d+");
      }
    } finally {
      process.destroyForcibly();
    }
  }
}
