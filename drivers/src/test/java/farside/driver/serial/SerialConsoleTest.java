package farside.driver.serial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.control.JoinedConsoles;
import farside.port.ConsolePort;
import farside.port.ConsolePort.ConsoleSink;
import farside.port.ConsolePort.LineNews;
import farside.protocol.console.ConsoleLineSettings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Consoles on pseudo terminals of the system: real hang-ups, real full buffers. The test's
/// thread plays the cabinet.
class SerialConsoleTest {
  private static final long SEED = 3_002L;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String PASSWORD_HASH = PasswordHash.of(
          "sesame".toCharArray(), 1000, new byte[PasswordHash.SALT_BYTES])
      .text();

  @TempDir
  Path directory;

  private final List<PseudoTerminal> terminals = new ArrayList<>();
  private final List<SerialConsole> consoles = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private final List<String> news = new ArrayList<>();
  private ConsolePort port;

  private final ConsoleSink serviceProcessor = new ConsoleSink() {
    @Override
    public void onCommand(int session, String line, boolean json) {
      heard.add(line);
      boolean isLong = line.startsWith("long ");
      port.answer(
          session,
          isLong
              ? "a line of twenty.\n".repeat(Integer.parseInt(line.substring(5)))
              : "did " + line,
          0);
    }

    @Override
    public void onLine(String line, LineNews what, String detail) {
      news.add(detail.isEmpty() ? what.name() : what + ": " + detail);
    }
  };

  @BeforeEach
  void theSystemHasPseudoTerminals() {
    assumeTrue(PseudoTerminal.isAvailable(), "SKIPPED: this system has no /dev/ptmx");
  }

  @Test
  void aCommandTypedOnTheLineIsAnsweredThere() {
    PseudoTerminal terminal = plugIn("tty");
    open("tty", "");
    until(() -> terminal.screen().endsWith("A> "));
    terminal.type("query\r");
    until(() -> terminal.screen().endsWith("A> query\ndid query\nA> "));

    assertThat(heard).containsExactly("query");
    assertThat(news).containsExactly("OPEN");
  }

  @Test
  void twoLinesAreServedAtTheSameTime() {
    PseudoTerminal one = plugIn("one");
    PseudoTerminal two = plugIn("two");
    open("one", "");
    open("two", "");
    until(() -> one.screen().endsWith("A> ") && two.screen().endsWith("A> "));
    for (int i = 0; i < 20; i++) {
      one.type("first " + i + "\r");
      two.type("second " + i + "\r");
    }
    until(() ->
        one.screen().endsWith("did first 19\nA> ") && two.screen().endsWith("did second 19\nA> "));

    assertThat(one.screen()).doesNotContain("second");
    assertThat(two.screen()).doesNotContain("first");
  }

  @Test
  void theRigsPasswordOpensTheLineAndThreeWrongOnesAreToldToTheServiceProcessor() {
    PseudoTerminal terminal = plugIn("tty");
    open("tty", PASSWORD_HASH);
    until(() -> terminal.screen().endsWith("password: "));
    terminal.type("sesame\rquery\r");
    until(() -> terminal.screen().endsWith("did query\nA> "));
    terminal.type("logout\r1\r2\r3\r");
    until(() -> terminal.screen().endsWith("hears nothing for 30 seconds.\n"));
    until(() -> news.contains("GUESSED"));

    assertThat(terminal.screen()).doesNotContain("sesame");
    assertThat(news).containsExactly("OPEN", "LOGGED_IN", "LOGGED_OUT", "GUESSED");
  }

  /// It waits for seconds, and others need not.
  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void aLineThatHangsUpAndIsPluggedInAgainIsServedAgainAndLoggedOut() throws IOException {
    PseudoTerminal terminal = plugIn("tty");
    open("tty", PASSWORD_HASH);
    until(() -> terminal.screen().endsWith("password: "));
    terminal.type("sesame\r");
    until(() -> terminal.screen().endsWith("A> "));
    terminal.type("half a li");

    Files.delete(directory.resolve("tty"));
    terminal.close();
    until(() -> news.contains("ABSENT: there is no such device"));
    assertThat(news)
        .containsExactly(
            "OPEN", "LOGGED_IN", "LOGGED_OUT", "HUNG_UP", "ABSENT: there is no such device");
    assertNothingSpins();

    PseudoTerminal again = plugIn("tty");
    until(() -> again.screen().endsWith("password: "));
    again.type("sesame\rquery\r");
    until(() -> again.screen().endsWith("did query\nA> "));
    assertThat(heard).containsExactly("query");
  }

  @Test
  void aLineThatHangsUpForGoodButStaysInItsPlaceIsNoLoop() {
    PseudoTerminal terminal = plugIn("tty");
    open("tty", "");
    until(() -> terminal.screen().endsWith("A> "));
    terminal.close();
    until(() -> news.contains("HUNG_UP"));

    assertNothingSpins();
  }

