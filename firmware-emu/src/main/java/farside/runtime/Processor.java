package farside.runtime;

import farside.director.Director;
import farside.driver.netty.RoundFlush;
import farside.driver.netty.Transport;
import io.netty.channel.IoEventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// The thread of a cabinet: its directors and all its I/O, in turn.
///
/// One turn: I/O, without waiting; then rounds of the directors, and after each of them one flush
/// of all sockets and drives, until a round finds nothing to do. Then the thread sleeps in the
/// event loop until I/O, a wake-up, or the directors' deadline. Nothing ticks. Where news is near
/// ([Wakefulness]) it looks for it for a moment first.
///
/// | phase    | the thread                                                         |
/// |----------|--------------------------------------------------------------------|
/// | turning  | I/O and rounds, until `stop`, until the rounds are down, or a fault |
/// | quieting | I/O only, until nothing is in flight or [#QUIET_MAX_NS] is over     |
/// | ended    | all sockets are closed                                             |
///
/// A fault is anything thrown by a round, a flush or a posted task. It ends the turning at
/// once: no director runs again, nothing is flushed, NVRAM stays as it is.
///
/// Wired before [#start], from one thread. Of the rest, [#wake], [#execute], [#stop] and
/// [#awaitStopped] may be called from any thread.
public final class Processor {
  /// How long the end waits for what is in flight.
  public static final long QUIET_MAX_NS = 5_000_000_000L;

  // A cabinet that never comes to rest must not keep its sockets waiting.
  private static final int ROUND_MAX = 4;

  private static final long QUIET_POLL_NS = 1_000_000;

  private final String name;
  private final Transport transport;
  private final Consumer<Throwable> onFault;
  private final Thread thread;
  private final Loop loop;
  private final List<RoundFlush> flushes = new ArrayList<>();
  private final List<BooleanSupplier> quietSigns = new ArrayList<>();
  private final AtomicBoolean wakePending = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final long zeroNs;
  private final long wallMsAtZero;
  private volatile boolean mayBeAsleep;
  private volatile boolean stopAsked;
  private volatile Throwable fault;
  private boolean started;
  private Rounds rounds;

  /// Null: the thread sleeps as soon as it has nothing to do.
  private Wakefulness wakefulness;

  /// The loop refuses to fall asleep over a wake-up: Netty asks after it has announced its
  /// sleep, so a wake-up is seen either here or by its announcement.
  private final class Loop extends ManualIoEventLoop {
    Loop(Thread owner) {
      super(owner, transport.ioHandlerFactory());
    }

    @Override
    protected boolean canBlock() {
      return !wakePending.get();
    }
  }

  /// @param name of the cabinet; becomes the thread's name
  /// @param onFault told once, on the processor's thread, why the turning ended; never told of
  ///     an orderly end
  public Processor(String name, Transport transport, Consumer<Throwable> onFault) {
    this.name = name;
    this.transport = transport;
    this.onFault = onFault;
    thread = new FastThreadLocalThread(this::run, "cabinet-" + name);
    loop = new Loop(thread);
    zeroNs = System.nanoTime();
    wallMsAtZero = System.currentTimeMillis();
  }

  public String name() {
    return name;
  }

  /// The loop that carries all sockets of this cabinet.
  public IoEventLoop eventLoop() {
    return loop;
  }

  public Transport transport() {
    return transport;
  }

  /// Wall-clock milliseconds when the clock that rounds are given showed 0.
  public long wallMsAtZero() {
    return wallMsAtZero;
  }

  /// Has a driver flush after the rounds. Before [#start] only.
  public void addFlush(RoundFlush flush) {
    flushes.add(flush);
  }

  /// Has the end wait, for a while, until this is true: that a drive has nothing in flight,
  /// that a socket has sent what it had. Asked on the processor's thread. Before [#start] only.
  public void addQuietSign(BooleanSupplier isQuiet) {
    quietSigns.add(isQuiet);
  }

  /// Has the thread stay awake for a moment where that is told to pay. Before [#start] only.
  public void stayAwakeBy(Wakefulness told) {
    wakefulness = told;
  }

  /// Begins to turn. What was posted before runs before the first round.
  public void start(Rounds toRun) {
    rounds = toRun;
    started = true;
    thread.start();
  }

  /// Makes the next turn come now. From any thread, and cheap when the processor is awake.
  public void wake() {
    if (!wakePending.getAndSet(true) && mayBeAsleep) {
      loop.wakeup();
    }
  }

  /// Posts a task into the loop, from any thread. What it throws is a fault. A task that comes
  /// when the processor has ended is dropped.
  public void execute(Runnable task) {
    try {
      loop.execute(() -> runPosted(task));
    } catch (RejectedExecutionException hasEnded) {
      // As promised: dropped.
      return;
    }
  }

