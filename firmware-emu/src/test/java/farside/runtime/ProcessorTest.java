package farside.runtime;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import farside.director.Director;
import farside.director.MachineCheck;
import farside.driver.netty.Transport;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProcessorTest {
  private static final int WAKE_UP_COUNT = 10_000;

  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private final List<Processor> processors = new ArrayList<>();

  static Stream<Transport> transports() {
    return Stream.of(Transport.values()).filter(Transport::isAvailable);
  }

  private Processor processor(Transport transport) {
    Processor processor = new Processor("T", transport, faults::add);
    processors.add(processor);
    return processor;
  }

  @AfterEach
  void stopProcessors() throws InterruptedException {
    for (Processor processor : processors) {
      processor.stop();
      assertThat(processor.awaitStopped(10, SECONDS)).isTrue();
    }
  }

  /// Rounds that take over a number which others set.
  private static class Mailbox implements Rounds {
    final AtomicLong posted = new AtomicLong();
    final AtomicLong seen = new AtomicLong();
    final Semaphore newsSeen = new Semaphore(0);
    final AtomicLong roundCount = new AtomicLong();
    volatile long threadId;
    volatile boolean down;
    volatile long deadlineNs = Director.NO_DEADLINE;

    @Override
    public int doWork(long nowNs) {
      threadId = Thread.currentThread().threadId();
      roundCount.incrementAndGet();
      long number = posted.get();
      if (number == seen.get()) {
        return 0;
      }
      seen.set(number);
      newsSeen.release();
      return 1;
    }

    @Override
    public long nextDeadlineNs() {
      return deadlineNs;
    }

    @Override
    public boolean isDown() {
      return down;
    }

    void awaitSeen(long number) throws InterruptedException {
      while (seen.get() != number) {
        assertThat(newsSeen.tryAcquire(10, SECONDS))
            .as("wake-up %d came", number)
            .isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void noWakeUpOfTenThousandIsLost(Transport transport) throws InterruptedException {
    Processor processor = processor(transport);
    Mailbox mailbox = new Mailbox();
    processor.start(mailbox);

    for (long number = 1; number <= WAKE_UP_COUNT; number++) {
      mailbox.posted.set(number);
      processor.wake();
      mailbox.awaitSeen(number);
    }

    assertThat(faults).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void noPostedTaskOfTenThousandIsLostAndEachIsFollowedByARound(Transport transport)
      throws InterruptedException {
    Processor processor = processor(transport);
    Mailbox mailbox = new Mailbox();
    processor.start(mailbox);

    for (long number = 1; number <= WAKE_UP_COUNT; number++) {
      long toPost = number;
      processor.execute(() -> mailbox.posted.set(toPost));
      mailbox.awaitSeen(number);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void idleProcessorSleepsFromDeadlineToDeadline(Transport transport) {
    Processor processor = processor(transport);
    Mailbox mailbox = new Mailbox() {
      @Override
      public int doWork(long nowNs) {
        if (Director.isDue(deadlineNs, nowNs) || deadlineNs == Director.NO_DEADLINE) {
          deadlineNs = nowNs + 50_000_000;
        }
        return super.doWork(nowNs);
      }
    };
    processor.start(mailbox);
    await().until(() -> mailbox.roundCount.get() > 3);
    long roundsBefore = mailbox.roundCount.get();
    long cpuBeforeNs = ManagementFactory.getThreadMXBean().getThreadCpuTime(mailbox.threadId);

    await().pollDelay(Duration.ofSeconds(1)).until(() -> true);

    long cpuNs =
        ManagementFactory.getThreadMXBean().getThreadCpuTime(mailbox.threadId) - cpuBeforeNs;
    // Twenty deadlines, each perhaps met a little early once, fewer where the machine is busy.
    assertThat(mailbox.roundCount.get() - roundsBefore).isBetween(5L, 60L);
    assertThat(cpuNs).isLessThan(40_000_000);
  }

  /// Hosts that ask for one thing at a time: each is a piece of news to the rounds.
  private static Wakefulness oneByOne(AtomicLong requests) {
    return new Wakefulness(new Wakefulness.Traffic() {
      @Override
      public long requests() {
        return requests.get();
      }

      @Override
      public int outstanding() {
        return 0;
      }

      @Override
      public long frames() {
        return 0;
      }

      @Override
      public long outstandingBytes() {
        return 0;
      }

      @Override
      public boolean isDriveAtWork() {
        return false;
      }

      @Override
      public boolean isReadAwaited() {
        return false;
      }
    });
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aLoopThatLooksForNewsBeforeItSleepsLosesNeitherWakeUpsNorTasks(Transport transport)
      throws InterruptedException {
    Processor processor = processor(transport);
    Mailbox mailbox = new Mailbox();
    Wakefulness wakefulness = oneByOne(mailbox.seen);
    processor.stayAwakeBy(wakefulness);
    processor.start(mailbox);

    for (long number = 1; number <= WAKE_UP_COUNT; number++) {
      long toPost = number;
      if (number % 2 == 0) {
        processor.execute(() -> mailbox.posted.set(toPost));
      } else {
        mailbox.posted.set(number);
        processor.wake();
      }
      if (number % 100 == 0) {
        // Long enough for looks to be in vain, and for the loop to fall asleep.
        LockSupport.parkNanos(3 * Wakefulness.LOOK_NS);
      }
      mailbox.awaitSeen(number);
    }

    assertThat(faults).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aLoopThatLooksInVainSleepsAllTheSame(Transport transport) {
    Processor processor = processor(transport);
    AtomicLong requests = new AtomicLong();
    Mailbox mailbox = new Mailbox() {
      @Override
      public int doWork(long nowNs) {
        if (Director.isDue(deadlineNs, nowNs) || deadlineNs == Director.NO_DEADLINE) {
          deadlineNs = nowNs + 50_000_000;
          requests.incrementAndGet();
        }
        return super.doWork(nowNs);
      }
    };
    processor.stayAwakeBy(oneByOne(requests));
    processor.start(mailbox);
    await().until(() -> mailbox.roundCount.get() > 3);
    long cpuBeforeNs = ManagementFactory.getThreadMXBean().getThreadCpuTime(mailbox.threadId);
    long requestsBefore = requests.get();

    await().until(() -> requests.get() - requestsBefore >= 20);

    long cpuNs =
        ManagementFactory.getThreadMXBean().getThreadCpuTime(mailbox.threadId) - cpuBeforeNs;
    assertThat(cpuNs).isLessThan(40_000_000);
  }

  /// Rounds that have something to do several times in a row, and note at the beginning of each
  /// how often was flushed before.
  private static final class Busy implements Rounds {
    private static final int NOTED_MAX = 20;

    final List<Integer> flushedBefore = new CopyOnWriteArrayList<>();
    final AtomicInteger flushCount = new AtomicInteger();
    final AtomicInteger left = new AtomicInteger();

    @Override
    public int doWork(long nowNs) {
      if (left.get() == 0) {
        return 0;
      }
      if (flushedBefore.size() < NOTED_MAX) {
        flushedBefore.add(flushCount.get());
      }
      return left.getAndDecrement();
    }

    @Override
    public long nextDeadlineNs() {
      return Director.NO_DEADLINE;
    }

    @Override
    public boolean isDown() {
      return false;
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whatARoundHasToSendDoesNotWaitForAnotherRound(Transport transport) {
    Processor processor = processor(transport);
    Busy busy = new Busy();
    processor.addFlush(busy.flushCount::incrementAndGet);
    processor.start(busy);

    processor.execute(() -> busy.left.set(10));
    await().until(() -> busy.flushedBefore.size() == 10);

    for (int round = 1; round < 10; round++) {
      assertThat(busy.flushedBefore.get(round) - busy.flushedBefore.get(round - 1))
          .as("flushes between rounds %d and %d", round, round + 1)
          .isEqualTo(1);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void roundsThatNeverComeToRestDoNotKeepTheLoopFromItsTasks(Transport transport)
      throws InterruptedException {
    Processor processor = processor(transport);
    Busy busy = new Busy();
    Semaphore ran = new Semaphore(0);
    processor.start(busy);
    processor.execute(() -> busy.left.set(Integer.MAX_VALUE));
    await().until(() -> busy.flushedBefore.size() > 10);

    processor.execute(ran::release);
    assertThat(ran.tryAcquire(10, SECONDS)).isTrue();
    processor.execute(() -> busy.left.set(0));
  }

  @ParameterizedTest
  @MethodSource("transports")
  void roundsThatAreDownEndTheProcessorInOrder(Transport transport) throws InterruptedException {
    Processor processor = processor(transport);
    AtomicInteger flushCount = new AtomicInteger();
    processor.addFlush(flushCount::incrementAndGet);
    Mailbox mailbox = new Mailbox() {
      @Override
      public int doWork(long nowNs) {
        int worked = super.doWork(nowNs);
        down = seen.get() == 7;
        return worked;
      }
    };
    processor.start(mailbox);
    mailbox.posted.set(7);
    processor.wake();

    assertThat(processor.awaitStopped(10, SECONDS)).isTrue();
    assertThat(processor.isStopped()).isTrue();
    assertThat(processor.fault()).isNull();
    assertThat(faults).isEmpty();
    assertThat(flushCount).hasPositiveValue();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void machineCheckStopsTheCabinetBeforeAnythingElseRuns(Transport transport)
      throws InterruptedException {
    Processor processor = processor(transport);
    AtomicInteger flushCount = new AtomicInteger();
    Mailbox mailbox = new Mailbox() {
      @Override
      public int doWork(long nowNs) {
        int worked = super.doWork(nowNs);
        if (worked > 0) {
          flushCount.set(0);
          throw new MachineCheck("slot 7 is pinned twice");
        }
        return worked;
      }
    };
    processor.addFlush(flushCount::incrementAndGet);
    processor.start(mailbox);
    await().until(() -> mailbox.roundCount.get() > 0);
    mailbox.posted.set(1);
    processor.wake();

    assertThat(processor.awaitStopped(10, SECONDS)).isTrue();
    assertThat(faults).singleElement().isInstanceOf(MachineCheck.class);
    assertThat(processor.fault()).hasMessage("slot 7 is pinned twice");
    long rounds = mailbox.roundCount.get();
    processor.wake();
    processor.execute(() -> faults.add(new AssertionError("a task ran after the end")));
    await().pollDelay(Duration.ofMillis(50)).until(() -> mailbox.roundCount.get() == rounds);
    assertThat(flushCount).hasValue(0);
    assertThat(faults).hasSize(1);
  }

  @Test
  void postedTaskThatThrowsIsAFault() throws InterruptedException {
    Processor processor = processor(Transport.NIO);
    processor.start(new Mailbox());
    processor.execute(() -> {
      throw new MachineCheck("posted");
    });

    assertThat(processor.awaitStopped(10, SECONDS)).isTrue();
    assertThat(faults).singleElement().isInstanceOf(MachineCheck.class);
  }

  @Test
  void flushThatThrowsIsAFault() throws InterruptedException {
    Processor processor = processor(Transport.NIO);
    processor.addFlush(() -> {
      throw new MachineCheck("flushed");
    });
    processor.start(new Mailbox());

    assertThat(processor.awaitStopped(10, SECONDS)).isTrue();
    assertThat(faults).singleElement().isInstanceOf(MachineCheck.class);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whatWasPostedBeforeTheStartRunsBeforeTheFirstRound(Transport transport) {
    Processor processor = processor(transport);
    Mailbox mailbox = new Mailbox();
    AtomicLong roundsSeen = new AtomicLong(-1);
    processor.execute(() -> roundsSeen.set(mailbox.roundCount.get()));
    processor.start(mailbox);

    await().until(() -> roundsSeen.get() != -1);
    assertThat(roundsSeen).hasValue(0);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void endWaitsForWhatIsInFlight(Transport transport) throws InterruptedException {
    Processor processor = processor(transport);
    AtomicInteger asked = new AtomicInteger();
    processor.addQuietSign(() -> asked.incrementAndGet() > 20);
    processor.start(new Mailbox());
    processor.stop();

    assertThat(processor.awaitStopped(10, SECONDS)).isTrue();
    assertThat(asked.get()).isGreaterThan(20);
  }

  @Test
  void clockOfTheRoundsBeginsAtZeroAndKnowsTheWallClock() {
    Processor processor = processor(Transport.NIO);
    AtomicLong firstNs = new AtomicLong(-1);
    processor.start(new Mailbox() {
      @Override
      public int doWork(long nowNs) {
        firstNs.compareAndSet(-1, nowNs);
        return super.doWork(nowNs);
      }
    });
    await().until(() -> firstNs.get() != -1);

    assertThat(firstNs.get()).isBetween(0L, SECONDS.toNanos(10));
    assertThat(Math.abs(System.currentTimeMillis() - processor.wallMsAtZero()))
        .isLessThan(MILLISECONDS.convert(1, java.util.concurrent.TimeUnit.MINUTES));
  }
}
