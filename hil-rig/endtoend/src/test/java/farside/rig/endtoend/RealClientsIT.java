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

  /// What a program does that knows the protocol well.
  private static final String PROGRAM = """
      import errno, nbd, sys
      first, second = nbd.NBD(), nbd.NBD()
      for h in (first, second):
          h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
          h.connect_uri(sys.argv[1])
      assert first.get_structured_replies_negotiated()
      assert first.can_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
      for flag in ('df', 'cache', 'fast_zero', 'multi_conn', 'fua', 'flush', 'trim', 'zero'):
          assert getattr(first, 'can_' + flag)(), flag
      assert first.get_block_size(nbd.SIZE_MAXIMUM) == 32 << 20
      assert first.get_block_size(nbd.SIZE_MINIMUM) == 1
      data = bytes(range(256)) * 1024
      first.pwrite(data, 4097)
      first.flush()
      assert second.pread(len(data), 4097) == data
      parts = []
      def chunk(buf, offset, status, error):
          parts.append((offset, len(buf), status))
      buf = second.pread_structured(len(data), 4097, chunk, nbd.CMD_FLAG_DF)
      assert bytes(buf) == data and len(parts) == 1, parts
      first.zero(65536, 65536, nbd.CMD_FLAG_FAST_ZERO)
      buf = second.pread_structured(len(data), 4097, chunk)
      assert any(part[2] == nbd.READ_HOLE for part in parts), parts
      assert bytes(buf) == data[:61439] + bytes(65536) + data[61439 + 65536:]
      first.zero(4096, 0, nbd.CMD_FLAG_NO_HOLE | nbd.CMD_FLAG_FUA)
      first.cache(1 << 20, 0)
      status = []
      second.block_status(131072, 65536, lambda m, o, e, err: status.append((m, o, e)))
      assert status[0][0] == 'base:allocation' and status[0][1] == 65536, status
      assert status[0][2][:2] == [65536, 3], status
      second.block_status(
          131072, 70000, lambda m, o, e, err: status.append(e), nbd.CMD_FLAG_REQ_ONE)
      assert len(status[1]) == 2 and status[1][0] <= 131072, status
      second.set_strict_mode(0)
      for bad, number in (
              (lambda: second.pread(512, second.get_size()), errno.EINVAL),
              (lambda: second.pwrite(b'x', second.get_size()), errno.ENOSPC),
              (lambda: second.zero(512, 0, nbd.CMD_FLAG_NO_HOLE | nbd.CMD_FLAG_FAST_ZERO),
                  errno.ENOTSUP),
              (lambda: second.block_status(512, second.get_size(), lambda *a: 0), errno.EINVAL)):
          try:
              bad()
              assert False, number
          except nbd.Error as refused:
              assert refused.errnum == number, (refused.errnum, number)
      longest = bytes(64 << 20)
      second.pwrite(longest, 0)
      assert second.pread(64 << 20, 0) == longest
      for h in (first, second):
          h.shutdown()
      print('all held')
      """;

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

  @Test
  void nbdinfoShowsWhatReadsZeroAndWhatTheVolumeCanDo() throws Exception {
    requireInstalled("nbdinfo");
    requireInstalled("qemu-io");
    run("qemu-io", "-f", "raw", "-c", "discard 0 128M", "-c", "write -P 7 4M 1M", uri(A, "0030"));
    assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).isTrue();

    String map = run("nbdinfo", "--map", uri(A, "0030")).output();
    String about = run("nbdinfo", uri(A, "0030")).output();

    assertThat(map.lines().limit(3).map(line -> line.replaceAll(" +", " ").strip()))
        .containsExactly(
            "0 4194304 3 hole,zero",
            "4194304 1048576 0 data",
            "5242880 " + (FILE_BYTES - 5_242_880) + " 3 hole,zero");
    assertThat(about)
        .contains(
            "base:allocation",
            "can_df: true",
            "can_cache: true",
            "can_fast_zero: true",
            "can_multi_conn: true",
            "block_size_maximum: 33554432");
  }

  @Test
  void aSparseVolumeIsCopiedWithoutItsHoles() throws Exception {
    requireInstalled("qemu-img");
    requireInstalled("qemu-io");
    run("qemu-io", "-f", "raw", "-c", "discard 0 128M", "-c", "write -P 9 2M 64k", uri(A, "0030"));
    Path copy = directory.resolve("sparse.img");

    run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri(A, "0030"), copy.toString());
    String map =
        run("qemu-img", "map", "--output=json", "-f", "raw", uri(A, "0030")).output();

    assertThat(map).contains("\"zero\": true");
    assertThat(run("qemu-img", "compare", "-f", "raw", "-F", "raw", copy.toString(), uri(A, "0030"))
            .output())
        .contains("Images are identical");
  }

  @Test
  void nbdClientListsTheVolumes() throws Exception {
    requireInstalled("nbd-client");
    String[] address = rig.rig().cabinet(A).orElseThrow().nbd().toString().split(":");

    assertThat(run("nbd-client", "-l", address[0], address[1]).output()).contains("0010", "0030");
  }

  @Test
  void libnbdFromPythonUsesEverythingTheProtocolHas() throws Exception {
    Path python = Path.of("/usr/bin/python3");
    assumeThat(Files.isExecutable(python)
            && Launcher.run(CLIENT_MAX_SECONDS, List.of(python.toString(), "-c", "import nbd"))
                    .status()
                == 0)
        .as("skipped: python3-libnbd is not installed")
        .isTrue();

    assertThat(run(python.toString(), "-c", PROGRAM, uri(A, "0030")).output().strip())
        .isEqualTo("all held");
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
