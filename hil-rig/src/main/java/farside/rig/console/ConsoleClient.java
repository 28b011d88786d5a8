package farside.rig.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;

/// A person's console: what `farside ctl` does, with history, completion, colours and `watch`.
///
/// It knows no command but its own: which there are, and what they take, it asks the site.
public final class ConsoleClient {
  /// Words that the client understands itself.
  static final List<String> OWN_WORDS = List.of("watch", "exit");
  private static final List<String> CHANGING_WORDS = List.of("vary", "link", "shutdown");

  static final int WATCH_SECONDS_DEFAULT = 2;
  private static final int COLUMNS_DEFAULT = 80;
  private static final int ROWS_DEFAULT = 24;
  private static final int WATCH_SECONDS_MAX = 3600;

  private static final int HISTORY_LINES_MAX = 500;
  private static final ObjectMapper JSON = new ObjectMapper();

  /// The site, however it is reached.
  public interface Site {
    /// @throws IOException if it is not reached
    Reply ask(String command, boolean json) throws IOException;
  }

  /// @param exitCode 0 yes or done, 1 no or failed, 2 usage
  public record Reply(int exitCode, String text) {}

  private final Terminal terminal;
  private final Site site;
  private final String name;
  private final LineReader reader;
  private final boolean hasColours;
  private List<String> words = List.of();

  /// @param name of the site; the prompt
  /// @param history where commands are kept from one time to the next
  public ConsoleClient(Terminal terminal, Site site, String name, Path history) {
    this.terminal = terminal;
    this.site = site;
    this.name = name;
    // What is read by a program, through a pipe, gets the words alone.
    hasColours = !terminal.getType().startsWith(Terminal.TYPE_DUMB);
    if (terminal.getWidth() == 0 || terminal.getHeight() == 0) {
      // A terminal that does not tell its size would be shown dots in place of the line.
      terminal.setSize(new Size(COLUMNS_DEFAULT, ROWS_DEFAULT));
    }
    reader = LineReaderBuilder.builder()
        .terminal(terminal)
        .appName("farside")
        .completer((ignored, line, candidates) -> complete(line, candidates))
        .variable(LineReader.HISTORY_FILE, history)
        .variable(LineReader.HISTORY_FILE_SIZE, HISTORY_LINES_MAX)
        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
        .option(LineReader.Option.CASE_INSENSITIVE, true)
        .build();
  }

  /// Until `exit`, or the end of what is typed.
  ///
  /// @throws IOException if the site is not reached at the beginning
  public void run() throws IOException {
    words = new ArrayList<>();
    for (JsonNode command : tree("help").path("commands")) {
      words.add(command.path("command").asText());
    }
    say("Site " + name
        + ". Type `help` for the commands, `watch query` to look on, `exit` to end.");
    while (true) {
      String line;
      try {
        line = reader.readLine(name + "> ").strip();
      } catch (UserInterruptException interrupted) {
        continue;
      } catch (EndOfFileException ended) {
        return;
      }
      if (line.equalsIgnoreCase("exit") || line.equalsIgnoreCase("quit")) {
        return;
      }
      if (!line.isEmpty()) {
        obey(line);
      }
    }
  }

  private void obey(String line) {
    String[] parts = line.split("\\s+", 2);
    if (parts[0].equalsIgnoreCase("watch")) {
      watch(parts.length == 1 ? "" : parts[1]);
    } else {
      say(answerTo(line));
    }
  }

  private String answerTo(String line) {
    try {
      String text = site.ask(line, false).text().stripTrailing();
      return hasColours ? Colours.of(text) : text;
    } catch (IOException | IllegalArgumentException failure) {
      return failure.getMessage();
    }
  }

  /// @param given `COMMAND [SECONDS]`
  private void watch(String given) {
    int blank = given.lastIndexOf(' ');
    String last = given.substring(blank + 1);
    boolean hasSeconds = blank > 0 && last.matches("[0-9]{1,4}") && !given.startsWith("tracks");
    int seconds = hasSeconds ? Integer.parseInt(last) : WATCH_SECONDS_DEFAULT;
    String command = hasSeconds ? given.substring(0, blank).strip() : given;
    String word = command.split("\\s+", 2)[0].toLowerCase(Locale.ROOT);
    if (command.isEmpty() || seconds < 1 || seconds > WATCH_SECONDS_MAX) {
      say("usage: watch COMMAND [SECONDS], such as `watch query 5`; any key ends it.");
    } else if (CHANGING_WORDS.contains(word)) {
      // What changes something is done once, by hand.
      say("`" + word + "` cannot be watched.");
    } else {
      watch(command, seconds);
    }
  }

  private void watch(String command, int seconds) {
    var attributes = terminal.enterRawMode();
    try {
      int key;
      do {
        if (!terminal.puts(Capability.clear_screen)) {
          terminal.writer().println();
        }
        say(command + ", every " + seconds + " s; any key ends it\n");
        say(answerTo(command));
        key = terminal.reader().read(seconds * 1000L);
      } while (key == NonBlockingReader.READ_EXPIRED);
    } catch (IOException failure) {
      say(String.valueOf(failure.getMessage()));
    } finally {
      terminal.setAttributes(attributes);
    }
  }

  private void say(String text) {
    terminal.writer().println(text);
    terminal.flush();
  }

  private void complete(ParsedLine line, List<Candidate> candidates) {
    List<String> before = new ArrayList<>(line.words().subList(0, line.wordIndex()));
    if (!before.isEmpty() && before.get(0).equalsIgnoreCase("watch")) {
      before.remove(0);
    } else if (before.isEmpty()) {
      OWN_WORDS.forEach(word -> candidates.add(new Candidate(word)));
    }
    for (String word : wordsAfter(before)) {
      candidates.add(new Candidate(word));
    }
  }

  private List<String> wordsAfter(List<String> before) {
    if (before.isEmpty()) {
      return words;
    }
    String command = before.get(0).toLowerCase(Locale.ROOT);
    try {
      return switch (command + " " + before.size()) {
        case "help 1" -> words;
        case "tracks 1" -> tree("query").path("volumes").findValuesAsText("volume");
        case "vary 1" -> tree("links").path("links").findValuesAsText("name");
        case "vary 2" -> List.of("on", "off");
        case "link 1" -> List.of("add", "remove");
        case "link 2" ->
          before.get(1).equalsIgnoreCase("remove")
              ? tree("links").path("links").findValuesAsText("name")
              : List.of();
        case "link 3" -> List.of("listen", "connect");
        default -> List.of();
      };
    } catch (IOException failure) {
      return List.of();
    }
  }

  private JsonNode tree(String command) throws IOException {
    try {
      return JSON.readTree(site.ask(command, true).text());
    } catch (JsonProcessingException e) {
      throw new IOException("The site's answer to `" + command + "` is no JSON.", e);
    }
  }
}
