package farside.driver.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.BitSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class ThreadCpusTest {
  @Test
  void aThreadKeepsToTheCpusThatItIsGivenAndOthersDoNot() throws Exception {
    BitSet everywhere = new ThreadCpus().now();
    assumeTrue(everywhere.cardinality() > 1, "one CPU only: no choice");
    BitSet last = only(everywhere.length() - 1);

    BitSet there = onAThreadOfItsOwn(() -> {
      assertThat(new ThreadCpus().restrictTo(last)).isTrue();
      return new ThreadCpus().now();
    });

    assertThat(there).isEqualTo(last);
    assertThat(new ThreadCpus().now()).isEqualTo(everywhere);
  }

  @Test
  void noCpuAtAllOrOneThatIsNotThereIsRefusedAndChangesNothing() throws Exception {
    BitSet everywhere = new ThreadCpus().now();

    BitSet there = onAThreadOfItsOwn(() -> {
      ThreadCpus cpus = new ThreadCpus();
      assertThat(cpus.restrictTo(new BitSet())).isFalse();
      assertThat(cpus.restrictTo(only(1023))).isFalse();
      assertThat(cpus.restrictTo(only(100_000))).isFalse();
      return cpus.now();
    });

    assertThat(there).isEqualTo(everywhere);
  }

  @Test
  void whoSharesOneCpuWithABusyThreadHasWaitedForIt() throws Exception {
    ThreadCpus mine = new ThreadCpus();
    assumeTrue(mine.waitedNs() >= 0, "this kernel keeps no account of waiting");
    BitSet one = only(mine.now().nextSetBit(0));
    Thread rival = Thread.ofPlatform().daemon().start(() -> {
      new ThreadCpus().restrictTo(one);
      while (!Thread.currentThread().isInterrupted()) {
        Thread.onSpinWait();
      }
    });

    long waitedNs = onAThreadOfItsOwn(() -> {
      ThreadCpus cpus = new ThreadCpus();
      cpus.restrictTo(one);
      long beforeNs = cpus.waitedNs();
      long limitNs = System.nanoTime() + 10_000_000_000L;
      while (cpus.waitedNs() - beforeNs < 20_000_000 && System.nanoTime() < limitNs) {
        Thread.onSpinWait();
      }
      return cpus.waitedNs() - beforeNs;
    });

    rival.interrupt();
    rival.join();
    assertThat(waitedNs).isGreaterThanOrEqualTo(20_000_000);
  }

  private static BitSet only(int cpu) {
    BitSet one = new BitSet();
    one.set(cpu);
    return one;
  }

  private static <T> T onAThreadOfItsOwn(Callable<T> work)
      throws InterruptedException, ExecutionException {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().start(task);
    return task.get();
  }
}
