package farside.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

class EventWriterTest {
  /// A log that remembers its lines, and takes none before it is opened.
  private static final class SlowLog extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1L;

    final transient List<String> lines = new CopyOnWriteArrayList<>();
    final transient CountDownLatch open = new CountDownLatch(1);

    @Override
    protected String getFullyQualifiedCallerName() {
      return SlowLog.class.getName();
    }

    @Override
    protected void handleNormalizedLoggingCall(
        Level level, Marker marker, String pattern, Object[] arguments, Throwable thrown) {
      try {
        open.await();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
      lines.add(level + " " + MessageFormatter.arrayFormat(pattern, arguments).getMessage());
    }

    @Override
    public boolean isTraceEnabled() {
      return true;
    }

    @Override
    public boolean isDebugEnabled() {
      return true;
    }

    @Override
    public boolean isInfoEnabled() {
      return true;
    }

    @Override
    public boolean isWarnEnabled() {
      return true;
    }

    @Override
    public boolean isErrorEnabled() {
      return true;
    }
  }

  @Test
  void eventsAreWrittenInOrderWithNumberAndSeverity() throws InterruptedException {
    SlowLog log = new SlowLog();
    log.open.countDown();
    EventWriter writer = new EventWriter("A", log);
    writer.submit(1, 3001, "INFO", "link L1 up");
    await().until(() -> log.lines.size() == 1);
    writer.submit(2, 3002, "WARNING", "link L1 down: {} reset");
    writer.submit(3, 4005, "ERROR", "drive D1: flush failed");
    writer.close();

    assertThat(log.lines)
        .containsExactly(
            "INFO 3001 link L1 up",
            "WARN 3002 link L1 down: {} reset",
            "ERROR 4005 drive D1: flush failed");
    assertThat(writer.droppedCount()).isZero();
  }

  @Test
  void logThatHangsHoldsNobodyUpAndSaysAfterwardsHowManyItMissed() throws InterruptedException {
    SlowLog log = new SlowLog();
    EventWriter writer = new EventWriter("A", log);
    int surplus = 100;
    for (int number = 0; number <= EventWriter.WAITING_MAX + surplus; number++) {
      writer.submit(number, 3002, "WARNING", "link L1 down");
    }
    long dropped = writer.droppedCount();
    assertThat(dropped).isBetween((long) surplus, surplus + 1L);
    log.open.countDown();
    writer.close();

    assertThat(log.lines)
        .contains("WARN " + dropped
            + " events were not written: they came faster than the log takes them");
  }
}
