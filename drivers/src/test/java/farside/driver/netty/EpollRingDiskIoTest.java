package farside.driver.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import farside.driver.posix.KernelRing;
import farside.driver.posix.Posix;
import io.netty.channel.ManualIoEventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A ring on a loop that the test turns by hand, behind a kernel that is sometimes too busy.
class EpollRingDiskIoTest {
  private static final int BLOCK = 4096;

  @TempDir
  Path directory;

  private final Arena arena = Arena.ofShared();
  private final List<Integer> answers = new ArrayList<>();
  private long busyWith = 0;
  private int wakeCount;
  private Path path;
  private int file;
  private ManualIoEventLoop loop;
  private EpollRingDiskIo io;

  @BeforeEach
  void open() {
    Assumptions.assumeTrue(Transport.EPOLL.isAvailable(), Transport.EPOLL::unavailability);
    path = directory.resolve("file");
    file = Posix.open(path.toString(), Posix.O_RDWR | Posix.O_CREAT, 0600);
    assertThat(file).isPositive();
    loop = new ManualIoEventLoop(Thread.currentThread(), Transport.EPOLL.ioHandlerFactory());
    try {
      KernelRing ring = new KernelRing(8, this::enter);
      io = new EpollRingDiskIo(
          loop, () -> wakeCount++, file, ring, (slot, result) -> answers.add(result));
    } catch (IOException noRing) {
      Assumptions.abort(noRing.getMessage());
    }
    loop.runNow();
  }

  private long enter(int ringFd, int count) {
    return busyWith == 0 ? KernelRing.enter(ringFd, count) : -busyWith;
  }

  @AfterEach
  void close() {
    if (io != null) {
      io.close();
      loop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
      while (!loop.isTerminated()) {
        loop.runNow();
      }
    }
    Posix.close(file);
    arena.close();
  }

  @Test
  void whatTheKernelIsTooBusyToTakeHasTheLoopComeAgainUntilItIsTaken() throws IOException {
    io.write(3, 0, arena.allocate(BLOCK, BLOCK).fill((byte) 5).address(), BLOCK);
    busyWith = Posix.EAGAIN;
    io.flushRound();
    io.flushRound();
    assertThat(wakeCount).isEqualTo(2);
    assertThat(Files.size(path)).isZero();

    busyWith = 0;
    io.flushRound();
    io.flushRound();
    assertThat(wakeCount).isEqualTo(2);
    await().until(() -> {
      io.poll();
      return !answers.isEmpty();
    });
    assertThat(answers).containsExactly(BLOCK);
    assertThat(Files.readAllBytes(path)).hasSize(BLOCK).containsOnly(5);
  }
}
