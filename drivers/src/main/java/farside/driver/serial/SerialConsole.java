package farside.driver.serial;

import farside.port.ConsolePort;
import farside.protocol.console.ConsoleLine;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// A console on a serial line, on two threads of its own: one opens, reads and keeps the time,
/// one writes. Both hand the bytes to a [ConsoleLine], which they share under a lock that the
/// cabinet's thread never takes: that one only puts into, and takes from, mailboxes.
///
/// | the line                   | what is done                                             |
/// |----------------------------|----------------------------------------------------------|
/// | is not there, or hangs up  | opened again, after 1 to 5 seconds, for ever             |
/// | is not read                | the writing thread waits in the system; see [ConsoleLine] |
/// | brings noise without end   | read no faster than twice the line's speed               |
public final class SerialConsole implements ConsolePort {
  private static final int READ_BYTES = 256;
  /// Little, so that an interrupted answer ends soon on a slow line.
  private static final int WRITE_BYTES = 128;

  private static final int NOTICES_MAX = 100;
  private static final long REOPEN_MIN_MS = 1000;
  private static final long REOPEN_MAX_MS = 5000;
  private static final long QUIET_MAX_NS = 300_000_000;
  private static final long CLOSE_MAX_MS = 2 * Tty.READ_WAIT_MS;
  private static final int BITS_PER_BYTE = 10;

  private sealed interface Mail {
    record Command(int number, String line, boolean json) implements Mail {}

    record News(LineNews news, String detail) implements Mail {}
  }

  private record Answer(int number, String text, int exitCode) {}

  private final SerialSettings settings;
  private final Runnable wakeCabinet;
  private final PasswordHash password;
  private final Thread reader;
  private final Thread writer;
  private final CountDownLatch closing = new CountDownLatch(1);

  private final Queue<Mail> toCabinet = new ConcurrentLinkedQueue<>();
  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final Queue<String> notices = new ConcurrentLinkedQueue<>();
  private final AtomicInteger noticeCount = new AtomicInteger();
  private final AtomicInteger lostNoticeCount = new AtomicInteger();

  private final Object lock = new Object();
  // Both only under the lock.
  private final ConsoleLine line;
  private Tty tty;

  private volatile boolean isWriting;
  private volatile long writingSinceNs;
  private String lastFailure = "";

  /// @param wakeCabinet called from other threads when there is something to drain
  /// @throws IllegalArgumentException if the password's hash is none
  public SerialConsole(SerialSettings settings, Runnable wakeCabinet) {
    this.settings = settings;
    this.wakeCabinet = wakeCabinet;
    password =
        settings.passwordHash().isEmpty() ? null : PasswordHash.parse(settings.passwordHash());
    line = new ConsoleLine(settings.screen(), new LineSurroundings());
    reader =
        Thread.ofPlatform().daemon().name("console-" + settings.device()).unstarted(this::live);
    writer = Thread.ofPlatform()
        .daemon()
        .name("console-out-" + settings.device())
        .unstarted(this::write);
  }

  public void open() {
    reader.start();
    writer.start();
  }

  /// Gives the line up. A thread that the system does not let go ends with the process.
  public void close() throws InterruptedException {
    closing.countDown();
    LockSupport.unpark(writer);
    if (reader.isAlive()) {
      reader.join(CLOSE_MAX_MS);
    }
  }

  /// True if every answer went out, or the line does not take it.
  public boolean isQuiet() {
    boolean isMoving = isWriting && System.nanoTime() - writingSinceNs < QUIET_MAX_NS;
    return answers.isEmpty() && !isMoving;
  }

  @Override
  public int drain(ConsoleSink sink, int limit) {
    int drained = 0;
    while (drained < limit) {
      switch (toCabinet.poll()) {
        case null -> {
          return drained;
        }
        case Mail.Command command -> sink.onCommand(command.number, command.line, command.json);
        case Mail.News news -> sink.onLine(settings.device(), news.news, news.detail);
      }
      drained++;
    }
    return drained;
  }

  @Override
  public void answer(int session, String text, int exitCode) {
    answers.add(new Answer(session, text, exitCode));
    LockSupport.unpark(writer);
  }

  /// Shows an event to whoever sits at the line. From any thread; never waits.
  public void show(String event) {
    if (noticeCount.getAndIncrement() < NOTICES_MAX) {
      notices.add(event);
    } else {
      noticeCount.getAndDecrement();
      lostNoticeCount.getAndIncrement();
    }
    LockSupport.unpark(writer);
  }

