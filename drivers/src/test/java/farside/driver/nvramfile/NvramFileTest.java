package farside.driver.nvramfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.director.blackbox.FlightRecorder;
import farside.director.blackbox.Recording;
import farside.driver.posix.TinyFileSystem;
import farside.port.NvramPort.Contents;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NvramFileTest {
  private static final int REGION_BYTES = 1 << 20;
  private static final int FILE_BYTES = 4096 + REGION_BYTES + 262_144;
  private static final UUID THIS_BOOT = new UUID(1, 2);
  private static final UUID NEXT_BOOT = new UUID(3, 4);

  @TempDir
  Path directory;

  private Path path;

  @BeforeEach
  void choosePath() {
    path = directory.resolve("nvram");
  }

  private NvramFile open(UUID bootId) throws IOException {
    return NvramFile.open(path, REGION_BYTES, bootId);
  }

  @Test
  void newFileIsBlankAllZeroAndFullyAllocated() throws IOException {
    NvramFile nvram = open(THIS_BOOT);

    assertThat(nvram.contents()).isEqualTo(Contents.BLANK);
    assertThat(nvram.sizeBytes()).isEqualTo(REGION_BYTES);
    assertThat(nvram.address() % 4096).isZero();
    for (long offset = 0; offset < REGION_BYTES; offset += 8) {
      assertThat(nvram.getLong(offset)).isZero();
    }
    assertThat((Long) Files.getAttribute(path, "size")).isEqualTo(FILE_BYTES);
    nvram.close();
  }

  /// Bytes of the file that this process has mapped in huge pages.
  private static long hugeBytes(Path mapped) throws IOException {
    long bytes = 0;
    boolean isIt = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.contains("/")) {
        isIt = line.endsWith(mapped.toString());
      } else if (isIt && line.startsWith("ShmemPmdMapped:")) {
        bytes += 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return bytes;
  }

  @Test
  void onATmpfsTheRegionLiesInHugePagesAndKeepsWhatItHeld() throws IOException {
    Path setting = Path.of("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
    assumeTrue(
        Files.exists(setting) && !Files.readString(setting).contains("[deny]"),
        "this kernel has no huge pages on a tmpfs");
    int regionBytes = 8 << 20;
    try (TinyFileSystem tmpfs = TinyFileSystem.mount(directory.resolve("tmpfs"), 32 << 20)) {
      Path there = tmpfs.path("nvram");
      NvramFile nvram = NvramFile.open(there, regionBytes, THIS_BOOT);
      assertThat(hugeBytes(there)).isEqualTo(regionBytes);
      for (int offset = 0; offset < regionBytes; offset += 4096) {
        nvram.putLong(offset, ~offset);
      }
      nvram.commit(0, 42);
      nvram.close();

      NvramFile again = NvramFile.open(there, regionBytes, THIS_BOOT);
      assertThat(hugeBytes(there)).isEqualTo(regionBytes);
      assertThat(again.getLong(0)).isEqualTo(42);
      for (int offset = 4096; offset < regionBytes; offset += 4096) {
        assertThat(again.getLong(offset)).isEqualTo(~offset);
      }
      again.close();
    }
  }

  @Test
  void whatWasStoredIsKeptUnderTheSameKernelWithoutACleanEnd() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    nvram.putLong(4096, 0x0102030405060708L);
    nvram.putInt(4104, 7);
    nvram.putByte(4108, (byte) 9);
    nvram.commit(0, 42);
    nvram.close();

    NvramFile again = open(THIS_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.KEPT);
    assertThat(again.getLong(0)).isEqualTo(42);
    assertThat(again.getLong(4096)).isEqualTo(0x0102030405060708L);
    assertThat(again.getInt(4104)).isEqualTo(7);
    assertThat(again.getByte(4108)).isEqualTo((byte) 9);
    again.close();
  }

  @Test
  void numbersAreLittleEndian() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    nvram.putLong(8, 0x0102030405060708L);
    nvram.commit(16, 0x1112131415161718L);
    nvram.putInt(24, 0x21222324);

    assertThat(nvram.getByte(8)).isEqualTo((byte) 8);
    assertThat(nvram.getByte(15)).isEqualTo((byte) 1);
    assertThat(nvram.getByte(16)).isEqualTo((byte) 0x18);
    assertThat(nvram.getByte(24)).isEqualTo((byte) 0x24);
    nvram.close();
  }

  @Test
  void payloadIsCopiedFromOutside() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment payload = arena.allocateFrom("a track");
      nvram.putBytes(REGION_BYTES - 8, payload.address(), 8);
    }
    assertThat(nvram.getByte(REGION_BYTES - 8)).isEqualTo((byte) 'a');
    assertThat(nvram.getByte(REGION_BYTES - 2)).isEqualTo((byte) 'k');
    nvram.close();
  }

  @Test
  void storesBeyondTheRegionAndUnalignedCommitsAreRefused() throws IOException {
    NvramFile nvram = open(THIS_BOOT);

    assertThatThrownBy(() -> nvram.putLong(REGION_BYTES - 4, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> nvram.putByte(-1, (byte) 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> nvram.putBytes(REGION_BYTES - 4, nvram.address(), 8))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> nvram.commit(4, 1)).isInstanceOf(IllegalArgumentException.class);
    nvram.close();
  }

  @Test
  void withoutACleanEndEverythingIsLostUnderTheNextKernel() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    nvram.commit(0, 42);
    nvram.close();

    NvramFile again = open(NEXT_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.LOST);
    assertThat(again.getLong(0)).isZero();
    again.close();
  }

  @Test
  void cleanEndKeepsTheContentsUnderTheNextKernelOnce() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    nvram.commit(0, 42);
    nvram.force();
    nvram.markClean();
    nvram.close();

    NvramFile again = open(NEXT_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.KEPT);
    assertThat(again.getLong(0)).isEqualTo(42);
    again.close();

    NvramFile third = open(THIS_BOOT);
    assertThat(third.contents()).isEqualTo(Contents.LOST);
    third.close();
  }

  @Test
  void lossStaysALossUntilMicrocodeHasCommittedSomething() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    nvram.commit(0, 42);
    nvram.close();
    NvramFile found = open(NEXT_BOOT);
    assertThat(found.contents()).isEqualTo(Contents.LOST);
    found.commit(0, 0);
    found.putLong(8, 1);
    found.markClean();
    found.close();

    NvramFile stillLost = open(NEXT_BOOT);
    assertThat(stillLost.contents()).isEqualTo(Contents.LOST);
    assertThat(stillLost.getLong(8)).isZero();
    stillLost.commit(0, 43);
    stillLost.close();

    NvramFile begun = open(NEXT_BOOT);
    assertThat(begun.contents()).isEqualTo(Contents.KEPT);
    assertThat(begun.getLong(0)).isEqualTo(43);
    begun.close();
  }

  @Test
  void fileWhoseMakingWasCutShortIsBlank() throws IOException {
    try (RandomAccessFile unfinished = new RandomAccessFile(path.toFile(), "rw")) {
      unfinished.setLength(123_456);
    }
    NvramFile nvram = open(THIS_BOOT);

    assertThat(nvram.contents()).isEqualTo(Contents.BLANK);
    assertThat(Files.size(path)).isEqualTo(FILE_BYTES);
    nvram.close();
  }

  @Test
  void fileOfAnotherSizeIsRefusedUntouched() throws IOException {
    open(THIS_BOOT).close();
    byte[] before = Files.readAllBytes(path);

    assertThatThrownBy(() -> NvramFile.open(path, 2 * REGION_BYTES, THIS_BOOT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("has 1048576 bytes, but the rig says 2097152");
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
  }

  @Test
  void fileThatWasCutIsRefused() throws IOException {
    open(THIS_BOOT).close();
    try (RandomAccessFile outsider = new RandomAccessFile(path.toFile(), "rw")) {
      outsider.setLength(REGION_BYTES);
    }

    assertThatThrownBy(() -> open(THIS_BOOT))
        .hasMessageContaining("by its prologue and 1044480 in the file");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4096, 262_143, 262_144})
  void fileOfAProgramWithoutAFlightRecorderKeepsItsContentsAndGetsARing(int ringBytes)
      throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    nvram.putLong(REGION_BYTES - 8, 7);
    nvram.commit(0, 42);
    nvram.close();
    byte[] before = Files.readAllBytes(path);
    try (RandomAccessFile older = new RandomAccessFile(path.toFile(), "rw")) {
      older.setLength(4096 + REGION_BYTES + ringBytes);
    }
    if (ringBytes < 262_144) {
      assertThatThrownBy(() -> RecorderFile.read(path))
          .hasMessageContaining("An older program wrote it")
          .hasMessageContaining("Run the site once with this program");
    }

    NvramFile again = open(THIS_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.KEPT);
    assertThat(again.getLong(REGION_BYTES - 8)).isEqualTo(7);
    again.recorder().putLong(262_136, 9);
    again.close();
    byte[] after = Files.readAllBytes(path);
    assertThat(after).hasSize(FILE_BYTES);
    assertThat(after[FILE_BYTES - 8]).isEqualTo((byte) 9);
    assertThat(Arrays.copyOfRange(after, 4096, 4096 + REGION_BYTES))
        .isEqualTo(Arrays.copyOfRange(before, 4096, 4096 + REGION_BYTES));
  }

  @Test
  void ringIsReadWhileTheFileIsInUseAndOutlivesLostContents() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    nvram.commit(0, 42);
    new FlightRecorder(nvram.recorder()).start(1, 2, "the first boot");
    assertThat(Recording.of(RecorderFile.read(path)).entries()).hasSize(1);
    nvram.close();

    NvramFile lost = open(NEXT_BOOT);
    assertThat(lost.contents()).isEqualTo(Contents.LOST);
    new FlightRecorder(lost.recorder()).start(3, 4, "the second boot");
    assertThat(Recording.of(RecorderFile.read(path)).lines(entry -> "*"))
        .containsExactly(
            "-- boot 1", "* the first boot starts", "-- boot 2", "* the second boot starts");
    assertThatThrownBy(() -> lost.recorder().putLong(262_144, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    lost.close();
  }

  @Test
  void fileWithoutARingThatCanBeReadIsToldWithTheCure() throws IOException {
    Files.write(path, new byte[100]);
    assertThatThrownBy(() -> RecorderFile.read(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("does not begin with a whole prologue")
        .hasMessageContaining("--run-dir");
    Files.delete(path);
    open(THIS_BOOT).close();
    rewriteVersion(2);
    assertThatThrownBy(() -> RecorderFile.read(path))
        .hasMessageContaining("is of version 2, this program knows version 1");
  }

  @Test
  void sizeThatIsNotWholePagesIsRefused() {
    assertThatThrownBy(() -> NvramFile.open(path, 4097, THIS_BOOT))
        .hasMessageContaining("multiple of 4096");
    assertThat(path).doesNotExist();
  }

  @Test
  void fileOfALaterVersionIsRefusedUntouched() throws IOException {
    open(THIS_BOOT).close();
    rewriteVersion(2);
    byte[] before = Files.readAllBytes(path);

    assertThatThrownBy(() -> open(THIS_BOOT))
        .hasMessageContaining("is of version 2, this program knows version 1");
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
  }

  private void rewriteVersion(int version) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    bytes[8] = (byte) version;
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(bytes, 0, 48);
    for (int index = 0; index < 4; index++) {
      bytes[48 + index] = (byte) (crc.getValue() >>> (8 * index));
    }
    Files.write(path, bytes);
  }

  @Test
  void fileThatIsNoNvramIsRefusedUntouched() throws IOException {
    byte[] other = new byte[REGION_BYTES + 4096];
    new Random(1).nextBytes(other);
    Files.write(path, other);

    assertThatThrownBy(() -> open(THIS_BOOT))
        .hasMessageContaining("does not begin with a whole prologue");
    assertThat(Files.readAllBytes(path)).isEqualTo(other);
  }

  /// A process may die in the middle of any change of the prologue; whichever half is torn, the
  /// other still says what was true before.
  @ParameterizedTest(name = "with seed {0}")
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void oneTornCopyOfThePrologueLosesNothing(int seed) throws IOException {
    Random random = new Random(seed);
    NvramFile nvram = open(THIS_BOOT);
    nvram.commit(0, 42);
    nvram.close();
    open(THIS_BOOT).close();
    byte[] bytes = Files.readAllBytes(path);
    int copyOffset = random.nextBoolean() ? 0 : 2048;
    int at = copyOffset + random.nextInt(52);
    bytes[at] ^= (byte) (1 << random.nextInt(8));
    Files.write(path, bytes);

    NvramFile again = open(THIS_BOOT);
    assertThat(again.contents()).isEqualTo(Contents.KEPT);
    assertThat(again.getLong(0)).isEqualTo(42);
    again.close();
  }

  /// Whatever the first page holds, opening either refuses in words or believes only what is
  /// whole.
  @ParameterizedTest(name = "with seed {0}")
  @ValueSource(ints = {11, 12, 13, 14, 15, 16})
  void damagedPrologueIsRefusedOrReadRight(int seed) throws IOException {
    Random random = new Random(seed);
    NvramFile nvram = open(THIS_BOOT);
    nvram.commit(0, 42);
    nvram.close();
    byte[] good = Files.readAllBytes(path);
    for (int round = 0; round < 20; round++) {
      byte[] bytes = good.clone();
      int damageCount = 1 + random.nextInt(60);
      for (int damage = 0; damage < damageCount; damage++) {
        int at = random.nextInt(2) * 2048 + random.nextInt(56);
        bytes[at] = (byte) random.nextInt(256);
      }
      Files.write(path, bytes);
      try {
        NvramFile again = open(THIS_BOOT);
        assertThat(again.contents()).isEqualTo(Contents.KEPT);
        assertThat(again.getLong(0)).isEqualTo(42);
        again.close();
      } catch (IOException refused) {
        assertThat(refused).hasMessageContaining("Nothing was changed");
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
      }
    }
  }

  @Test
  void secondCabinetIsRefused() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    assertThatThrownBy(() -> NvramFile.open(path, REGION_BYTES, THIS_BOOT, 50))
        .hasMessageContaining("NVRAM: another process holds " + path);
    nvram.close();
  }

  @Test
  void fullFileSystemIsToldWithTheBytesNeededAndLeavesNoFile() throws IOException {
    try (TinyFileSystem tiny = TinyFileSystem.mount(directory.resolve("tiny"), 256 * 1024)) {
      Path small = tiny.path("nvram");
      assertThatThrownBy(() -> NvramFile.open(small, REGION_BYTES, THIS_BOOT))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(
              "NVRAM " + small + ": cannot allocate 1314816 bytes: No space left on device");
      assertThat(small).doesNotExist();
    }
  }

  @Test
  void memoryIsLockedOrItIsSaidWhyNot() throws IOException {
    NvramFile nvram = open(THIS_BOOT);
    assertThat(nvram.isLocked()).isEqualTo(nvram.lockRefusal().isEmpty());
    nvram.close();
  }

  @Test
  void bootIdIsTheSameForTheWholeLifeOfTheKernel() {
    assertThat(BootId.current()).isEqualTo(BootId.current());
  }
}
