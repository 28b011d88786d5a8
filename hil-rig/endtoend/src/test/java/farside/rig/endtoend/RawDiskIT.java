package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;

import farside.fixture.LoopDevice;
import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.DriveComparison;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The loopback rig with disks for drives: labelled, written to by hosts, mirrored, killed,
/// stopped, and opened again with what hosts have left on them.
class RawDiskIT {
  private static final int READY_MAX_MS = 20_000;
  private static final int SETTLED_MAX_MS = 30_000;
  private static final int HOST_TIMEOUT_MS = 10_000;
  private static final int DISK_MIB = 17;
  private static final int PAGE_BYTES = 4096;
  private static final String GIVEN_UP = ", erase: \"yes, this one\"";

  @TempDir
  Path directory;

  @Test
  void aPairOnDisksMirrorsIsKilledAndOpensAgain() throws Exception {
    try (LoopDevice a1 = LoopDevice.make(directory, DISK_MIB << 20, 512);
        LoopDevice b1 = LoopDevice.make(directory, DISK_MIB << 20, 512);
        LoopDevice a2 = LoopDevice.make(directory, DISK_MIB << 20, 4096);
        LoopDevice b2 = LoopDevice.make(directory, DISK_MIB << 20, 4096)) {
      List<LoopDevice> disks = List.of(a1, a2, b1, b2);
      DemoRig rig = DemoRig.in(directory);
      String text = onDisks(Files.readString(rig.file()), disks);

      nothingIsWrittenToADiskThatTheRigDoesNotGiveUp(rig.with(text), disks);
      DemoRig labelling = rig.with(givingUp(text));
      assertThat(preflight(labelling).output())
          .contains("A D1: " + a1.path(), "no Farside label", "ALL OF IT MAY BE OVERWRITTEN");
      WriteRecorder small = new WriteRecorder(1, 512);
      WriteRecorder large = new WriteRecorder(2, 512);
      hostsWriteAndASiteIsKilled(labelling, small, large, disks);

      DemoRig again = rig.with(text);
      Launcher.Ending looked = preflight(again);
      assertThat(looked.status()).as(looked.output()).isZero();
      assertThat(looked.output())
          .contains("cabinet FARSIDE-A, drive D1, volume 0010", "a file system, ext2, ext3 or ext4")
          .contains("ours: opened as it is, nothing is erased")
          .contains("ATTRS{loop/backing_file}==\"" + b2.file() + "\"");
      whatHostsLeftIsThere(again, small);
    }
  }

  private static String onDisks(String text, List<LoopDevice> disks) {
    String onDisks = text.replace("256", "16");
    String[] names = {"D1", "D2", "D1", "D2"};
    int[] blocks = {512, 4096, 512, 4096};
    for (int i = 0; i < disks.size(); i++) {
      onDisks = onDisks.replaceFirst(
          "\\{name: " + names[i] + ", driver: file-disk, sizeMiB: 257}",
          "{name: %s, driver: raw-disk, path: %s, identity: {backingFile: %s}, blockBytes: %d, sizeMiB: %d}"
              .formatted(names[i], disks.get(i).path(), disks.get(i).file(), blocks[i], DISK_MIB));
    }
    return onDisks.replace("0020: {sizeMiB: 16,", "0020: {sizeMiB: 16, blockBytes: 4096,");
  }

  private static String givingUp(String text) {
    return text.replace("sizeMiB: " + DISK_MIB + "}", "sizeMiB: " + DISK_MIB + GIVEN_UP + "}");
  }

  private static Launcher.Ending preflight(DemoRig rig) throws Exception {
    return Launcher.farside("preflight", rig.file().toString());
  }

  private static void nothingIsWrittenToADiskThatTheRigDoesNotGiveUp(
      DemoRig rig, List<LoopDevice> disks) throws Exception {
    String before = disks.getFirst().fingerprint();
    Launcher.Ending ending = Launcher.farside(
        "run", rig.file().toString(), "--run-dir", rig.directory().path().toString());
    assertThat(ending.status()).isEqualTo(1);
    assertThat(ending.errors())
        .contains("site A: drive D1: ", "add `erase: yes, this one`", "Nothing was written to it")
        .doesNotContain("\tat ");
    assertThat(preflight(rig).status()).isEqualTo(1);
    assertThat(disks.getFirst().fingerprint()).isEqualTo(before);
  }

