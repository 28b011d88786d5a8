package farside.protocol.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The console on a terminal, as its user sees it: golden transcripts, and what no transcript
/// shows.
class ConsoleLineTest {
  private static final long SEED = 3_001L;

  @Test
  void commandsAreEchoedAndAnsweredAndEmptyLinesPrompt() throws IOException {
    Terminal terminal = new Terminal(Terminal.open()).plugIn();
    terminal.type("lines 3\r").type("\r").type("nosuch\r\n").type("json lines 1\n");

    assertThat(terminal.commands).containsExactly("lines 3", "nosuch", "json: lines 1");
    terminal.check("commands.text");
  }

  @Test
  void whatIsTypedCanBeErasedRecalledAndAbandoned() throws IOException {
    Terminal terminal = new Terminal(Terminal.open()).plugIn();
    terminal
        .type("limes\b\u007f\b nex\u0017")
        .type("\u0015lines 1\r")
        .type("lines 2\r")
        .type("half\u001b[A\u001bOA\u001b[A\u001b[B\u001b[B\u0012\u001b[C\u001b[15~\u0003")
        .type("\u0010\r");

    assertThat(terminal.commands).containsExactly("lines 1", "lines 2", "lines 2");
    terminal.check("editing.text");
  }

  @Test
  void aLineTakesNoMoreThanItsLengthAndRingsTheBell() {
    Terminal terminal = new Terminal(Terminal.open()).plugIn();
    terminal.type("x".repeat(LineEditor.LENGTH_MAX + 2) + "\r");

    assertThat(terminal.commands).containsExactly("x".repeat(LineEditor.LENGTH_MAX));
    assertThat(terminal.transcript()).contains("x␇␇");
  }

  @Test
  void aLongAnswerIsShownPageByPage() throws IOException {
    Terminal terminal = new Terminal(Terminal.paged(5, 20)).plugIn();
    terminal
        .type("lines 4\r")
        .type("lines 12\r")
        .type(" ")
        .type("x\r")
        .type("q")
        .type("say 1|2|this one is longer than twenty columns|5|6\r")
        .type(" ")
        .type("json lines 6\r")
        .type("lines 9\r")
        .type("\u0003");
    terminal.check("paging.text");
  }

  @Test
  void theLineIsLockedUntilThePasswordIsGivenAndNeverShowsIt() throws IOException {
    Terminal terminal = new Terminal(Terminal.locked()).plugIn();
    terminal.type("wrong\r").type("\r").type(Terminal.PASSWORD + "\r").type("lines 1\r");
    // Neither by the keys that recall.
    terminal.type("\u001b[A\u001b[A\r").type("\u0004");
    terminal.type("lines 2\r").type("open sesane\b\bme\r").type("LOGOUT \r");
    terminal.type(Terminal.PASSWORD + "\r").waitFor(14 * 60).type("l").waitFor(15 * 60);

    assertThat(terminal.commands).containsExactly("lines 1", "lines 1");
    assertThat(terminal.logins)
        .containsExactly(
            ConsoleLine.Login.IN,
            ConsoleLine.Login.OUT,
            ConsoleLine.Login.IN,
            ConsoleLine.Login.OUT,
            ConsoleLine.Login.IN,
            ConsoleLine.Login.OUT);
    terminal.check("login.text");
  }

  @Test
  void threeWrongPasswordsHaveTheLineRestAlsoWhenItIsPluggedInAgain() throws IOException {
    Terminal terminal = new Terminal(Terminal.locked()).plugIn();
    terminal.type("one\r").hangUp().plugIn().type("two\r").type("three\r");
    terminal.type(Terminal.PASSWORD + "\r").waitFor(10).hangUp().plugIn();
    terminal.type(Terminal.PASSWORD + "\r").waitFor(20).type(Terminal.PASSWORD + "\r");

    assertThat(terminal.line().state()).isEqualTo(ConsoleLineState.EDITING);
    assertThat(terminal.logins).containsExactly(ConsoleLine.Login.REFUSED, ConsoleLine.Login.IN);
    terminal.check("wrong-passwords.text");
  }

