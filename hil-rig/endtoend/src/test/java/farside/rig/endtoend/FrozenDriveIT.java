package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;

import farside.fixture.FreezableFileSystem;
import farside.fixture.LoopDevice;
import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.DriveComparison;
import farside.rig.host.NbdClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A site whose drive hangs, as the kernel has it: the drive's file is on a file system that is
/// frozen, so whoever writes to it sleeps until it is thawed, and no signal wakes him.
class FrozenDriveIT {
  private static final int READY_MAX_MS = 30_000;
  private static final int SETTLED_MAX_MS = 30_000;
  private static final int HOST_TIMEOUT_MS = 20_000;

  /// The site waits 5 s for requests under way; the rest is for a machine that is short of breath.
  private static final int ENDED_MAX_MS = 20_000;

  private static final int VOLUME_BYTES = 16 << 20;
  private static final int WRITTEN_BYTES = 1 << 20;
  private static final int PAGE_BYTES = 4096;
  private static final String HEARTBEAT = "heartbeatMs: 500";
  private static final String IN_DOUBT = " 4011 ";
  private static final String READ_FROM_PEER = " 3038 ";
  private static final String INCOMPLETE = " 1011 ";
  private static final String ENDED_IN_IML = " 1013 ";

  @TempDir
  Path directory;

  private final byte[] written = new byte[WRITTEN_BYTES];

  /// What is to be done with a pair whose drive D1 of site A is on a file system that can be
  /// frozen.
  private interface OnFrozen {
    void run(DemoPair pair, FreezableFileSystem frozen) throws Exception;
  }

  @Test
  void aSiteWhoseDriveIsFrozenServesWhatThePeerHasAndEndsWithoutIt() throws Exception {
    withADriveThatCanBeFrozen((pair, frozen) -> {
      hostsGoOnWhileItHangs(pair, frozen);
      theProcessEndsWithoutIt(pair, frozen, INCOMPLETE);
      // What the drive lacked was in NVRAM.
      pair.start(A);
      pair.awaitReady(A, READY_MAX_MS);
    });
  }

  @Test
  void aSiteThatWaitsForAFrozenDriveToTakeItsLabelEndsWhenItIsToldTo() throws Exception {
    withADriveThatCanBeFrozen((pair, frozen) -> {
      try (NbdClient host = NbdClient.connect(pair.rig().hostsAt(A), "0010", HOST_TIMEOUT_MS)) {
        host.write(0, written);
      }
      pair.process(A).kill();
      frozen.freeze();
      pair.start(A);
      assertThat(DemoPair.await(SETTLED_MAX_MS, () -> hasTold(pair, IN_DOUBT))).isTrue();
      theProcessEndsWithoutIt(pair, frozen, ENDED_IN_IML);
      pair.start(A);
      pair.awaitReady(A, READY_MAX_MS);
    });
  }

  /// Both drives are equal in the end, and hold what hosts wrote.
  private void withADriveThatCanBeFrozen(OnFrozen what) throws Exception {
    new Random(5).nextBytes(written);
    try (FreezableFileSystem frozen = FreezableFileSystem.make(directory)) {
      DemoRig rig = DemoRig.in(directory);
      rig = rig.with(Files.readString(rig.file())
          .replace("256", "16")
          .replace("257", "17")
          .replaceFirst(HEARTBEAT, HEARTBEAT + "\n    driveSlowMs: 500\n    driveHungMs: 4000"));
      onTheFrozen(rig, frozen, what);
    }
  }

  private void onTheFrozen(DemoRig rig, FreezableFileSystem frozen, OnFrozen what)
      throws Exception {
    Path drive = rig.drive(A, "D1");
    Files.createDirectories(drive.getParent());
    Files.createFile(drive);
    Path onFrozen = Files.createFile(frozen.directory().resolve("D1.img"));
    LoopDevice.runWell("mount", "--bind", onFrozen.toString(), drive.toString());
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      for (String site : new String[] {A, B}) {
        pair.start(site);
      }
      for (String site : new String[] {A, B}) {
        pair.awaitReady(site, READY_MAX_MS);
      }
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized)).isTrue();
      what.run(pair, frozen);
      assertThat(DemoPair.await(SETTLED_MAX_MS, () -> pair.isSynchronized() && pair.isDestaged()))
          .isTrue();
      for (String site : new String[] {A, B}) {
        assertThat(pair.process(site).terminate(SETTLED_MAX_MS)).isZero();
      }
      assertThat(DriveComparison.firstDifference(drive, rig.drive(B, "D1"), VOLUME_BYTES))
          .isEqualTo(DriveComparison.EQUAL);
      assertThat(DriveComparison.read(drive, 0, PAGE_BYTES))
          .isEqualTo(Arrays.copyOf(written, PAGE_BYTES));
    } finally {
      frozen.thaw();
      LoopDevice.runWell("umount", "--lazy", drive.toString());
    }
  }

  private void hostsGoOnWhileItHangs(DemoPair pair, FreezableFileSystem frozen) throws Exception {
    try (NbdClient host = NbdClient.connect(pair.rig().hostsAt(A), "0010", HOST_TIMEOUT_MS);
        NbdClient local = NbdClient.connect(pair.rig().hostsAt(A), "0030", HOST_TIMEOUT_MS);
        NbdClient ofPeer = NbdClient.connect(pair.rig().hostsAt(B), "0020", HOST_TIMEOUT_MS)) {
      host.write(0, written);
      host.flush();
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).isTrue();

      frozen.freeze();
      byte[] newer = Arrays.copyOf(written, PAGE_BYTES);
      newer[0]++;
      System.arraycopy(newer, 0, written, 0, PAGE_BYTES);
      host.write(0, newer);
      assertThat(DemoPair.await(SETTLED_MAX_MS, () -> hasTold(pair, IN_DOUBT))).isTrue();

      assertThat(host.read(0, WRITTEN_BYTES)).isEqualTo(written);
      // A thread of its own writes the log.
      assertThat(DemoPair.await(SETTLED_MAX_MS, () -> hasTold(pair, READ_FROM_PEER)))
          .isTrue();
      local.write(0, newer);
      local.flush();
      ofPeer.write(0, newer);
      ofPeer.flush();
      assertThat(local.read(0, PAGE_BYTES)).isEqualTo(newer);
      assertThat(pair.isSynchronized()).isTrue();
    }
  }

  /// A thread that sleeps in the kernel keeps the process's entry, and nothing else of it, until
  /// the drive answers.
  private static void theProcessEndsWithoutIt(
      DemoPair pair, FreezableFileSystem frozen, String event) throws Exception {
    assertThat(pair.process(A).terminate(1)).isEqualTo(-1);
    assertThat(DemoPair.await(ENDED_MAX_MS, () -> isZombie(pair.process(A).pid())))
        .isTrue();
    assertThat(log(pair)).contains(event);
    frozen.thaw();
    assertThat(pair.process(A).terminate(SETTLED_MAX_MS)).isEqualTo(1);
  }

  private static boolean isZombie(long pid) throws IOException {
    return Files.readString(Path.of("/proc", Long.toString(pid), "status")).contains("State:\tZ");
  }

  private static boolean hasTold(DemoPair pair, String event) throws IOException {
    return log(pair).contains(event);
  }

  private static String log(DemoPair pair) throws IOException {
    return Files.readString(pair.rig().directory().log(A));
  }
}
