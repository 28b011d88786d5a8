package farside.driver.filedisk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.drive.LoopBench;
import farside.driver.drive.OpenDrive;
import farside.driver.drive.StutteringDiskIo;
import farside.driver.netty.Transport;
import farside.driver.posix.Posix;
import farside.port.DriveOutcome;
import farside.port.IoVector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Random requests, many at once, against an image in memory. The seed is in the test's name.
class FileDiskPropertyTest {
  private static final int BLOCK_BYTES = 512;
  private static final int BLOCK_COUNT = 512;
  private static final int SIZE_BYTES = BLOCK_COUNT * BLOCK_BYTES;
  private static final int STEP_COUNT = 400;
  private static final int EXTENT_BLOCKS_MAX = 40;

  @TempDir
  Path directory;

  private final byte[] image = new byte[SIZE_BYTES];
  private final boolean[] busy = new boolean[BLOCK_COUNT];

  /// A request in flight, and what must be true when it is done.
  private record Flight(long tag, int firstBlock, int blockCount, List<MemorySegment> readInto) {}

  static Stream<Arguments> transportsAndSeeds() {
    return Stream.of(Transport.values())
        .filter(Transport::isAvailable)
        .flatMap(
            transport -> IntStream.range(0, 6).mapToObj(seed -> Arguments.of(transport, seed)));
  }

  @ParameterizedTest(name = "on {0} with seed {1}")
  @MethodSource("transportsAndSeeds")
  void everythingReadIsWhatWasLastWritten(Transport transport, int seed) throws IOException {
    try (LoopBench bench = new LoopBench(transport);
        Arena arena = Arena.ofShared()) {
      OpenDrive disk = bench.open(setup());
      play(bench, disk, arena, new Random(seed));
      disk.close();
    }
  }

  @ParameterizedTest(name = "with seed {0}")
  @MethodSource("stutterSeeds")
  void kernelThatMovesOnlyPartsChangesNothing(int seed) throws IOException {
    Random random = new Random(seed);
    try (LoopBench bench = new LoopBench(Transport.NIO);
        Arena arena = Arena.ofShared()) {
      bench.waitNs = -1;
      OpenDrive disk =
          FileDisk.open(setup(), 0, (fd, answers) -> new StutteringDiskIo(fd, answers, random));
      play(bench, disk, arena, random);
      disk.close();
    }
  }

  static IntStream stutterSeeds() {
    return IntStream.range(100, 112);
  }

  @ParameterizedTest(name = "with seed {0}")
  @MethodSource("stutterSeeds")
  void mediumErrorNamesTheBlockAndLeavesTheOthersServed(int seed) throws IOException {
    Random random = new Random(seed);
    AtomicReference<StutteringDiskIo> kernel = new AtomicReference<>();
    try (LoopBench bench = new LoopBench(Transport.NIO);
        Arena arena = Arena.ofShared()) {
      bench.waitNs = -1;
      OpenDrive disk = FileDisk.open(setup(), 0, (fd, answers) -> {
        kernel.set(new StutteringDiskIo(fd, answers, random));
        return kernel.get();
      });
      int badBlock = random.nextInt(BLOCK_COUNT);
      kernel.get().badByte = (long) badBlock * BLOCK_BYTES;
      MemorySegment memory = arena.allocate(SIZE_BYTES, 4096);
      disk.submitRead(0, memory.address(), SIZE_BYTES, 1);
      assertThat(bench.await(disk, 1))
          .isEqualTo(
              new LoopBench.Completion(DriveOutcome.MEDIUM_ERROR, (long) badBlock * BLOCK_BYTES));
      disk.submitWrite(
          (long) badBlock * BLOCK_BYTES, new IoVector().add(memory.address(), BLOCK_BYTES), 2);
      assertThat(bench.await(disk, 2).outcome()).isEqualTo(DriveOutcome.MEDIUM_ERROR);
      int goodBlock = (badBlock + 1) % BLOCK_COUNT;
      disk.submitWrite(
          (long) goodBlock * BLOCK_BYTES, new IoVector().add(memory.address(), BLOCK_BYTES), 3);
      assertThat(bench.await(disk, 3).outcome()).isEqualTo(DriveOutcome.DONE);
      disk.close();
    }
  }

  @Test
  void errorsOfTheKernelBecomeOutcomes() throws IOException {
    AtomicReference<StutteringDiskIo> kernel = new AtomicReference<>();
    try (LoopBench bench = new LoopBench(Transport.NIO)) {
      bench.waitNs = -1;
      OpenDrive disk = FileDisk.open(setup(), 0, (fd, answers) -> {
        kernel.set(new StutteringDiskIo(fd, answers, new Random(1)));
        kernel.get().punchingRefused = false;
        return kernel.get();
      });
      kernel.get().nextFailure = -Posix.ENOSPC;
      disk.submitFlush(1);
      assertThat(bench.await(disk, 1))
          .isEqualTo(new LoopBench.Completion(DriveOutcome.NO_SPACE, -1));
      for (int error : new int[] {Posix.EIO, Posix.ENODATA, Posix.EILSEQ}) {
        kernel.get().nextFailure = -error;
        disk.submitFlush(2);
        assertThat(bench.await(disk, 2))
            .isEqualTo(new LoopBench.Completion(DriveOutcome.MEDIUM_ERROR, -1));
      }
      kernel.get().nextFailure = -Posix.ENODEV;
      disk.submitZero(0, 4096, 3);
      assertThat(bench.await(disk, 3)).isEqualTo(new LoopBench.Completion(DriveOutcome.GONE, -1));
      assertThat(disk.lastError()).isEqualTo("ZERO: No such device");
      disk.submitZero(0, 4096, 4);
      assertThat(bench.await(disk, 4).outcome()).isEqualTo(DriveOutcome.DONE);
      disk.close();
    }
  }

