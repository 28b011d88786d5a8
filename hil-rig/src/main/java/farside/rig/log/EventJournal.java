package farside.rig.log;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.RollingPolicyBase;
import ch.qos.logback.core.rolling.RolloverFailure;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import farside.port.EventPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.LoggerFactory;

/// The log of one site: a line `HH:MM:SS.mmm site number severity text` per event.
///
/// `submit` only queues; one thread writes. If it cannot keep up the newest lines are dropped,
/// never waited for: the cabinet keeps its own newest events for the console. An event of
/// severity `ERROR` is shown on standard error too. The file is set aside as `farside.log.1`
/// when it reaches 16 MiB.
public final class EventJournal implements EventPort, AutoCloseable {
  private static final int QUEUE_LINES = 4096;
  private static final int FLUSH_AT_CLOSE_MAX_MS = 2000;
  private static final long FILE_MAX_BYTES = 16 << 20;

  private final String site;
  private final Logger logger;
  private final AsyncAppender queue;

  public EventJournal(String site, Path file) {
    this(site, file, FILE_MAX_BYTES);
  }

  EventJournal(String site, Path file, long fileMaxBytes) {
    this.site = site;
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    queue = new AsyncAppender();
    queue.setContext(context);
    queue.setName("journal-" + site);
    queue.setQueueSize(QUEUE_LINES);
    queue.setDiscardingThreshold(0);
    queue.setNeverBlock(true);
    queue.setMaxFlushTime(FLUSH_AT_CLOSE_MAX_MS);
    queue.addAppender(fanOut(context, file, fileMaxBytes));
    queue.start();
    // By its file: sites of two rigs in one process may have the same name.
    logger = context.getLogger("farside.event." + file.toString().replace('.', '_'));
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
    logger.addAppender(queue);
  }

  @Override
  public void submit(long nowNs, int number, String severity, String text) {
    String line = "%s %d %s %s".formatted(site, number, severity, text.replace('\n', ' '));
    switch (severity) {
      case "ERROR" -> logger.error(line);
      case "WARNING" -> logger.warn(line);
      default -> logger.info(line);
    }
  }

  /// Writes what is queued, then lets go of the file.
  @Override
  public void close() {
    logger.detachAppender(queue);
    queue.stop();
  }

  /// The queue takes one appender only: the file, which passes errors on to standard error.
  private static RollingFileAppender<ILoggingEvent> fanOut(
      LoggerContext context, Path file, long fileMaxBytes) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(encoder(context));
    ThresholdFilter errorsOnly = new ThresholdFilter();
    errorsOnly.setLevel("ERROR");
    errorsOnly.start();
    console.addFilter(errorsOnly);
    console.start();

    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>() {
      @Override
      protected void append(ILoggingEvent event) {
        super.append(event);
        console.doAppend(event);
      }

      @Override
      public void stop() {
        super.stop();
        console.stop();
      }
    };
    appender.setContext(context);
    appender.setFile(file.toString());
    appender.setEncoder(encoder(context));
    SetAside setAside = new SetAside();
    setAside.setContext(context);
    setAside.setParent(appender);
    setAside.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> whenLarge = new SizeBasedTriggeringPolicy<>();
    whenLarge.setContext(context);
    whenLarge.setMaxFileSize(new FileSize(fileMaxBytes));
    whenLarge.start();
    appender.setRollingPolicy(setAside);
    appender.setTriggeringPolicy(whenLarge);
    appender.start();
    return appender;
  }

  /// Renames the full file to `farside.log.1`, over the one before. Logback's own policies take
  /// a pattern for the name, and a percent sign in the directory's name would be part of it.
  private static final class SetAside extends RollingPolicyBase {
    @Override
    public void rollover() {
      Path full = Path.of(getActiveFileName());
      try {
        Files.move(
            full,
            full.resolveSibling(full.getFileName() + ".1"),
            StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException failure) {
        throw new RolloverFailure("the log " + full + " cannot be set aside", failure);
      }
    }

    @Override
    public String getActiveFileName() {
      return getParentsRawFileProperty();
    }
  }

  private static Encoder<ILoggingEvent> encoder(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern("%d{HH:mm:ss.SSS} %msg%n%nopex");
    encoder.start();
    return encoder;
  }
}
