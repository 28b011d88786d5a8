package farside.runtime;

import farside.port.EventPort;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes events to the log, from a thread of its own: a disk or a terminal that hangs must not
/// hold up a cabinet.
///
/// Where events come faster than they can be written, the newest are dropped and counted, and
/// the log says so as soon as there is room.
public final class EventWriter implements EventPort {
  /// Events that may wait to be written.
  public static final int WAITING_MAX = 4096;

  private record Line(int number, String severity, String text) {}

  private final ManyToOneConcurrentArrayQueue<Line> waiting =
      new ManyToOneConcurrentArrayQueue<>(WAITING_MAX);
  private final AtomicLong droppedCount = new AtomicLong();
  private final Logger log;
  private final Thread writer;
  private volatile boolean mayBeAsleep;
  private volatile boolean closed;
  private long droppedToldCount;

  /// @param site name of the cabinet, which every line begins with; the logger is
  ///     `farside.SITE`
  public EventWriter(String site) {
    this(site, LoggerFactory.getLogger("farside." + site));
  }

  EventWriter(String site, Logger log) {
    this.log = log;
    writer = new Thread(this::write, "log-" + site);
    writer.setDaemon(true);
    writer.start();
  }

  @Override
  public void submit(long nowNs, int number, String severity, String text) {
    if (!waiting.offer(new Line(number, severity, text))) {
      droppedCount.incrementAndGet();
    }
    if (mayBeAsleep) {
      LockSupport.unpark(writer);
    }
  }

  /// Events that were never written, so far.
  public long droppedCount() {
    return droppedCount.get();
  }

  private void write() {
    while (true) {
      Line line = waiting.poll();
      if (line != null) {
        write(line);
        continue;
      }
      tellDropped();
      if (closed && waiting.isEmpty()) {
        return;
      }
      // Announced first, looked again, then asleep: a line that comes in between is seen by one
      // of the two.
      mayBeAsleep = true;
      if (waiting.isEmpty() && !closed) {
        LockSupport.park(this);
      }
      mayBeAsleep = false;
    }
  }

  private void write(Line line) {
    switch (line.severity) {
      case "INFO" -> log.info("{} {}", line.number, line.text);
      case "WARNING" -> log.warn("{} {}", line.number, line.text);
      default -> log.error("{} {}", line.number, line.text);
    }
  }

  private void tellDropped() {
    long dropped = droppedCount.get();
    if (dropped != droppedToldCount) {
      log.warn(
          "{} events were not written: they came faster than the log takes them",
          dropped - droppedToldCount);
      droppedToldCount = dropped;
    }
  }

  /// Writes what still waits, then ends the thread.
  public void close() throws InterruptedException {
    closed = true;
    LockSupport.unpark(writer);
    writer.join();
  }
}
