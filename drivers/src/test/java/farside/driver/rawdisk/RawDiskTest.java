package farside.driver.rawdisk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.drive.LoopBench;
import farside.driver.drive.OpenDrive;
import farside.driver.netty.Transport;
import farside.fixture.LoopDevice;
import farside.port.DriveOutcome;
import farside.port.IoVector;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A disk that was found good: its blocks, in and out.
class RawDiskTest {
  private static final int SIZE_BYTES = 16 << 20;
  private static final int PAGE_BYTES = 4096;

  @TempDir
  Path directory;

  static Stream<Arguments> transportsAndBlocks() {
    return Stream.of(Transport.values())
        .filter(Transport::isAvailable)
        .flatMap(transport ->
            Stream.of(512, 4096).map(blockBytes -> Arguments.of(transport, blockBytes)));
  }

  private static RawDisk.Setup setup(LoopDevice device, int blockBytes) {
    return new RawDisk.Setup(
        "D1",
        device.path(),
        new DeviceIdentity(DeviceIdentity.Kind.BACKING_FILE, device.file().toString()),
        SIZE_BYTES,
        blockBytes,
        true,
        "FARSIDE-A");
  }

  @ParameterizedTest(name = "on {0} with blocks of {1}")
  @MethodSource("transportsAndBlocks")
  void whatIsWrittenIsReadBackAndIsOnTheDisk(Transport transport, int blockBytes)
      throws IOException {
    try (LoopDevice device = LoopDevice.make(directory, SIZE_BYTES, blockBytes);
        LoopBench bench = new LoopBench(transport);
        Arena arena = Arena.ofShared()) {
      OpenDrive disk = bench.open(setup(device, blockBytes));
      try {
        assertThat(disk.sizeBytes()).isEqualTo(SIZE_BYTES);
        assertThat(disk.blockBytes()).isEqualTo(blockBytes);
        assertThat(disk.mayBeLabelled()).isTrue();
        assertThat(disk.isKnownZeroBelow(1)).isFalse();
        assertThat(disk.identity()).contains(device.file().toString());
        MemorySegment source = filled(arena, 2 * PAGE_BYTES);
        long write = bench.tag();
        disk.submitWrite(
            65_536 + blockBytes,
            new IoVector()
                .add(source.address() + PAGE_BYTES, PAGE_BYTES)
                .add(source.address(), blockBytes),
            write);
        assertThat(bench.await(disk, write).outcome()).isEqualTo(DriveOutcome.DONE);
        long flush = bench.tag();
        disk.submitFlush(flush);
        assertThat(bench.await(disk, flush).outcome()).isEqualTo(DriveOutcome.DONE);

        MemorySegment back = arena.allocate(2 * PAGE_BYTES, PAGE_BYTES);
        long read = bench.tag();
        disk.submitRead(65_536 + blockBytes, back.address(), PAGE_BYTES + blockBytes, read);
        assertThat(bench.await(disk, read).outcome()).isEqualTo(DriveOutcome.DONE);
        assertThat(back.asSlice(0, PAGE_BYTES).mismatch(source.asSlice(PAGE_BYTES, PAGE_BYTES)))
            .isEqualTo(-1);
        assertThat(back.asSlice(PAGE_BYTES, blockBytes).mismatch(source.asSlice(0, blockBytes)))
            .isEqualTo(-1);
        long through = bench.tag();
        disk.submitWriteThrough(131_072, new IoVector().add(source.address(), PAGE_BYTES), through);
        assertThat(bench.await(disk, through).outcome()).isEqualTo(DriveOutcome.DONE);
        assertThat(bytesOf(device, 131_072, PAGE_BYTES))
            .isEqualTo(source.asSlice(0, PAGE_BYTES).toArray(JAVA_BYTE));
        // A flush was enough: the file behind the disk has it, with nobody's page cache between.
        assertThat(bytesOf(device, 65_536 + blockBytes, PAGE_BYTES))
            .isEqualTo(source.asSlice(PAGE_BYTES, PAGE_BYTES).toArray(JAVA_BYTE));
      } finally {
        disk.close();
      }
    }
  }

