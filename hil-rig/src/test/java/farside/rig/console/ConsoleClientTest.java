package farside.rig.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A person's keys in, the screen out, at a site that knows few commands.
class ConsoleClientTest {
  @TempDir
  Path directory;

  private final List<String> asked = new ArrayList<>();
  private boolean isGone;
  private String type = "xterm";
  private Size size = new Size(80, 24);

  @Test
  void commandsAreAnsweredInColourUntilExit() throws IOException {
    String screen = after("query\rnonsense\r\rexit\r");

    assertThat(screen)
        .contains("0010 R1 \u001b[32mSynchronized\u001b[0m")
        .contains("There is no command");
    assertThat(asked).containsExactly("json help", "query", "nonsense");
  }

  @Test
  void aProgramAtTheEndOfAPipeGetsNoColours() throws IOException {
    type = Terminal.TYPE_DUMB;
    assertThat(after("query\nexit\n")).contains("0010 R1 Synchronized");
  }

  @Test
  void aTerminalThatDoesNotTellItsSizeShowsItsPrompt() throws IOException {
    size = new Size(0, 0);
    assertThat(after("query\rexit\r")).contains("A> ");
  }

  @Test
  void tabCompletesCommandsVolumesAndLinks() throws IOException {
    after("tra\t0\t\rva\tL\tof\t\rexit\r");

    assertThat(asked).contains("tracks 0010", "vary L1 off");
    after("link rem\tL\t\rlink add L2 lis\t\rexit\r");
    assertThat(asked).contains("link remove L1", "link add L2 listen");
  }

  @Test
  void whatWasTypedIsRememberedTheNextTime() throws IOException {
    after("query\rexit\r");
    asked.clear();
    after("\u001bOA\u001bOA\rexit\r");

    assertThat(asked).containsExactly("json help", "query");
    assertThat(Files.readString(directory.resolve("history"))).contains("query");
  }

  @Test
  void watchRepeatsACommandUntilAKeyAndRefusesWhatChangesSomething() throws IOException {
    String screen = after("watch query 1\rqwatch vary L1 off\rwatch\rexit\r");

    assertThat(asked).containsExactly("json help", "query");
    assertThat(screen)
        .contains("query, every 1 s; any key ends it", "`vary` cannot be watched", "usage: watch");
  }

  @Test
  void aSiteThatGoesAwayIsToldAndTheConsoleStays() throws IOException {
    assertThat(after("gone\rquery\rexit\r")).contains("site A is not reachable");

    isGone = true;
    assertThatThrownBy(() -> after("exit\r")).hasMessage("site A is not reachable");
  }

  @Test
  void theEndOfInputEndsIt() throws IOException {
    after("query\r\u0004");
    assertThat(asked).containsExactly("json help", "query");
  }

  private String after(String keys) throws IOException {
    ByteArrayOutputStream screen = new ByteArrayOutputStream();
    try (Terminal terminal = new ExternalTerminal(
        "test",
        type,
        new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8)),
        screen,
        StandardCharsets.UTF_8)) {
      terminal.setSize(size);
      new ConsoleClient(terminal, this::answer, "A", directory.resolve("history")).run();
    }
    return screen.toString(StandardCharsets.UTF_8);
  }

  private ConsoleClient.Reply answer(String command, boolean json) throws IOException {
    if (isGone) {
      throw new IOException("site A is not reachable");
    }
    if (command.equals("gone")) {
      isGone = true;
    }
    // Completion asks too, as often as it likes.
    if (!json || command.equals("help")) {
      asked.add(json ? "json " + command : command);
    }
    return switch ((json ? "json " : "") + command) {
      case "json help" ->
        new ConsoleClient.Reply(
            0,
            "{\"commands\":[{\"command\":\"query\"},{\"command\":\"tracks\"},{\"command\":\"vary\"}]}");
      case "json query" -> new ConsoleClient.Reply(0, "{\"volumes\":[{\"volume\":\"0010\"}]}");
      case "json links" -> new ConsoleClient.Reply(0, "{\"links\":[{\"name\":\"L1\"}]}");
      case "query" -> new ConsoleClient.Reply(0, "0010 R1 Synchronized\n");
      default -> new ConsoleClient.Reply(2, "There is no command `" + command + "`.\n");
    };
  }
}