  private FileDisk.Setup setup() {
    return new FileDisk.Setup("D1", directory.resolve("d1.img"), SIZE_BYTES, BLOCK_BYTES, false);
  }

  private void play(LoopBench bench, OpenDrive disk, Arena arena, Random random)
      throws IOException {
    List<Flight> flights = new ArrayList<>();
    for (int step = 0; step < STEP_COUNT; step++) {
      if (flights.size() < disk.queueDepth() && random.nextInt(5) != 0) {
        begin(bench, disk, arena, random, flights);
      } else {
        bench.turn(disk);
        settle(bench, flights);
      }
    }
    while (!flights.isEmpty()) {
      bench.turn(disk);
      settle(bench, flights);
    }
    assertThat(disk.isQuiet()).isTrue();
    assertThat(Files.readAllBytes(setup().path())).isEqualTo(image);
  }

  private void begin(
      LoopBench bench, OpenDrive disk, Arena arena, Random random, List<Flight> flights) {
    int first = random.nextInt(BLOCK_COUNT);
    int count = 1 + random.nextInt(Math.min(EXTENT_BLOCKS_MAX, BLOCK_COUNT - first));
    for (int block = first; block < first + count; block++) {
      if (busy[block]) {
        return;
      }
    }
    long tag = bench.tag();
    List<MemorySegment> readInto = new ArrayList<>();
    switch (random.nextInt(8)) {
      case 0 -> {
        disk.submitFlush(tag);
        count = 0;
      }
      case 1 -> {
        disk.submitZero((long) first * BLOCK_BYTES, (long) count * BLOCK_BYTES, tag);
        java.util.Arrays.fill(image, first * BLOCK_BYTES, (first + count) * BLOCK_BYTES, (byte) 0);
      }
      case 2 -> {
        MemorySegment whole = arena.allocate((long) count * BLOCK_BYTES, 512);
        readInto.add(whole);
        disk.submitRead((long) first * BLOCK_BYTES, whole.address(), count * BLOCK_BYTES, tag);
      }
      case 3, 4 -> readPieces(disk, arena, random, first, count, tag, readInto);
      default -> write(disk, arena, random, first, count, tag);
    }
    for (int block = first; block < first + count; block++) {
      busy[block] = true;
    }
    flights.add(new Flight(tag, first, count, readInto));
  }

  private static void readPieces(
      OpenDrive disk,
      Arena arena,
      Random random,
      int first,
      int count,
      long tag,
      List<MemorySegment> readInto) {
    IoVector pieces = new IoVector();
    int left = count;
    while (left > 0) {
      int pieceBlocks = 1 + random.nextInt(left);
      // One more, so that they do not join.
      MemorySegment piece = arena
          .allocate((pieceBlocks + 1L) * BLOCK_BYTES, 512)
          .asSlice(0, (long) pieceBlocks * BLOCK_BYTES);
      readInto.add(piece);
      pieces.add(piece.address(), (int) piece.byteSize());
      left -= pieceBlocks;
    }
    disk.submitRead((long) first * BLOCK_BYTES, pieces, tag);
  }

  private void write(OpenDrive disk, Arena arena, Random random, int first, int count, long tag) {
    IoVector pieces = new IoVector();
    int block = first;
    while (block < first + count) {
      int pieceBlocks = pieces.count() == IoVector.PIECES_MAX - 1
          ? first + count - block
          : 1 + random.nextInt(first + count - block);
      byte[] bytes = new byte[pieceBlocks * BLOCK_BYTES];
      random.nextBytes(bytes);
      MemorySegment memory = arena.allocate(bytes.length + 512L, 512);
      MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
      System.arraycopy(bytes, 0, image, block * BLOCK_BYTES, bytes.length);
      pieces.add(memory.address(), bytes.length);
      block += pieceBlocks;
    }
    if (random.nextInt(4) == 0) {
      disk.submitWriteThrough((long) first * BLOCK_BYTES, pieces, tag);
    } else {
      disk.submitWrite((long) first * BLOCK_BYTES, pieces, tag);
    }
  }

  private void settle(LoopBench bench, List<Flight> flights) {
    flights.removeIf(flight -> {
      LoopBench.Completion completion = bench.completions.remove(flight.tag);
      if (completion == null) {
        return false;
      }
      assertThat(completion.outcome()).isEqualTo(DriveOutcome.DONE);
      for (int block = flight.firstBlock; block < flight.firstBlock + flight.blockCount; block++) {
        busy[block] = false;
      }
      long at = (long) flight.firstBlock * BLOCK_BYTES;
      for (MemorySegment piece : flight.readInto) {
        MemorySegment expected = MemorySegment.ofArray(image).asSlice(at, piece.byteSize());
        assertThat(piece.mismatch(expected)).isEqualTo(-1);
        at += piece.byteSize();
      }
      return true;
    });
  }
}