  private static void hostsWriteAndASiteIsKilled(
      DemoRig rig, WriteRecorder small, WriteRecorder large, List<LoopDevice> disks)
      throws Exception {
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      start(pair);
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();
      // While it runs, a look at its disks finds them in use, and does no harm.
      assertThat(preflight(rig).output()).contains("nothing is erased; in use now");
      write(rig, A, "0010", small);
      write(rig, B, "0020", large);
      pair.process(A).kill();
      pair.start(A);
      pair.awaitReady(A, READY_MAX_MS);
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();
      try (NbdClient host = NbdClient.connect(rig.hostsAt(A), "0010", HOST_TIMEOUT_MS)) {
        assertThat(RecordedRegion.judgeAll(host, small, false)).isEmpty();
        // A guest's file system and partition table, behind what the recorder judges: volumes
        // begin at block 0, so this is where the PC would look for its own.
        host.write(0, guestsFirstPage());
        host.disconnect();
      }
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).isTrue();
      for (String site : List.of(A, B)) {
        assertThat(pair.process(site).terminate(SETTLED_MAX_MS)).isZero();
      }
    }
    assertThat(DriveComparison.firstDifference(disks.get(0).file(), disks.get(2).file(), 16L << 20))
        .isEqualTo(DriveComparison.EQUAL);
    assertThat(DriveComparison.firstDifference(disks.get(1).file(), disks.get(3).file(), 16L << 20))
        .isEqualTo(DriveComparison.EQUAL);
    assertThat(large.judge(0, DriveComparison.read(disks.get(1).file(), 0, 512 * PAGE_BYTES)))
        .isEmpty();
  }

  private static void start(DemoPair pair) throws Exception {
    pair.start(A);
    pair.start(B);
    pair.awaitReady(A, READY_MAX_MS);
    pair.awaitReady(B, READY_MAX_MS);
  }

  private static void write(DemoRig rig, String site, String volume, WriteRecorder recorder)
      throws Exception {
    try (NbdClient host = NbdClient.connect(rig.hostsAt(site), volume, HOST_TIMEOUT_MS)) {
      RecordedRegion.writeAll(host, recorder);
      assertThat(RecordedRegion.judgeAll(host, recorder, true)).isEmpty();
      host.disconnect();
    }
  }

  private static byte[] guestsFirstPage() {
    byte[] page = new byte[PAGE_BYTES];
    page[510] = 0x55;
    page[511] = (byte) 0xaa;
    byte[] table = "EFI PART".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(table, 0, page, 512, table.length);
    page[1080] = 0x53;
    page[1081] = (byte) 0xef;
    return page;
  }

  private static void whatHostsLeftIsThere(DemoRig rig, WriteRecorder small) throws Exception {
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      start(pair);
      try (NbdClient host = NbdClient.connect(rig.hostsAt(B), "0010", HOST_TIMEOUT_MS)) {
        assertThat(host.read(0, PAGE_BYTES)).isEqualTo(guestsFirstPage());
        byte[] rest = host.read(PAGE_BYTES, 511 * PAGE_BYTES);
        assertThat(small.judge(1, rest)).isEmpty();
        assertThat(Arrays.hashCode(rest)).isNotZero();
        host.disconnect();
      }
      try (NbdClient host = NbdClient.connect(rig.hostsAt(B), "0020", HOST_TIMEOUT_MS)) {
        // Less than a block of the disk, which nobody has read yet.
        byte[] part = host.read(512, 512);
        assertThat(part).isEqualTo(Arrays.copyOfRange(host.read(0, PAGE_BYTES), 512, 1024));
        host.disconnect();
      }
      for (String site : List.of(A, B)) {
        assertThat(pair.process(site).terminate(SETTLED_MAX_MS)).isZero();
      }
    }
  }
}
