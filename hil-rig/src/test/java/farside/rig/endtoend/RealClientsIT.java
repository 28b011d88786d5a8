package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.DriveComparison;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that we did not write, each skipped by name where it is not installed.
class RealClientsIT {
  private static final int READY_MAX_MS = 20_000;
  private static final int SETTLED_MAX_MS = 20_000;
  private static final int CLIENT_MAX_SECONDS = 60;
  private static final int FILE_BYTES = 128 << 20;

  @TempDir
  static Path directory;

  private static DemoRig rig;
  private static DemoPair pair;

  @BeforeAll
  static void start() throws Exception {
    rig = DemoRig.in(directory);
    pair = new DemoPair(Launcher.QUICK_WORDS, rig);
    pair.start(A);
    pair.start(B);
    pair.awaitReady(A, READY_MAX_MS);
    pair.awaitReady(B, READY_MAX_MS);
    assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();
  }

  @AfterAll
  static void end() {
    pair.close();
  }

  @Test
  void nbdinfoListsTheVolumes() throws Exception {
    requireInstalled("nbdinfo");

    assertThat(run("nbdinfo", "--size", uri(A, "0010")).output().strip())
        .isEqualTo(Long.toString(256L << 20));
    assertThat(run("nbdinfo", "--list", uri(A, "")).output())
        .contains("export=\"0010\"", "export=\"0030\"");
    assertThat(run("nbdinfo", "--is", "read-only", uri(B, "0010")).status()).isZero();
    assertThat(Launcher.run(CLIENT_MAX_SECONDS, List.of("nbdinfo", "--size", uri(A, "0099")))
            .status())
        .isNotZero();
  }

  @Test
  void nbdcopyCopiesAnImageInAndOut() throws Exception {
    requireInstalled("nbdcopy");
    Path image = randomImage();
    Path back = directory.resolve("back.img");

    run("nbdcopy", image.toString(), uri(A, "0030"));
    run("nbdcopy", uri(A, "0030"), back.toString());

    assertThat(DriveComparison.firstDifference(image, back, FILE_BYTES))
        .isEqualTo(DriveComparison.EQUAL);
  }

  @Test
  void qemuIoWritesPatternsOfAnyAlignmentAndReadsThemOnTheFarSide() throws Exception {
    requireInstalled("qemu-io");

    run(
        "qemu-io",
        "-f",
        "raw",
        "-t",
        "writeback",
        "-c",
        "write -P 0x11 0 64k",
        "-c",
        "write -P 0x22 513 70001",
        "-c",
        "write -z 8k 8k",
        "-c",
        "discard 1M 1M",
        "-c",
        "write -f -P 0x33 255M 1M",
        "-c",
        "flush",
        "-c",
        "read -P 0x11 0 513",
        "-c",
        "read -P 0x22 513 7679",
        "-c",
        "read -P 0 8k 8k",
        uri(A, "0010"));
    Launcher.Ending far = run(
        "qemu-io",
        "-r",
        "-f",
        "raw",
        "-c",
        "read -P 0x11 0 513",
        "-c",
        "read -P 0x22 513 7679",
        "-c",
        "read -P 0 8k 8k",
        "-c",
        "read -P 0x22 16k 50000",
        "-c",
        "read -P 0x33 255M 1M",
        uri(B, "0010"));

    assertThat(far.output()).doesNotContain("Pattern verification failed");
  }

  @Test
  void qemuImgConvertsAndCompares() throws Exception {
    requireInstalled("qemu-img");
    Path image = randomImage();

    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), uri(A, "0030"));

    assertThat(
            run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), uri(A, "0030"))
                .output())
        .contains("Images are identical");
  }

  @Test
  void fioVerifiesWhatItWroteAtRandom() throws Exception {
    requireInstalled("fio");
    assumeThat(Launcher.run(CLIENT_MAX_SECONDS, List.of("fio", "--enghelp")).output())
        .as("skipped: this fio was built without its nbd engine")
        .contains("nbd");

    Launcher.Ending ending = run(
        "fio",
        "--name=verify",
        "--ioengine=nbd",
        "--uri=" + uri(A, "0010"),
        "--rw=randwrite",
        "--bs=4k-64k",
        "--iodepth=16",
        "--size=64m",
        "--io_size=24m",
        "--verify=crc32c",
        "--do_verify=1",
        "--fsync=64",
        "--randseed=7",
        "--verify_state_save=0");

    assertThat(ending.output()).contains("err= 0");
    assertThat(DemoPair.await(SETTLED_MAX_MS, () -> pair.isSynchronized() && pair.isDestaged()))
        .isTrue();
    assertThat(DriveComparison.firstDifference(rig.drive(A, "D1"), rig.drive(B, "D1"), 256L << 20))
        .isEqualTo(DriveComparison.EQUAL);
  }

  private static void requireInstalled(String program) {
    assumeThat(Launcher.isInstalled(program))
        .as("skipped: %s is not installed", program)
        .isTrue();
  }

  private static Launcher.Ending run(String... words) throws Exception {
    Launcher.Ending ending = Launcher.run(CLIENT_MAX_SECONDS, List.of(words));
    assertThat(ending.status())
        .as("%s%n%s%n%s", String.join(" ", words), ending.output(), ending.errors())
        .isZero();
    assertThat(ending.output()).doesNotContain("Pattern verification failed");
    return ending;
  }

  private static String uri(String site, String volume) {
    return "nbd://" + rig.rig().cabinet(site).orElseThrow().nbd() + "/" + volume;
  }

  private static Path randomImage() throws Exception {
    byte[] content = new byte[FILE_BYTES];
    new SplittableRandom(5).nextBytes(content);
    // Long holes too: a client may skip them, or ask for zeroes.
    Arrays.fill(content, 8 << 20, 40 << 20, (byte) 0);
    return Files.write(directory.resolve("image.img"), content);
  }
}
