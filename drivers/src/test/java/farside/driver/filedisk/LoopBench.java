package farside.driver.filedisk;

import farside.driver.netty.Transport;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import io.netty.channel.ManualIoEventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// The test's own thread as a processor: it turns the loop by hand, and remembers what
/// completed.
final class LoopBench implements AutoCloseable, DrivePort.DriveSink {
  record Completion(DriveOutcome outcome, long firstBadByte) {}

  final Transport transport;
  final ManualIoEventLoop loop;
  final Map<Long, Completion> completions = new HashMap<>();
  private final AtomicBoolean wakePending = new AtomicBoolean();
  /// How long a turn waits for the loop; less than 0 where nothing will come by way of the
  /// loop.
  long waitNs = TimeUnit.MILLISECONDS.toNanos(10);

  private long nextTag = 1;

  LoopBench(Transport transport) {
    this.transport = transport;
    loop = new ManualIoEventLoop(Thread.currentThread(), transport.ioHandlerFactory()) {
      @Override
      protected boolean canBlock() {
        return !wakePending.get();
      }
    };
  }

  FileDisk open(FileDisk.Setup setup) throws java.io.IOException {
    FileDisk disk = FileDisk.open(setup, transport, loop, this::wake);
    loop.runNow();
    return disk;
  }

  private void wake() {
    wakePending.set(true);
    loop.wakeup();
  }

  long tag() {
    return nextTag++;
  }

  @Override
  public void onCompletion(long tag, DriveOutcome outcome, long firstBadByte) {
    completions.put(tag, new Completion(outcome, firstBadByte));
  }

  /// One turn: hand over, wait a little for answers, take them.
  void turn(FileDisk disk) {
    disk.flushRound();
    loop.run(waitNs);
    wakePending.set(false);
    disk.drain(this, Integer.MAX_VALUE);
  }

  Completion await(FileDisk disk, long tag) {
    long limitNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!completions.containsKey(tag)) {
      if (System.nanoTime() - limitNs > 0) {
        throw new AssertionError("request " + tag + " did not complete within 20 s");
      }
      turn(disk);
    }
    return completions.remove(tag);
  }

  @Override
  public void close() {
    loop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
    while (!loop.isTerminated()) {
      loop.runNow();
    }
  }
}