  private void runPosted(Runnable task) {
    if (fault != null) {
      return;
    }
    try {
      task.run();
    } catch (Throwable thrown) {
      fault = thrown;
    }
  }

  /// Ends the turning after the turn under way. From any thread; returns at once.
  public void stop() {
    stopAsked = true;
    wake();
  }

  /// True if the thread has ended, in order or by a fault, within the time.
  public boolean awaitStopped(long timeout, TimeUnit unit) throws InterruptedException {
    return !started || ended.await(timeout, unit);
  }

  /// True once the thread has ended.
  public boolean isStopped() {
    return ended.getCount() == 0;
  }

  /// What ended the turning, or null if nothing did, or an orderly stop.
  public Throwable fault() {
    return fault;
  }

  private void run() {
    try {
      turn();
    } catch (Throwable thrown) {
      fault = thrown;
    }
    try {
      if (fault != null) {
        onFault.accept(fault);
      }
    } finally {
      try {
        end();
      } finally {
        ended.countDown();
      }
    }
  }

  private void turn() {
    boolean mayRest = false;
    boolean hasLooked = false;
    while (!stopAsked && fault == null && !rounds.isDown()) {
      if (!mayRest) {
        takeNews();
      } else if (!hasLooked && wakefulness != null && wakefulness.mayLook(nowNs())) {
        hasLooked = !lookForNews();
      } else {
        rest();
        hasLooked = false;
      }
      mayRest = fault == null && work();
    }
  }

  /// Does the I/O that is due and runs what was posted, without waiting; true if there was any.
  private boolean takeNews() {
    // Cleared before the work that a wake-up announces, so that one which comes during it
    // counts again.
    boolean isWoken = wakePending.getAndSet(false);
    return loop.runNow() > 0 || isWoken;
  }

  /// Stays awake for [Wakefulness#LOOK_NS], or up to the deadline; whoever wants the CPU in
  /// between has it. True if there was news.
  private boolean lookForNews() {
    long lookedNs = nowNs();
    long endNs = lookedNs + Wakefulness.LOOK_NS;
    long untilNs = Director.sooner(endNs, rounds.nextDeadlineNs());
    while (!takeNews()) {
      if (lookedNs - untilNs >= 0) {
        if (untilNs == endNs) {
          wakefulness.onNothing();
        }
        return false;
      }
      giveWay();
      long backNs = nowNs();
      if (backNs - lookedNs > Wakefulness.LOOK_NS) {
        wakefulness.onCrowdedOut();
        return false;
      }
      lookedNs = backNs;
    }
    wakefulness.onFound();
    return true;
  }

  /// The system decides who runs next, and nothing but speed depends on that.
  @SuppressWarnings("ThreadPriorityCheck")
  private static void giveWay() {
    Thread.yield();
  }

  /// Sleeps until the deadline or until something happens, and does the I/O that is due.
  private void rest() {
    long deadlineNs = rounds.nextDeadlineNs();
    mayBeAsleep = true;
    try {
      if (deadlineNs == Director.NO_DEADLINE) {
        loop.run(0);
      } else {
        long waitNs = deadlineNs - nowNs();
        loop.run(waitNs > 0 ? waitNs : -1);
      }
    } finally {
      mayBeAsleep = false;
      wakePending.set(false);
    }
  }

  /// Rounds and flushes; true if the last round found nothing to do.
  ///
  /// A round is flushed before it is known whether another has anything to do: mostly none has,
  /// and whoever waits for this one's answer would wait for that one, too.
  private boolean work() {
    for (int round = 0; round < ROUND_MAX; round++) {
      int worked = rounds.doWork(nowNs());
      // Also when it did nothing: a driver may have something of its own to send, such as the
      // rest of a transfer that the kernel cut short.
      for (RoundFlush flush : flushes) {
        flush.flushRound();
      }
      if (worked == 0) {
        return true;
      }
      // A flush may itself bring news (a frame sent, a payload free again), hence another look.
    }
    return false;
  }

  private void end() {
    long limitNs = nowNs() + QUIET_MAX_NS;
    while (fault == null && !isQuiet() && nowNs() - limitNs < 0) {
      loop.run(QUIET_POLL_NS);
    }
    loop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
    while (!loop.isTerminated()) {
      loop.runNow();
    }
  }

  private boolean isQuiet() {
    for (BooleanSupplier sign : quietSigns) {
      if (!sign.getAsBoolean()) {
        return false;
      }
    }
    return true;
  }

  private long nowNs() {
    return System.nanoTime() - zeroNs;
  }
}