  @Test
  void hangingUpLogsOutAndForgetsWhatWasTypedAndAsked() {
    Terminal terminal = new Terminal(Terminal.locked()).plugIn();
    terminal.type(Terminal.PASSWORD + "\r").type("say secret\r");
    terminal.silenceServiceProcessor().type("say late\rmore").hangUp().plugIn();
    int mark = terminal.transcript().length();
    terminal.wakeServiceProcessor().type(Terminal.PASSWORD + "\r").type("\u001b[A\r");

    assertThat(terminal.transcript().substring(mark)).doesNotContain("late", "more", "secret");
    assertThat(terminal.commands).containsExactly("say secret", "say late");
  }

  @Test
  void whatIsTypedAheadIsDoneInItsTurn() throws IOException {
    Terminal terminal = new Terminal(Terminal.open()).plugIn();
    terminal.paste("lines 1\rlines 2\r\nlines 3\nlin");
    terminal.silenceServiceProcessor().type("es 4\r");
    terminal.paste("lines 5\r").wakeServiceProcessor();

    assertThat(terminal.commands)
        .containsExactly("lines 1", "lines 2", "lines 3", "lines 4", "lines 5");
    terminal.check("typed-ahead.text");
  }

  @Test
  void whatIsTypedTooFarAheadIsLostAndRingsTheBellOnce() {
    Terminal terminal = new Terminal(Terminal.open()).plugIn().silenceServiceProcessor();
    terminal.type("lines 1\r").paste("say x\r" + "y".repeat(2 * ConsoleLine.TYPED_AHEAD_MAX));
    assertThat(terminal.transcript()).containsOnlyOnce("␇");
    terminal.wakeServiceProcessor();

    assertThat(terminal.commands).containsExactly("lines 1", "say x");
  }

  @Test
  void anInterruptEndsTheWaitForAnAnswerThatThenIsDropped() {
    Terminal terminal = new Terminal(Terminal.open()).plugIn();
    terminal.silenceServiceProcessor().type("say late\r").type("\u0003");
    terminal.wakeServiceProcessor().type("say next\r");

    assertThat(terminal.transcript()).endsWith("^C\nA> «say next␍»say next\nnext\nA> ");
  }

  @Test
  void noticesComeBetweenCommandsAndOnlyToWhoIsLoggedIn() throws IOException {
    Terminal terminal = new Terminal(Terminal.locked()).plugIn();
    terminal.notice("3002 WARNING nobody sees this").type(Terminal.PASSWORD + "\r");
    terminal.type("lines").notice("3002 WARNING link L1 down: \u001b[2J").type(" 1\r");
    terminal.silenceServiceProcessor().type("lines 2\r").notice("4005 ERROR later");
    terminal.wakeServiceProcessor().check("notices.text");
  }

  @Test
  void aTerminalThatNeverReadsLosesLinesAndIsToldHowMany() {
    Terminal terminal = new Terminal(Terminal.open()).plugIn().stopReading();
    terminal.type("lines 2000\r").waitFor(59);
    assertThat(terminal.line().state()).isEqualTo(ConsoleLineState.PRINTING);
    terminal.waitFor(1);
    assertThat(terminal.line().state()).isEqualTo(ConsoleLineState.EDITING);
    for (int i = 0; i < 1000; i++) {
      terminal.notice("4003 ERROR drive D1: destage failed, number " + i);
    }
    terminal.readAgain().type("lines 1\r");

    String seen = terminal.transcript();
    Matcher lost = Pattern.compile("\n\\[(\\d+) lines lost]\nA> «lines 1␍»lines 1\nline 1\nA> $")
        .matcher(seen);
    assertThat(lost.find()).as(seen).isTrue();
    long seenCount =
        seen.lines().filter(line -> line.contains("destage failed")).count();
    assertThat(seenCount).isPositive();
    assertThat(seenCount + Integer.parseInt(lost.group(1))).isEqualTo(3000);
  }

