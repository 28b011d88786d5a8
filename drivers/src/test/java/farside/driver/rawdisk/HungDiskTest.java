package farside.driver.rawdisk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.drive.LoopBench;
import farside.driver.drive.OpenDrive;
import farside.driver.netty.Transport;
import farside.fixture.FreezableFileSystem;
import farside.fixture.LoopDevice;
import farside.port.DriveOutcome;
import farside.port.IoVector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A disk that does not answer, as the kernel has it: it lies over a file of a file system that
/// is frozen.
class HungDiskTest {
  private static final int SIZE_BYTES = 4 << 20;
  private static final int PAGE_BYTES = 4096;

  @TempDir
  Path directory;

  static Stream<Transport> transports() {
    return Stream.of(Transport.values()).filter(Transport::isAvailable);
  }

  private static OpenDrive open(LoopBench bench, String name, LoopDevice device)
      throws IOException {
    return bench.open(new RawDisk.Setup(
        name,
        device.path(),
        new DeviceIdentity(DeviceIdentity.Kind.BACKING_FILE, device.file().toString()),
        SIZE_BYTES,
        512,
        true,
        "FARSIDE-A"));
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aDiskThatHangsKeepsNoOtherWaitingAndAnswersWhenItWorksAgain(Transport transport)
      throws IOException {
    try (FreezableFileSystem files = FreezableFileSystem.make(directory);
        LoopDevice hangs = LoopDevice.make(files.directory(), SIZE_BYTES, 512);
        LoopDevice works = LoopDevice.make(directory, SIZE_BYTES, 512);
        LoopBench bench = new LoopBench(transport);
        Arena arena = Arena.ofShared()) {
      OpenDrive hanging = open(bench, "D1", hangs);
      OpenDrive working = open(bench, "D2", works);
      try {
        MemorySegment source = arena.allocate(PAGE_BYTES, PAGE_BYTES).fill((byte) 7);
        IoVector page = new IoVector().add(source.address(), PAGE_BYTES);
        files.freeze();
        long write = bench.tag();
        hanging.submitWrite(0, page, write);
        long through = bench.tag();
        hanging.submitWriteThrough(PAGE_BYTES, page, through);
        hanging.flushRound();

        for (int i = 0; i < 32; i++) {
          done(bench, working, i);
        }
        bench.turn(hanging);
        assertThat(bench.completions).isEmpty();

        files.thaw();
        assertThat(bench.await(hanging, write).outcome()).isEqualTo(DriveOutcome.DONE);
        assertThat(bench.await(hanging, through).outcome()).isEqualTo(DriveOutcome.DONE);
        MemorySegment back = arena.allocate(2 * PAGE_BYTES, PAGE_BYTES);
        long read = bench.tag();
        hanging.submitRead(0, back.address(), 2 * PAGE_BYTES, read);
        assertThat(bench.await(hanging, read).outcome()).isEqualTo(DriveOutcome.DONE);
        assertThat(back.asSlice(0, PAGE_BYTES).mismatch(source)).isEqualTo(-1);
        assertThat(back.asSlice(PAGE_BYTES).mismatch(source)).isEqualTo(-1);
      } finally {
        files.thaw();
        hanging.close();
        working.close();
      }
    }
  }

  /// Each of these waits for the kernel, one after the other.
  private static void done(LoopBench bench, OpenDrive disk, int number) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = arena.allocate(PAGE_BYTES, PAGE_BYTES).fill((byte) number);
      long offsetBytes = (long) number * PAGE_BYTES;
      long write = bench.tag();
      disk.submitWriteThrough(offsetBytes, new IoVector().add(source.address(), PAGE_BYTES), write);
      assertThat(bench.await(disk, write).outcome()).isEqualTo(DriveOutcome.DONE);
      MemorySegment back = arena.allocate(PAGE_BYTES, PAGE_BYTES);
      long read = bench.tag();
      disk.submitRead(offsetBytes, back.address(), PAGE_BYTES, read);
      assertThat(bench.await(disk, read).outcome()).isEqualTo(DriveOutcome.DONE);
      assertThat(back.mismatch(source)).isEqualTo(-1);
    }
  }
}
