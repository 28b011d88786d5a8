package farside.driver.rawdisk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.drive.OpenDrive;
import farside.driver.drive.StutteringDiskIo;
import farside.driver.posix.Posix;
import farside.volume.DriveLabel;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.VolumeRole;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every disk that must not be used, and that nothing is written to it; and those that may.
class PreflightTest {
  private static final long SIZE_BYTES = 12 << 20;
  private static final int BLOCK_BYTES = 512;
  private static final String OURS = "FARSIDE-A";

  @TempDir
  Path directory;

  private LoopDevice disk() throws IOException {
    return LoopDevice.make(directory, SIZE_BYTES, BLOCK_BYTES);
  }

  private static RawDisk.Setup setup(LoopDevice disk) throws IOException {
    return setup(disk, Files.size(disk.file()), BLOCK_BYTES, true);
  }

  private static RawDisk.Setup setup(
      LoopDevice disk, long sizeBytes, int blockBytes, boolean erase) {
    return new RawDisk.Setup(
        "D1", disk.path(), disk.identity(), sizeBytes, blockBytes, erase, OURS);
  }

  private static OpenDrive open(RawDisk.Setup setup) throws IOException {
    return RawDisk.open(
        setup,
        DeviceTree.ofThisMachine(),
        30,
        (fd, answers) -> new StutteringDiskIo(fd, answers, null));
  }

  /// Refused with these words, and not a byte of it written.
  private static void assertRefused(LoopDevice disk, RawDisk.Setup setup, String... words)
      throws IOException {
    String before = disk.fingerprint();
    assertThatThrownBy(() -> open(setup))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("drive D1: ")
        .hasMessageEndingWith("Nothing was written to it.")
        .hasMessageContainingAll(words);
    assertThat(disk.fingerprint()).isEqualTo(before);
  }

  private static byte[] label(String serial) {
    return label(serial, 7);
  }

