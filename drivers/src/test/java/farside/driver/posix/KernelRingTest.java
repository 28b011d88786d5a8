package farside.driver.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelRingTest {
  private static final int ENTRIES = 8;
  private static final int BLOCK = 4096;

  @TempDir
  Path directory;

  private final Arena arena = Arena.ofShared();
  private Path path;
  private int file;
  private KernelRing ring;

  @BeforeEach
  void open() {
    path = directory.resolve("file");
    file = Posix.open(path.toString(), Posix.O_RDWR | Posix.O_CREAT, 0600);
    assertThat(file).isPositive();
    try {
      ring = new KernelRing(ENTRIES);
    } catch (IOException noRing) {
      Assumptions.abort(noRing.getMessage());
    }
  }

  @AfterEach
  void close() {
    if (ring != null) {
      ring.close(5_000);
    }
    Posix.close(file);
    arena.close();
  }

  private void awaitAnswer() {
    await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(ring::next);
  }

  private MemorySegment blockOf(int value) {
    return arena.allocate(BLOCK, BLOCK).fill((byte) value);
  }

  @Test
  void whatIsWrittenIsReadBackAndEveryAnswerHasItsTag() throws IOException {
    // Far more than there are entries, so that both queues come round many times.
    int blocks = 20 * ENTRIES;
    BitSet answered = new BitSet();
    MemorySegment[] sources = new MemorySegment[ENTRIES];
    for (int first = 0; first < blocks; first += ENTRIES) {
      for (int i = 0; i < ENTRIES; i++) {
        sources[i] = blockOf(first + i);
        ring.queue(
            KernelRing.OP_WRITE,
            file,
            (long) (first + i) * BLOCK,
            sources[i].address(),
            BLOCK,
            0,
            first + i);
      }
      ring.submit();
      for (int i = 0; i < ENTRIES; i++) {
        awaitAnswer();
        assertThat(ring.result()).isEqualTo(BLOCK);
        answered.set((int) ring.tag());
      }
      assertThat(ring.inFlightCount()).isZero();
    }
    assertThat(answered.cardinality()).isEqualTo(blocks);
    MemorySegment back = arena.allocate(BLOCK);
    ring.queue(KernelRing.OP_READ, file, 77L * BLOCK, back.address(), BLOCK, 0, 1L << 40);
    ring.submit();
    awaitAnswer();
    assertThat(ring.tag()).isEqualTo(1L << 40);
    assertThat(back.mismatch(blockOf(77))).isEqualTo(-1);
    byte[] all = Files.readAllBytes(path);
    assertThat(all).hasSize(blocks * BLOCK);
    assertThat(all[159 * BLOCK]).isEqualTo((byte) 159);
  }

  @Test
  void piecesAreWrittenOneBehindTheOtherAndAllIsFlushed() throws IOException {
    MemorySegment iovec = arena.allocate(2L * Posix.IOVEC_BYTES, 16);
    iovec.set(JAVA_LONG, 0, blockOf(1).address());
    iovec.set(JAVA_LONG, 8, BLOCK);
    iovec.set(JAVA_LONG, 16, blockOf(2).address());
    iovec.set(JAVA_LONG, 24, 100);
    ring.queue(KernelRing.OP_WRITEV, file, 0, iovec.address(), 2, 0, 1);
    ring.submit();
    awaitAnswer();
    assertThat(ring.result()).isEqualTo(BLOCK + 100);
    ring.queue(KernelRing.OP_FSYNC, file, 0, 0, 0, KernelRing.FSYNC_DATASYNC, 2);
    ring.submit();
    awaitAnswer();
    assertThat(ring.result()).isZero();
    byte[] expected = new byte[BLOCK + 100];
    Arrays.fill(expected, 0, BLOCK, (byte) 1);
    Arrays.fill(expected, BLOCK, expected.length, (byte) 2);
    assertThat(Files.readAllBytes(path)).isEqualTo(expected);
  }

  @Test
  void whatTheKernelRefusesIsAnsweredWithItsErrorNumber() {
    ring.queue(KernelRing.OP_READ, -1, 0, blockOf(0).address(), BLOCK, 0, 1);
    ring.queue(KernelRing.OP_WRITE, file, 0, 8, BLOCK, 0, 2);
    ring.submit();
    int[] results = new int[3];
    for (int i = 0; i < 2; i++) {
      awaitAnswer();
      results[(int) ring.tag()] = ring.result();
    }
    assertThat(results).containsExactly(0, -9, -14);
  }

  @Test
  void spaceIsAllocated() throws IOException {
    ring.queue(KernelRing.OP_FALLOCATE, file, BLOCK, 3 * BLOCK, 0, 0, 1);
    ring.submit();
    awaitAnswer();
    assertThat(ring.result()).isZero();
    assertThat(Files.size(path)).isEqualTo(4 * BLOCK);
  }

  @Test
  void moreThanWasAskedForIsAMistakeOfTheCaller() {
    for (int i = 0; i < ENTRIES; i++) {
      ring.queue(KernelRing.OP_FSYNC, file, 0, 0, 0, 0, i);
    }
    assertThatThrownBy(() -> ring.queue(KernelRing.OP_FSYNC, file, 0, 0, 0, 0, ENTRIES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("full");
  }

  @Test
  void theEndWaitsForWhatIsUnderWay() throws IOException {
    MemorySegment source = arena.allocate(8 << 20).fill((byte) 7);
    ring.queue(KernelRing.OP_WRITE, file, 0, source.address(), 8 << 20, 0, 1);
    ring.queue(KernelRing.OP_FSYNC, file, 0, 0, 0, 0, 2);
    ring.submit();
    ring.close(5_000);
    assertThat(ring.inFlightCount()).isZero();
    byte[] all = Files.readAllBytes(path);
    assertThat(all).hasSize(8 << 20);
    assertThat(MemorySegment.ofArray(all).get(JAVA_BYTE, all.length - 1)).isEqualTo((byte) 7);
    assertThat(ring.next()).isFalse();
    ring.close(5_000);
  }

  @Test
  void whatWasNeverHandedOverDoesNotReachTheFileAtTheEndEither() throws IOException {
    ring.queue(KernelRing.OP_WRITE, file, 0, blockOf(7).address(), BLOCK, 0, 1);
    ring.close(5_000);
    assertThat(Files.size(path)).isZero();
    assertThat(ring.inFlightCount()).isZero();
    assertThat(ring.submit()).isTrue();
  }

  @Test
  void aRingOfAKernelThatDoesNotKnowAllThatIsAskedOfItIsRefused() {
    assertThat(KernelRing.isNewEnough(-1)).isTrue();
    assertThat(KernelRing.isNewEnough(~KernelRing.FEATURE_SINGLE_MMAP)).isFalse();
    assertThat(KernelRing.isNewEnough(~KernelRing.FEATURE_NODROP)).isFalse();
    // Linux 5.4 to 5.10.
    assertThat(KernelRing.isNewEnough(~KernelRing.FEATURE_EXT_ARG)).isFalse();
  }

  @Test
  void aReadThatNeverEndsIsNotWaitedForLongerThanAsked() throws IOException {
    try (SilentPipe pipe = new SilentPipe(directory)) {
      ring.queue(KernelRing.OP_READ, pipe.fd(), 0, blockOf(0).address(), BLOCK, 0, 1);
      ring.submit();
      long startNs = System.nanoTime();
      ring.close(50);
      assertThat(System.nanoTime() - startNs).isBetween(50_000_000L, 4_000_000_000L);
      assertThat(ring.inFlightCount()).isOne();
    }
  }

  /// A named pipe that nobody writes to.
  private record SilentPipe(int fd) implements AutoCloseable {
    SilentPipe(Path directory) throws IOException {
      this(open(directory.resolve("pipe")));
    }

    private static int open(Path path) throws IOException {
      try {
        assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor())
            .isZero();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new IOException(stopped);
      }
      int fd = Posix.open(path.toString(), Posix.O_RDWR, 0);
      assertThat(fd).isPositive();
      return fd;
    }

    @Override
    public void close() {
      Posix.close(fd);
    }
  }
}