  @ParameterizedTest(name = "on {0} with blocks of {1}")
  @MethodSource("transportsAndBlocks")
  void zeroedExtentReadsZeroAndNothingElseDoes(Transport transport, int blockBytes)
      throws IOException {
    try (LoopDevice device = LoopDevice.make(directory, SIZE_BYTES, blockBytes);
        LoopBench bench = new LoopBench(transport);
        Arena arena = Arena.ofShared()) {
      OpenDrive disk = bench.open(setup(device, blockBytes));
      try {
        MemorySegment nines = arena.allocate(65_536, PAGE_BYTES).fill((byte) 9);
        long write = bench.tag();
        disk.submitWrite(0, new IoVector().add(nines.address(), 65_536), write);
        bench.await(disk, write);
        long zero = bench.tag();
        disk.submitZero(blockBytes, 5L * blockBytes, zero);
        assertThat(bench.await(disk, zero).outcome()).isEqualTo(DriveOutcome.DONE);

        MemorySegment back = arena.allocate(65_536, PAGE_BYTES);
        long read = bench.tag();
        disk.submitRead(0, back.address(), 65_536, read);
        bench.await(disk, read);
        for (int index = 0; index < 65_536; index++) {
          boolean zeroed = index >= blockBytes && index < 6 * blockBytes;
          assertThat(back.get(JAVA_BYTE, index)).isEqualTo((byte) (zeroed ? 0 : 9));
        }
      } finally {
        disk.close();
      }
    }
  }

  static Stream<Transport> transports() {
    return Stream.of(Transport.values()).filter(Transport::isAvailable);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aDiskInMemoryIsADriveToo(Transport transport) throws IOException {
    try (ZramDevice device = ZramDevice.make(SIZE_BYTES);
        LoopBench bench = new LoopBench(transport);
        Arena arena = Arena.ofShared()) {
      OpenDrive disk = bench.open(new RawDisk.Setup(
          "D1",
          device.path(),
          new DeviceIdentity(DeviceIdentity.Kind.RAM_DISK, device.name()),
          SIZE_BYTES,
          PAGE_BYTES,
          true,
          "FARSIDE-A"));
      try {
        MemorySegment source = filled(arena, 8 * PAGE_BYTES);
        long write = bench.tag();
        disk.submitWrite(PAGE_BYTES, new IoVector().add(source.address(), 8 * PAGE_BYTES), write);
        assertThat(bench.await(disk, write).outcome()).isEqualTo(DriveOutcome.DONE);
        long zero = bench.tag();
        disk.submitZero(2 * PAGE_BYTES, PAGE_BYTES, zero);
        assertThat(bench.await(disk, zero).outcome()).isEqualTo(DriveOutcome.DONE);
        long flush = bench.tag();
        disk.submitFlush(flush);
        assertThat(bench.await(disk, flush).outcome()).isEqualTo(DriveOutcome.DONE);

        MemorySegment back = arena.allocate(8 * PAGE_BYTES, PAGE_BYTES);
        long read = bench.tag();
        disk.submitRead(PAGE_BYTES, back.address(), 8 * PAGE_BYTES, read);
        assertThat(bench.await(disk, read).outcome()).isEqualTo(DriveOutcome.DONE);
        source.asSlice(PAGE_BYTES, PAGE_BYTES).fill((byte) 0);
        assertThat(back.mismatch(source)).isEqualTo(-1);
      } finally {
        disk.close();
      }
    }
  }

  private static MemorySegment filled(Arena arena, int lengthBytes) {
    MemorySegment memory = arena.allocate(lengthBytes, PAGE_BYTES);
    for (int index = 0; index < lengthBytes; index++) {
      memory.set(JAVA_BYTE, index, (byte) (index * 31 + 7));
    }
    return memory;
  }

  private static byte[] bytesOf(LoopDevice device, long offsetBytes, int lengthBytes)
      throws IOException {
    byte[] bytes = new byte[lengthBytes];
    try (RandomAccessFile file = new RandomAccessFile(device.file().toFile(), "r")) {
      file.seek(offsetBytes);
      file.readFully(bytes);
    }
    return bytes;
  }
}