  private static byte[] label(String serial, long sequence) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(DriveLabel.BYTES, 8);
      new DriveLabel(
              true,
              sequence,
              1,
              2,
              3,
              serial,
              "D1",
              0x10,
              VolumeRole.LOCAL,
              SIZE_BYTES - DriveLabel.RESERVED_BYTES,
              512,
              Standing.fresh(PairState.NOT_MIRRORED, false))
          .encode(memory.address());
      return memory.toArray(JAVA_BYTE);
    }
  }

  private static void writeLabel(LoopDevice disk, int copy, byte[] label) throws IOException {
    disk.write(DriveLabel.offsetOf(copy, Files.size(disk.file())), label);
  }

  @Test
  void aBlankDiskThatTheRigGivesUpIsOpenedToBeLabelledAndNothingIsWrittenYet() throws IOException {
    try (LoopDevice disk = disk()) {
      String before = disk.fingerprint();
      OpenDrive drive = open(setup(disk));
      assertThat(drive.mayBeLabelled()).isTrue();
      drive.close();
      assertThat(disk.fingerprint()).isEqualTo(before);
    }
  }

  @Test
  void aBlankDiskThatTheRigDoesNotGiveUpIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      assertRefused(
          disk, setup(disk, SIZE_BYTES, BLOCK_BYTES, false), "add `erase: yes, this one`");
    }
  }

  static IntStream rowsOfTheTable() {
    return IntStream.range(0, Signature.TABLE.size());
  }

  @ParameterizedTest(name = "row {0}")
  @MethodSource("rowsOfTheTable")
  void aDiskThatCarriesAnyKnownSignatureIsRefused(int row) throws IOException {
    Signature signature = Signature.TABLE.get(row);
    long[] places = signature.places().stream()
        .mapToLong(place -> place.applyAsLong(SIZE_BYTES))
        .filter(place -> place >= 0 && place + signature.magicBytes().length <= SIZE_BYTES)
        .toArray();
    for (long place :
        LongStream.of(places[0], places[places.length - 1]).distinct().toArray()) {
      try (LoopDevice disk = disk()) {
        disk.write(place, signature.magicBytes());
        assertRefused(disk, setup(disk), "it carries " + signature, "wipefs --all " + disk.path());
      }
    }
  }

  /// What the tools write themselves, in the versions that are installed here.
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      64  | mkfs.ext4 -q -F                          | ext2, ext3 or ext4
      64  | mkfs.ext2 -q -F                          | ext2, ext3 or ext4
      320 | mkfs.xfs -q -f                           | xfs
      128 | mkfs.btrfs -q -f                         | btrfs
      64  | mkfs.f2fs -q -f                          | f2fs
      64  | mkfs.vfat -F 16 -I                       | FAT
      64  | mkfs.vfat -F 32 -I                       | FAT32
      64  | mkfs.exfat                               | exFAT
      64  | mkfs.ntfs -Q -F                          | NTFS
      64  | mkswap                                   | swap
      64  | cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 --key-file /etc/hostname | LUKS
      64  | cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /etc/hostname | LUKS
      64  | pvcreate -q                              | LVM2
      64  | mdadm --create --run --force --level=1 --raid-devices=1 /dev/md/farside-test | md 1.2
      """)
  void aDiskThatARealToolHasMadeIsRefused(int sizeMib, String command, String name)
      throws IOException {
    try (LoopDevice disk = LoopDevice.make(directory, (long) sizeMib << 20, BLOCK_BYTES)) {
      String[] words = command.split(" ");
      disk.runOn(words[0], List.of(words).subList(1, words.length).toArray(String[]::new));
      assertRefused(disk, setup(disk), "it carries", name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dos", "gpt"})
  void aDiskWithAPartitionTableIsRefused(String kind) throws IOException {
    try (LoopDevice disk = LoopDevice.make(directory, 64 << 20, BLOCK_BYTES)) {
      partition(disk, kind);
      assertRefused(disk, setup(disk), "a partition table, ");
    }
  }

  @Test
  void aDiskOfWhosePartitionTableOnlyTheCopyAtTheEndIsLeftIsRefused() throws IOException {
    try (LoopDevice disk = LoopDevice.make(directory, 64 << 20, BLOCK_BYTES)) {
      partition(disk, "gpt");
      disk.write(0, new byte[1 << 20]);
      assertRefused(disk, setup(disk), "a partition table, GPT (the copy at the end)");
    }
  }

  /// On the file behind it, so that no kernel scans it.
  private static void partition(LoopDevice disk, String kind) throws IOException {
    Path script = Files.writeString(
        disk.file().resolveSibling("table"), "label: " + kind + "\nstart=2048, size=4096\n");
    Process process;
    try {
      process = new ProcessBuilder("sfdisk", "--quiet", disk.file().toString())
          .redirectInput(script.toFile())
          .redirectErrorStream(true)
          .start();
    } catch (IOException notInstalled) {
      assumeTrue(false, "skipped: sfdisk is not installed");
      return;
    }
    assertThat(process.onExit().join().exitValue()).isZero();
  }

  @Test
  void aMountedDiskIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      disk.runOn("mkfs.ext4", "-q", "-F");
      Path point = Files.createDirectory(directory.resolve("a point"));
      LoopDevice.Ended mounted =
          LoopDevice.run("mount", "-o", "ro,noload", disk.path().toString(), point.toString());
      assumeTrue(mounted.status() == 0, "skipped: mount says " + mounted.output());
      try {
        assertRefused(
            disk,
            setup(disk),
            disk.path() + " is mounted at " + point.toRealPath(),
            "Release it (umount");
      } finally {
        LoopDevice.run("umount", point.toString());
      }
    }
  }

  @Test
  void aDiskThatAnotherProcessHasClaimedIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      OpenDrive first = open(setup(disk));
      try {
        assertRefused(disk, setup(disk), "is in use by another process or by the kernel");
      } finally {
        first.close();
      }
    }
  }

  @Test
  void aSecondLoopDeviceOverTheSameFileIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      String twin = LoopDevice.run("losetup", "--find", "--show", disk.file().toString())
          .output()
          .strip();
      try {
        assertRefused(disk, setup(disk), twin + " is over the same file");
      } finally {
        LoopDevice.run("losetup", "--detach", twin);
      }
    }
  }

  @Test
  void aDiskOfAnotherCabinetIsRefusedEvenIfTheRigGivesItUp() throws IOException {
    try (LoopDevice disk = disk()) {
      writeLabel(disk, 1, label("FARSIDE-B"));
      assertRefused(
          disk,
          setup(disk),
          "its label says cabinet FARSIDE-B, drive D1, volume 0010",
          "this cabinet is FARSIDE-A",
          "dd if=/dev/zero of=" + disk.path() + " bs=1M seek=10");
    }
  }

  @Test
  void aDamagedLabelIsRefusedEvenIfTheRigGivesTheDiskUp() throws IOException {
    try (LoopDevice disk = disk()) {
      byte[] damaged = label(OURS);
      damaged[100] ^= 1;
      writeLabel(disk, 0, damaged);
      assertRefused(disk, setup(disk), "cannot be used: its checksum is wrong");
    }
  }

  @Test
  void theLabelIsRemovedAsTheRefusalSays() throws IOException {
    try (LoopDevice disk = disk()) {
      writeLabel(disk, 0, label("FARSIDE-B", 1));
      writeLabel(disk, 1, label("FARSIDE-B", 2));
      String said = "";
      try {
        open(setup(disk));
      } catch (IOException refused) {
        said = refused.getMessage();
      }
      String command =
          said.replaceFirst("(?s).*(dd if=\\S+ of=\\S+ bs=1M seek=\\d+ \\S+direct).*", "$1");
      LoopDevice.run(command.split(" "));
      open(setup(disk)).close();
    }
  }

  @Test
  void aDiskOfAnotherSizeIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      assertRefused(
          disk,
          setup(disk, SIZE_BYTES + 65_536, BLOCK_BYTES, true),
          "it has 12582912 bytes, but the rig says 12648448",
          "set sizeBytes: 12582912");
    }
  }

  @Test
  void aDiskOfAnotherBlockSizeIsRefused() throws IOException {
    try (LoopDevice disk = LoopDevice.make(directory, SIZE_BYTES, 4096)) {
      assertRefused(
          disk, setup(disk), "its blocks are 4096 bytes, but the rig says 512", "blockBytes: 4096");
    }
  }

  @Test
  void aDiskOfAnotherIdentityIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      DeviceIdentity other = new DeviceIdentity(DeviceIdentity.Kind.BACKING_FILE, "/data/d1.img");
      assertRefused(
          disk,
          new RawDisk.Setup("D1", disk.path(), other, SIZE_BYTES, BLOCK_BYTES, true, OURS),
          "has backingFile " + disk.file() + ", but the rig says /data/d1.img");
      DeviceIdentity none = new DeviceIdentity(DeviceIdentity.Kind.SERIAL, "Z1X3");
      assertRefused(
          disk,
          new RawDisk.Setup("D1", disk.path(), none, SIZE_BYTES, BLOCK_BYTES, true, OURS),
          "has no serial. It has backingFile: " + disk.file());
    }
  }

  @Test
  void aWriteProtectedDiskIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      assertThat(LoopDevice.run("blockdev", "--setro", disk.path().toString()).status())
          .isZero();
      try {
        assertRefused(disk, setup(disk), "it is write-protected. Remove the protection");
      } finally {
        // The mark would outlive the loop device.
        LoopDevice.run("blockdev", "--setrw", disk.path().toString());
      }
    }
  }

  @Test
  void whatIsNoWholeDiskIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      assertThatThrownBy(() -> open(new RawDisk.Setup(
              "D1", disk.file(), disk.identity(), SIZE_BYTES, BLOCK_BYTES, true, OURS)))
          .hasMessageContaining("is not a block device. Name a whole disk");
      assertThatThrownBy(() -> open(new RawDisk.Setup(
              "D1",
              Path.of("/dev/farside-none"),
              disk.identity(),
              SIZE_BYTES,
              BLOCK_BYTES,
              true,
              OURS)))
          .hasMessageContaining("there is no /dev/farside-none. Attach the disk");
      Path partition = addPartition(disk);
      assertRefused(
          disk,
          new RawDisk.Setup("D1", partition, disk.identity(), SIZE_BYTES, BLOCK_BYTES, true, OURS),
          partition + " is a partition. Name the whole disk");
    }
  }

  private static Path addPartition(LoopDevice disk) throws IOException {
    disk.runOn("partx", "--version");
    LoopDevice.Ended added = LoopDevice.run("addpart", disk.path().toString(), "1", "2048", "4096");
    assumeTrue(added.status() == 0, "skipped: addpart says " + added.output());
    return Path.of(disk.path() + "p1");
  }

  @Test
  void theKernelsPartitionsOfADriveAreTakenAwayWhenItIsOpened() throws IOException {
    try (LoopDevice disk = disk()) {
      writeLabel(disk, 0, label(OURS));
      Path partition = addPartition(disk);
      assertThat(partition).exists();
      String before = disk.fingerprint();
      open(setup(disk)).close();
      assertThat(Path.of("/sys/block", disk.name(), disk.name() + "p1")).doesNotExist();
      assertThat(disk.fingerprint()).isEqualTo(before);
    }
  }

  @Test
  void aDriveOneOfWhosePartitionsIsOpenElsewhereIsRefused() throws IOException {
    try (LoopDevice disk = disk()) {
      writeLabel(disk, 0, label(OURS));
      Path partition = addPartition(disk);
      int fd = Posix.open(partition.toString(), Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
      assertThat(fd).isNotNegative();
      try {
        assertRefused(disk, setup(disk), partition + " of it cannot be taken away", "busy");
      } finally {
        Posix.close(fd);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "gpt"})
  void aDriveWithAGuestsOwnFileSystemOrPartitionTableOnItOpensAgain(String guests)
      throws IOException {
    try (LoopDevice disk = LoopDevice.make(directory, 64 << 20, BLOCK_BYTES)) {
      if (guests.equals("gpt")) {
        partition(disk, "gpt");
      } else {
        disk.runOn("mkfs.ext4", "-q", "-F");
      }
      writeLabel(disk, 0, label(OURS, 1));
      writeLabel(disk, 1, label(OURS, 2));
      String before = disk.fingerprint();
      // Whatever the rig says of giving it up: there is nothing to give up.
      for (boolean erase : new boolean[] {false, true}) {
        OpenDrive drive = open(setup(disk, 64 << 20, BLOCK_BYTES, erase));
        assertThat(drive.mayBeLabelled()).isFalse();
        drive.close();
      }
      assertThat(disk.fingerprint()).isEqualTo(before);
    }
  }
}
