package farside.driver.drive;

import farside.driver.filedisk.FileDisk;
import farside.driver.netty.Transport;
import farside.driver.rawdisk.RawDisk;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import io.netty.channel.ManualIoEventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// The test's own thread as a processor: it turns the loop by hand, and remembers what
/// completed.
public final class LoopBench implements AutoCloseable, DrivePort.DriveSink {
  public record Completion(DriveOutcome outcome, long firstBadByte) {}

  public final Transport transport;
  public final ManualIoEventLoop loop;
  public final Map<Long, Completion> completions = new HashMap<>();
  private final AtomicBoolean wakePending = new AtomicBoolean();
  /// How long a turn waits for the loop; less than 0 where nothing will come by way of the
  /// loop.
  public long waitNs = TimeUnit.MILLISECONDS.toNanos(10);

  private long nextTag = 1;

  public LoopBench(Transport transport) {
    this.transport = transport;
    loop = new ManualIoEventLoop(Thread.currentThread(), transport.ioHandlerFactory()) {
      @Override
      protected boolean canBlock() {
        return !wakePending.get();
      }
    };
  }

  public OpenDrive open(FileDisk.Setup setup) throws java.io.IOException {
    OpenDrive disk = FileDisk.open(setup, transport, loop, this::wake);
    loop.runNow();
    return disk;
  }

  public OpenDrive open(RawDisk.Setup setup) throws java.io.IOException {
    OpenDrive disk = RawDisk.open(setup, transport, loop, this::wake);
    loop.runNow();
    return disk;
  }

  private void wake() {
    wakePending.set(true);
    loop.wakeup();
  }

  public long tag() {
    return nextTag++;
  }

  @Override
  public void onCompletion(long tag, DriveOutcome outcome, long firstBadByte) {
    completions.put(tag, new Completion(outcome, firstBadByte));
  }

  /// One turn: hand over, wait a little for answers, take them.
  public void turn(OpenDrive disk) {
    disk.flushRound();
    loop.run(waitNs);
    wakePending.set(false);
    disk.drain(this, Integer.MAX_VALUE);
  }

  public Completion await(OpenDrive disk, long tag) {
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
