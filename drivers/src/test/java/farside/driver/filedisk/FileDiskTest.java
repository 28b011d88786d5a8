package farside.driver.filedisk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.director.MachineCheck;
import farside.driver.drive.LoopBench;
import farside.driver.drive.OpenDrive;
import farside.driver.drive.StutteringDiskIo;
import farside.driver.netty.Transport;
import farside.driver.posix.TinyFileSystem;
import farside.port.DriveOutcome;
import farside.port.IoVector;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FileDiskTest {
  private static final int SIZE_BYTES = 1 << 20;
  private static final int BLOCK_BYTES = 512;
  private static final int PAGE_BYTES = 4096;

  @TempDir
  Path directory;

  private Arena arena;

  static Stream<Transport> transports() {
    return Stream.of(Transport.values()).filter(Transport::isAvailable);
  }

  @BeforeEach
  void openArena() {
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeArena() {
    arena.close();
  }

  private FileDisk.Setup setup() {
    return new FileDisk.Setup("D1", directory.resolve("d1.img"), SIZE_BYTES, BLOCK_BYTES, false);
  }

  private MemorySegment filled(int lengthBytes, int seed) {
    MemorySegment memory = arena.allocate(lengthBytes, PAGE_BYTES);
    for (int index = 0; index < lengthBytes; index++) {
      memory.set(JAVA_BYTE, index, (byte) (index * 31 + seed));
    }
    return memory;
  }

  @ParameterizedTest
  @MethodSource("transports")
  void holesOfTheFileAreToldAsZeroesAndNothingElseIs(Transport transport) throws IOException {
    int dataBytes = 64 * 1024;
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = bench.open(setup());
      MemorySegment data = filled(dataBytes, 1);
      for (long offset : new long[] {0, SIZE_BYTES / 2}) {
        long write = bench.tag();
        disk.submitWrite(offset, new IoVector().add(data.address(), dataBytes), write);
        assertThat(bench.await(disk, write).outcome()).isEqualTo(DriveOutcome.DONE);
      }
      long zero = bench.tag();
      disk.submitZero(0, dataBytes, zero);
      assertThat(bench.await(disk, zero).outcome()).isEqualTo(DriveOutcome.DONE);
      disk.close();

      OpenDrive again = bench.open(setup());
      List<String> told = new ArrayList<>();
      again.tellZeroes((from, to) -> told.add(from + " to " + to));
      assertThat(told)
          .containsExactly(
              "0 to " + SIZE_BYTES / 2, (SIZE_BYTES / 2 + dataBytes) + " to " + SIZE_BYTES);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void driveIsSparseAndKnownZeroUntilTheFirstByteIsWritten(Transport transport) throws IOException {
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = bench.open(setup());
      assertThat(disk.isKnownZeroBelow(SIZE_BYTES)).isTrue();
      assertThat(disk.name()).isEqualTo("D1");
      assertThat(disk.identity())
          .startsWith(directory.resolve("d1.img").toString())
          .contains(":");
      assertThat(Files.size(setup().path())).isEqualTo(SIZE_BYTES);
      disk.close();

      // As a process leaves it that was killed before its first write.
      OpenDrive again = bench.open(setup());
      assertThat(again.isKnownZeroBelow(SIZE_BYTES)).isTrue();
      long write = bench.tag();
      again.submitWrite(
          SIZE_BYTES - PAGE_BYTES,
          new IoVector().add(filled(PAGE_BYTES, 1).address(), PAGE_BYTES),
          write);
      assertThat(bench.await(again, write).outcome()).isEqualTo(DriveOutcome.DONE);
      again.close();

      OpenDrive written = bench.open(setup());
      assertThat(written.isKnownZeroBelow(SIZE_BYTES)).isFalse();
      // What lies before the first byte that was written is still known to be zero: such is a
      // drive whose first label was torn. How much of it the file system can tell is its own
      // affair.
      assertThat(written.isKnownZeroBelow(SIZE_BYTES / 2)).isTrue();
      written.close();
    }
  }

  /// A kernel that did not know what is asked of it would refuse it.
  @ParameterizedTest
  @MethodSource("transports")
  void writeThroughIsReadBackWholeAndIsNotJoinedWithItsNeighbours(Transport transport)
      throws IOException {
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = bench.open(setup());
      MemorySegment source = filled(4 * PAGE_BYTES, 1);
      long[] tags = {bench.tag(), bench.tag(), bench.tag()};
      disk.submitWrite(0, new IoVector().add(source.address(), PAGE_BYTES), tags[0]);
      disk.submitWriteThrough(
          PAGE_BYTES,
          new IoVector()
              .add(source.address() + PAGE_BYTES, PAGE_BYTES)
              .add(source.address() + 2 * PAGE_BYTES, PAGE_BYTES),
          tags[1]);
      disk.submitWrite(
          3 * PAGE_BYTES,
          new IoVector().add(source.address() + 3 * PAGE_BYTES, PAGE_BYTES),
          tags[2]);
      for (long tag : tags) {
        assertThat(bench.await(disk, tag).outcome()).isEqualTo(DriveOutcome.DONE);
      }
      assertThat(MemorySegment.ofArray(Files.readAllBytes(setup().path()))
              .asSlice(0, 4 * PAGE_BYTES)
              .mismatch(source))
          .isEqualTo(-1);
      disk.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void writtenPiecesAreReadBackWholeAndAreInTheFile(Transport transport) throws IOException {
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = bench.open(setup());
      MemorySegment source = filled(3 * PAGE_BYTES, 1);
      IoVector pieces = new IoVector()
          .add(source.address() + 2 * PAGE_BYTES, PAGE_BYTES)
          .add(source.address(), 512)
          .add(source.address() + 4096, 1024);
      long write = bench.tag();
      disk.submitWrite(8192, pieces, write);
      pieces.clear();
      assertThat(bench.await(disk, write).outcome()).isEqualTo(DriveOutcome.DONE);
      long flush = bench.tag();
      disk.submitFlush(flush);
      assertThat(bench.await(disk, flush).outcome()).isEqualTo(DriveOutcome.DONE);

      MemorySegment back = arena.allocate(PAGE_BYTES + 1536, PAGE_BYTES);
      long read = bench.tag();
      disk.submitRead(8192, back.address(), PAGE_BYTES + 1536, read);
      assertThat(bench.await(disk, read).outcome()).isEqualTo(DriveOutcome.DONE);

      assertThat(back.asSlice(0, PAGE_BYTES).mismatch(source.asSlice(2 * PAGE_BYTES, PAGE_BYTES)))
          .isEqualTo(-1);
      assertThat(back.asSlice(PAGE_BYTES, 512).mismatch(source.asSlice(0, 512))).isEqualTo(-1);
      assertThat(back.asSlice(PAGE_BYTES + 512, 1024).mismatch(source.asSlice(4096, 1024)))
          .isEqualTo(-1);
      assertThat(Files.readAllBytes(setup().path())[8192])
          .isEqualTo(source.get(JAVA_BYTE, 2 * PAGE_BYTES));
      assertThat(disk.isQuiet()).isTrue();
      disk.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void zeroedExtentReadsZeroAndNothingElseDoes(Transport transport) throws IOException {
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = bench.open(setup());
      MemorySegment source = filled(65536, 3).fill((byte) 9);
      long write = bench.tag();
      disk.submitWrite(0, new IoVector().add(source.address(), 65536), write);
      bench.await(disk, write);
      long zero = bench.tag();
      disk.submitZero(512, 20480, zero);
      assertThat(bench.await(disk, zero).outcome()).isEqualTo(DriveOutcome.DONE);

      byte[] found = Files.readAllBytes(setup().path());
      for (int index = 0; index < 65536; index++) {
        assertThat(found[index]).isEqualTo((byte) (index >= 512 && index < 20992 ? 0 : 9));
      }
      assertThat(found).hasSize(SIZE_BYTES);
      disk.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void fullQueueIsServedAndOneRequestMoreStopsTheCabinet(Transport transport) throws IOException {
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = bench.open(setup());
      MemorySegment source = filled(BLOCK_BYTES, 5);
      for (int index = 0; index < disk.queueDepth(); index++) {
        disk.submitWrite(
            (long) index * BLOCK_BYTES,
            new IoVector().add(source.address(), BLOCK_BYTES),
            1000 + index);
      }
      assertThatThrownBy(() -> disk.submitFlush(5))
          .isInstanceOf(MachineCheck.class)
          .hasMessageContaining("32");
      for (int index = 0; index < disk.queueDepth(); index++) {
        assertThat(bench.await(disk, 1000 + index).outcome()).isEqualTo(DriveOutcome.DONE);
      }
      disk.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void readBeyondTheEndOfAFileThatWasCutNamesTheFirstMissingBlock(Transport transport)
      throws IOException {
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = bench.open(setup());
      try (RandomAccessFile outsider = new RandomAccessFile(setup().path().toFile(), "rw")) {
        outsider.setLength(10_000);
      }
      MemorySegment back = arena.allocate(8192, PAGE_BYTES);
      long read = bench.tag();
      disk.submitRead(8192, back.address(), 8192, read);

      assertThat(bench.await(disk, read))
          .isEqualTo(new LoopBench.Completion(DriveOutcome.MEDIUM_ERROR, 9728));
      assertThat(disk.lastError()).contains("READ at byte 10000");
      disk.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void fullFileSystemIsToldAsSuch(Transport transport) throws Exception {
    try (TinyFileSystem tiny = TinyFileSystem.mount(directory.resolve("tiny"), 256 * 1024);
        LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk =
          bench.open(new FileDisk.Setup("D1", tiny.path("d1.img"), SIZE_BYTES, BLOCK_BYTES, false));
      MemorySegment source = filled(512 * 1024, 5);
      long write = bench.tag();
      disk.submitWrite(4096, new IoVector().add(source.address(), 512 * 1024), write);

      LoopBench.Completion completion = bench.await(disk, write);
      assertThat(completion.outcome()).isEqualTo(DriveOutcome.NO_SPACE);
      // What fitted was written: the failure begins somewhere behind it.
      assertThat(completion.firstBadByte())
          .isGreaterThanOrEqualTo(4096)
          .isLessThanOrEqualTo(4096 + 256 * 1024);

      long zero = bench.tag();
      disk.submitZero(0, SIZE_BYTES, zero);
      assertThat(bench.await(disk, zero).outcome()).isEqualTo(DriveOutcome.DONE);
      long small = bench.tag();
      disk.submitWrite(0, new IoVector().add(source.address(), 4096), small);
      assertThat(bench.await(disk, small).outcome()).isEqualTo(DriveOutcome.DONE);
      disk.close();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void directDriveWritesAndReads(Transport transport) throws IOException {
    try (LoopBench bench = new LoopBench(transport)) {
      OpenDrive disk = openDirect(bench);
      MemorySegment source = filled(2 * PAGE_BYTES, 7);
      long write = bench.tag();
      disk.submitWrite(4096, new IoVector().add(source.address(), 2 * PAGE_BYTES), write);
      assertThat(bench.await(disk, write).outcome()).isEqualTo(DriveOutcome.DONE);
      MemorySegment back = arena.allocate(2 * PAGE_BYTES, PAGE_BYTES);
      long read = bench.tag();
      disk.submitRead(4096, back.address(), 2 * PAGE_BYTES, read);
      assertThat(bench.await(disk, read).outcome()).isEqualTo(DriveOutcome.DONE);
      assertThat(back.mismatch(source)).isEqualTo(-1);
      disk.close();
    }
  }

  private OpenDrive openDirect(LoopBench bench) throws IOException {
    try {
      return bench.open(
          new FileDisk.Setup("D1", directory.resolve("d1.img"), SIZE_BYTES, PAGE_BYTES, true));
    } catch (IOException refused) {
      assumeTrue(!refused.getMessage().contains("O_DIRECT"), refused.getMessage());
      throw refused;
    }
  }

  @Test
  void blocksSmallerThanDirectIoHasThemAreRefusedWithTheCure() throws IOException {
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      openDirect(bench).close();
      FileDisk.Setup small =
          new FileDisk.Setup("D1", directory.resolve("small.img"), SIZE_BYTES, 256, true);

      assertThatThrownBy(() -> bench.open(small))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("drive D1: blocks of 256 bytes, but direct I/O on this file system")
          .hasMessageContaining("Leave out `direct: true` for this drive");
    }
  }

  @Test
  void directDriveRefusesUnalignedMemory() throws IOException {
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      OpenDrive disk = openDirect(bench);
      long odd = filled(2 * PAGE_BYTES, 7).address() + 8 + 1;

      assertThatThrownBy(() -> disk.submitRead(0, odd, PAGE_BYTES, 1))
          .isInstanceOf(MachineCheck.class)
          .hasMessageContaining("direct I/O needs memory aligned to");
      assertThat(disk.isQuiet()).isTrue();
      disk.close();
    }
  }

  @Test
  void extentThatIsNotWholeBlocksOfTheDriveStopsTheCabinet() throws IOException {
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      OpenDrive disk = bench.open(setup());
      long address = filled(PAGE_BYTES, 7).address();

      assertThatThrownBy(() -> disk.submitRead(100, address, 512, 1))
          .isInstanceOf(MachineCheck.class);
      assertThatThrownBy(() -> disk.submitRead(512, address, 100, 1))
          .isInstanceOf(MachineCheck.class);
      assertThatThrownBy(() -> disk.submitRead(-512, address, 512, 1))
          .isInstanceOf(MachineCheck.class);
      assertThatThrownBy(() -> disk.submitRead(512, address, 0, 1))
          .isInstanceOf(MachineCheck.class);
      assertThatThrownBy(() -> disk.submitZero(SIZE_BYTES - 512, 1024, 1))
          .isInstanceOf(MachineCheck.class)
          .hasMessageContaining("1024 bytes at byte 1048064");
      assertThatThrownBy(() -> disk.submitZero(512, Long.MAX_VALUE / 512 * 512, 1))
          .isInstanceOf(MachineCheck.class);
      disk.close();
    }
  }

  @Test
  void fileOfAnotherSizeIsRefusedUntouched() throws IOException {
    Files.write(setup().path(), new byte[1000]);
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      assertThatThrownBy(() -> bench.open(setup()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("has 1000 bytes, but the rig says 1048576")
          .hasMessageContaining("nothing was changed");
      assertThat(Files.size(setup().path())).isEqualTo(1000);
    }
  }

  @Test
  void emptyFileOfAKilledMakerIsTakenAsNew() throws IOException {
    Files.createFile(setup().path());
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      OpenDrive disk = bench.open(setup());
      assertThat(disk.isKnownZeroBelow(SIZE_BYTES)).isTrue();
      disk.close();
    }
  }

  @Test
  void sizeThatIsNotWholeBlocksIsRefused() {
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      assertThatThrownBy(() -> bench.open(
              new FileDisk.Setup("D1", directory.resolve("d1.img"), 1000, BLOCK_BYTES, false)))
          .hasMessageContaining("Set sizeBytes to a multiple of blockBytes");
    }
  }

  @Test
  void driveOfTwoCabinetsIsRefusedToTheSecond() throws Exception {
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      OpenDrive disk = bench.open(setup());
      assertThatThrownBy(() ->
              FileDisk.open(setup(), 50, (fd, answers) -> new StutteringDiskIo(fd, answers, null)))
          .hasMessageContaining("drive D1: another process holds " + setup().path());
      disk.close();
    }
  }
}
