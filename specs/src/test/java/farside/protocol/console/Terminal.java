package farside.protocol.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A terminal at a [ConsoleLine], with a service processor that knows few commands, and the
/// transcript of both: what was typed in «», what cannot be seen as a sign.
///
/// When a transcript is meant to change, run the tests once with `-Dtranscripts.write=DIRECTORY`
/// and read the difference before it is committed.
final class Terminal implements ConsoleLine.Surroundings {
  static final String PASSWORD = "open sesame";

  final List<String> commands = new ArrayList<>();
  final List<ConsoleLine.Login> logins = new ArrayList<>();
  private final ConsoleLine line;
  private final StringBuilder transcript = new StringBuilder();
  private final byte[] chunk = new byte[200];
  private long nowNs = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(5);
  private int askedNumber;
  private String asked = "";
  private boolean isReading = true;
  private boolean isServiceProcessorSilent;

  Terminal(ConsoleLineSettings settings) {
    line = new ConsoleLine(settings, this);
  }

  static ConsoleLineSettings open() {
    return new ConsoleLineSettings("A", "FARSIDE-A", 0, 80, false, 0);
  }

  static ConsoleLineSettings paged(int rows, int columns) {
    return new ConsoleLineSettings("A", "FARSIDE-A", rows, columns, false, 0);
  }

  static ConsoleLineSettings locked() {
    return new ConsoleLineSettings("A", "FARSIDE-A", 0, 80, true, TimeUnit.MINUTES.toNanos(15));
  }

  ConsoleLine line() {
    return line;
  }

  long nowNs() {
    return nowNs;
  }

  Terminal plugIn() {
    line.onConnected(nowNs);
    return settle();
  }

  Terminal hangUp() {
    line.onHungUp();
    transcript.append("\n[hung up]\n");
    return settle();
  }

  /// Types, key by key.
  Terminal type(String keys) {
    transcript.append('«').append(seen(keys)).append('»');
    for (int index = 0; index < keys.length(); index++) {
      char key = keys.charAt(index);
      line.onBytes(new byte[] {(byte) key}, 1, nowNs);
      settle();
    }
    return this;
  }

  /// All in one piece, as a paste or a program would.
  Terminal paste(String keys) {
    transcript.append('«').append(seen(keys)).append('»');
    byte[] bytes = keys.getBytes(StandardCharsets.ISO_8859_1);
    line.onBytes(bytes, bytes.length, nowNs);
    return settle();
  }

  Terminal notice(String text) {
    line.onNotice(text);
    return settle();
  }

  Terminal waitFor(long seconds) {
    transcript.append("\n[").append(seconds).append(" s later]\n");
    for (long i = 0; i < seconds; i++) {
      nowNs += TimeUnit.SECONDS.toNanos(1);
      line.onTime(nowNs);
      settle();
    }
    return this;
  }

  Terminal stopReading() {
    isReading = false;
    return this;
  }

  Terminal readAgain() {
    isReading = true;
    return settle();
  }

  Terminal silenceServiceProcessor() {
    isServiceProcessorSilent = true;
    return this;
  }

  Terminal wakeServiceProcessor() {
    isServiceProcessorSilent = false;
    return settle();
  }

  /// Until nothing moves: commands are answered, and what is said is read.
  private Terminal settle() {
    do {
      answerCommand();
      read();
    } while (!asked.isEmpty() && !isServiceProcessorSilent);
    return this;
  }

  private void read() {
    while (isReading && line.hasOutput()) {
      int takenBytes = line.take(chunk, nowNs);
      transcript.append(seen(new String(chunk, 0, takenBytes, StandardCharsets.UTF_8)));
      answerCommand();
    }
  }

  private void answerCommand() {
    if (asked.isEmpty() || isServiceProcessorSilent) {
      return;
    }
    String command = asked;
    asked = "";
    if (command.matches("lines [0-9]{1,5}")) {
      StringBuilder text = new StringBuilder();
      for (int i = 1; i <= Integer.parseInt(command.substring(6)); i++) {
        text.append("line ").append(i).append('\n');
      }
      line.onAnswer(askedNumber, text.toString(), 0, nowNs);
    } else if (command.startsWith("say ")) {
      line.onAnswer(askedNumber, command.substring(4).replace('|', '\n') + "\n", 0, nowNs);
    } else {
      line.onAnswer(askedNumber, "There is no command `" + command + "`.\n", 2, nowNs);
    }
  }

  @Override
  public void onCommand(int number, String command, boolean json) {
    commands.add((json ? "json: " : "") + command);
    askedNumber = number;
    asked = command;
  }

  @Override
  public boolean isPassword(String entered) {
    return entered.equals(PASSWORD);
  }

  @Override
  public void onLogin(ConsoleLine.Login outcome) {
    logins.add(outcome);
  }

  String transcript() {
    return transcript.toString();
  }

  void check(String name) throws IOException {
    String write = System.getProperty("transcripts.write");
    if (write != null) {
      Files.createDirectories(Path.of(write));
      Files.writeString(Path.of(write, name), transcript() + "\n");
      return;
    }
    try (InputStream in = Terminal.class.getResourceAsStream("transcripts/" + name)) {
      assertThat(in).as("there is no transcripts/%s", name).isNotNull();
      assertThat(transcript() + "\n")
          .as("transcripts/%s", name)
          .isEqualTo(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static String seen(String text) {
    StringBuilder seen = new StringBuilder();
    for (char c : text.replace("\r\n", "\n").toCharArray()) {
      seen.append(
          switch (c) {
            case '\n' -> "\n";
            case '\r' -> "␍";
            case 0x7F -> "␡";
            default -> c < ' ' ? String.valueOf((char) ('␀' + c)) : String.valueOf(c);
          });
    }
    return seen.toString();
  }
}