  @Test
  void aReaderThatNeverReadsHoldsUpNeitherTheCabinetNorTheOtherLine() throws Exception {
    PseudoTerminal stuck = plugIn("stuck");
    PseudoTerminal other = plugIn("other");
    open("stuck", "");
    open("other", "");
    until(() -> stuck.screen().endsWith("A> ") && other.screen().endsWith("A> "));
    stuck.type("long 50000\r");
    until(() -> heard.contains("long 50000"));
    for (int i = 0; i < 500; i++) {
      stuck.type("x\r".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      consoles.forEach(console -> console.show("3002 WARNING link L1 down"));
    }
    other.type("query\r");
    until(() -> other.screen().contains("did query\n"));
    assertThat(heard).containsExactly("long 50000", "query");

    // It was only slow: nothing of the answer is missing.
    until(() -> stuck.screen().lines().filter("a line of twenty."::equals).count() == 50_000);
  }

  @Test
  void aConsoleWhoseLineIsStuckCanBeClosed() throws Exception {
    PseudoTerminal stuck = plugIn("stuck");
    open("stuck", "");
    until(() -> stuck.screen().endsWith("A> "));
    stuck.type("long 50000\r");
    until(() -> heard.contains("long 50000") && consoles.get(0).isQuiet());

    long startNs = System.nanoTime();
    consoles.get(0).close();
    assertThat(System.nanoTime() - startNs).isLessThan(TimeUnit.SECONDS.toNanos(5));
  }

  @Test
  void noiseIsSurvivedAndNotHeardFasterThanTheLineIs() {
    PseudoTerminal terminal = plugIn("tty");
    open("tty", PASSWORD_HASH);
    until(() -> terminal.screen().endsWith("password: "));
    Random random = new Random(SEED);
    byte[] noise = new byte[4096];
    long startNs = System.nanoTime();
    long noiseBytes = 0;
    while (noiseBytes < 100_000) {
      random.nextBytes(noise);
      noiseBytes += Math.max(0, terminal.type(noise));
      terminal.wipe();
      until(() -> true);
    }
    double seconds = (System.nanoTime() - startNs) / 1e9;
    // The system's own buffers take some of it at once.
    assertThat(seconds).isGreaterThan((noiseBytes - 20_000) / 2.0 / (921_600 / 10.0));
    assertThat(heard).isEmpty();
  }

  @Test
  void warningsAndErrorsAreShownAtTheLine() {
    PseudoTerminal terminal = plugIn("tty");
    open("tty", "");
    until(() -> terminal.screen().endsWith("A> "));
    consoles.get(0).show("3002 WARNING link L1 down");
    until(() -> terminal.screen().endsWith("A> \n3002 WARNING link L1 down\nA> "));
  }

  @AfterEach
  void closeAll() throws InterruptedException {
    terminals.forEach(PseudoTerminal::close);
    for (SerialConsole console : consoles) {
      console.close();
    }
  }

  /// Plugs a terminal into a place that stays the same, as `/dev/serial/by-id` has them.
  private PseudoTerminal plugIn(String place) {
    PseudoTerminal terminal = new PseudoTerminal();
    terminals.add(terminal);
    try {
      Files.createSymbolicLink(directory.resolve(place), terminal.device());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return terminal;
  }

  private void open(String place, String passwordHash) {
    SerialConsole console = new SerialConsole(
        new SerialSettings(
            directory.resolve(place).toString(),
            921_600,
            8,
            SerialSettings.Parity.NONE,
            1,
            SerialSettings.FlowControl.NONE,
            passwordHash,
            new ConsoleLineSettings("A", "FARSIDE-A", 0, 80, !passwordHash.isEmpty(), 0)),
        () -> {});
    consoles.add(console);
    port = new JoinedConsoles(consoles);
    console.open();
  }

  /// Steps the cabinet until something is so.
  private void until(Callable<Boolean> isSo) {
    Awaitility.await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .atMost(PATIENCE)
        .until(() -> {
          port.drain(serviceProcessor, 4);
          return isSo.call();
        });
  }

  private void assertNothingSpins() {
    long beforeNs = consoleCpuNs();
    Awaitility.await()
        .pollInSameThread()
        .during(Duration.ofMillis(1500))
        .atMost(PATIENCE)
        .until(() -> consoleCpuNs() - beforeNs < TimeUnit.MILLISECONDS.toNanos(300));
  }

  private static long consoleCpuNs() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("console-"))
        .mapToLong(thread -> threads.getThreadCpuTime(thread.threadId()))
        .filter(cpuNs -> cpuNs > 0)
        .sum();
  }
}