  private void live() {
    long pauseMs = REOPEN_MIN_MS;
    do {
      try {
        Tty opened = Tty.open(settings);
        long startNs = System.nanoTime();
        lastFailure = "";
        converse(opened);
        boolean wasThere = System.nanoTime() - startNs > TimeUnit.MILLISECONDS.toNanos(pauseMs);
        pauseMs = wasThere ? REOPEN_MIN_MS : Math.min(2 * pauseMs, REOPEN_MAX_MS);
      } catch (IOException e) {
        pauseMs = Math.min(2 * pauseMs, REOPEN_MAX_MS);
        if (!lastFailure.equals(e.getMessage())) {
          lastFailure = e.getMessage();
          tell(new Mail.News(LineNews.ABSENT, lastFailure));
        }
      }
    } while (!isClosingWithin(pauseMs * 1_000_000));
  }

  private void converse(Tty opened) {
    byte[] bytes = new byte[READ_BYTES];
    tell(new Mail.News(LineNews.OPEN, ""));
    synchronized (lock) {
      tty = opened;
      line.onConnected(System.nanoTime());
    }
    LockSupport.unpark(writer);
    int readBytes = 0;
    while (readBytes >= 0 && !isClosingWithin(paceNs(readBytes))) {
      readBytes = opened.read(bytes);
      synchronized (lock) {
        long nowNs = System.nanoTime();
        line.onBytes(bytes, Math.max(0, readBytes), nowNs);
        line.onTime(nowNs);
      }
      LockSupport.unpark(writer);
    }
    synchronized (lock) {
      tty = null;
      line.onHungUp();
    }
    opened.close();
    tell(new Mail.News(LineNews.HUNG_UP, ""));
  }

  /// A PTY brings noise at the speed of memory; the line that it stands for does not.
  private long paceNs(int readBytes) {
    return readBytes * (long) BITS_PER_BYTE * 1_000_000_000L / settings.baud() / 2;
  }

  private boolean isClosingWithin(long waitNs) {
    try {
      return closing.await(waitNs, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      // Nobody interrupts this thread but to end it.
      return true;
    }
  }

  private void write() {
    byte[] bytes = new byte[WRITE_BYTES];
    while (closing.getCount() > 0 || !answers.isEmpty()) {
      Tty to;
      int length;
      synchronized (lock) {
        long nowNs = System.nanoTime();
        takeMail(nowNs);
        to = tty;
        length = to == null ? 0 : line.take(bytes, nowNs);
      }
      if (length == 0) {
        isWriting = false;
        LockSupport.park(this);
      } else {
        writingSinceNs = System.nanoTime();
        isWriting = true;
        to.write(bytes, length);
      }
    }
  }

  private void takeMail(long nowNs) {
    for (Answer answer = answers.poll(); answer != null; answer = answers.poll()) {
      // Before the mailbox is seen empty, so that a shutdown waits for this answer too.
      writingSinceNs = nowNs;
      isWriting = true;
      line.onAnswer(answer.number, answer.text, answer.exitCode, nowNs);
    }
    for (String notice = notices.poll(); notice != null; notice = notices.poll()) {
      noticeCount.getAndDecrement();
      line.onNotice(notice);
    }
    int lostCount = lostNoticeCount.getAndSet(0);
    if (lostCount > 0) {
      line.onNotice("[" + lostCount + " events not shown; see `log`]");
    }
  }

  private void tell(Mail mail) {
    toCabinet.add(mail);
    wakeCabinet.run();
  }

  /// What the line asks for; called under the lock, never on the cabinet's thread.
  private final class LineSurroundings implements ConsoleLine.Surroundings {
    @Override
    public void onCommand(int number, String command, boolean json) {
      tell(new Mail.Command(number, command, json));
    }

    @Override
    public boolean isPassword(String entered) {
      return password != null && password.isOf(entered.toCharArray());
    }

    @Override
    public void onLogin(ConsoleLine.Login outcome) {
      tell(new Mail.News(
          switch (outcome) {
            case IN -> LineNews.LOGGED_IN;
            case OUT -> LineNews.LOGGED_OUT;
            case REFUSED -> LineNews.GUESSED;
          },
          ""));
    }
  }
}