  @Test
  void aSlowReaderLosesNothing() {
    Terminal terminal = new Terminal(Terminal.open()).plugIn();
    terminal.stopReading().type("lines 5000\r").waitFor(50).readAgain();

    assertThat(terminal.transcript()).contains("line 1\n", "line 5000\nA> ").doesNotContain("lost");
  }

  /// A plug that joins both wires, or another console at the other end: each answer comes back
  /// as the next command.
  @ParameterizedTest
  @ValueSource(ints = {0, 24})
  void aLineThatSendsBackWhatItGetsComesToRest(int rows) {
    Terminal terminal = new Terminal(Terminal.paged(rows, 80));
    terminal.line().onConnected(terminal.nowNs());
    byte[] chunk = new byte[64];
    long loopedBytes = 0;
    while (terminal.line().state() != ConsoleLineState.RESTING) {
      int takenBytes = terminal.line().take(chunk, terminal.nowNs());
      terminal.line().onBytes(chunk, takenBytes, terminal.nowNs());
      terminal.wakeServiceProcessor().stopReading();
      loopedBytes += takenBytes;
      assertThat(loopedBytes).isLessThan(100_000);
      if (takenBytes == 0) {
        break;
      }
    }
    assertThat(terminal.commands).hasSizeLessThan(50);
  }

  @Test
  void noiseNeitherThrowsNorGrowsNorComesUnasked() {
    Random random = new Random(SEED);
    for (int run = 0; run < 300; run++) {
      ConsoleLineSettings settings =
          random.nextBoolean() ? Terminal.locked() : Terminal.paged(2 + random.nextInt(9), 40);
      Terminal terminal = new Terminal(settings).plugIn();
      for (int step = 0; step < 200; step++) {
        disturb(terminal, random);
        assertThat(terminal.line().state()).as("seed %d, run %d", SEED, run).isNotNull();
      }
      terminal.wakeServiceProcessor().readAgain();
      if (settings.wantsPassword()) {
        assertThat(terminal.commands).as("seed %d, run %d", SEED, run).isEmpty();
      }
      assertThat(terminal.line().hasOutput()).isFalse();
      terminal.waitFor(31).hangUp().plugIn();
      if (settings.wantsPassword()) {
        terminal.waitFor(31).type("\u0003" + Terminal.PASSWORD + "\r");
      }
      terminal.waitFor(31).type("\u0003say well\r");
      assertThat(terminal.transcript()).as("seed %d, run %d", SEED, run).endsWith("\nwell\nA> ");
    }
  }

  private static void disturb(Terminal terminal, Random random) {
    switch (random.nextInt(8)) {
      case 0 -> terminal.paste("lines " + random.nextInt(3000) + "\r");
      case 1 -> terminal.stopReading();
      case 2 -> terminal.readAgain();
      case 3 -> terminal.silenceServiceProcessor();
      case 4 -> terminal.wakeServiceProcessor();
      case 5 -> terminal.waitFor(random.nextInt(40));
      case 6 -> terminal.notice("n".repeat(random.nextInt(300)));
      default -> {
        byte[] noise = new byte[random.nextInt(400)];
        random.nextBytes(noise);
        terminal.line().onBytes(noise, noise.length, terminal.nowNs());
      }
    }
  }

  @Test
  void theTableOfStatesSaysWhatTheMachineDoes() {
    for (ConsoleLineState state : ConsoleLineState.values()) {
      assertThat(state.mayBecome(ConsoleLineState.DOWN)).isTrue();
    }
    EnumSet<ConsoleLineState> fromEditing = EnumSet.allOf(ConsoleLineState.class);
    fromEditing.removeIf(next -> !ConsoleLineState.EDITING.mayBecome(next));
    assertThat(fromEditing)
        .containsExactlyInAnyOrder(
            ConsoleLineState.DOWN, ConsoleLineState.COMMANDED, ConsoleLineState.LOGIN);
  }
}
