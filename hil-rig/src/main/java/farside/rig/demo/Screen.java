package farside.rig.demo;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/// What the person sees: verdicts in colour and a progress bar on a terminal, plain lines
/// anywhere else.
public final class Screen {
  private static final int BAR_CELLS = 40;
  private static final String GREEN = "\u001b[32m";
  private static final String RED = "\u001b[31m";
  private static final String DIM = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";
  private static final String LINE_START = "\r\u001b[K";

  private final PrintStream out;
  private final boolean isTerminal;
  private int lastTenth = -1;

  public Screen(PrintStream out, boolean isTerminal) {
    this.out = out;
    this.isTerminal = isTerminal;
  }

  /// Standard output, in colour if it is a terminal and the user did not set `NO_COLOR`.
  public static Screen standard() {
    // Null where no terminal is, from JDK 25 on again; in between it was a console that is no
    // terminal.
    boolean isTerminal =
        Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    return new Screen(System.out, isTerminal && System.getenv("NO_COLOR") == null);
  }

  public void say(String text) {
    out.println(text);
    out.flush();
  }

  /// Something that was shown, not judged: an answer of the console.
  public void show(String text) {
    text.lines().forEach(line -> out.println("    " + tinted(DIM, line)));
    out.flush();
  }

  public void verdict(boolean holds, long elapsedMs, String text) {
    String word = holds ? tinted(GREEN, "PASS") : tinted(RED, "FAIL");
    out.println(String.format(Locale.ROOT, "%s %5.1f s  %s", word, elapsedMs / 1000.0, text));
    out.flush();
  }

  /// Draws how far a copy has come; elsewhere than on a terminal a line per tenth.
  public void progress(long doneCount, long totalCount, String unit) {
    double share = totalCount == 0 ? 1 : (double) doneCount / totalCount;
    int tenth = (int) (share * 10);
    if (!isTerminal && tenth == lastTenth) {
      return;
    }
    lastTenth = tenth;
    int cells = (int) (share * BAR_CELLS);
    String line = "    [%s%s] %d of %d %s"
        .formatted("#".repeat(cells), ".".repeat(BAR_CELLS - cells), doneCount, totalCount, unit);
    out.print(isTerminal ? LINE_START + line : line + "\n");
    out.flush();
  }

  public void endProgress() {
    if (isTerminal) {
      out.println();
    }
    lastTenth = -1;
    out.flush();
  }

  private String tinted(String colour, String text) {
    return isTerminal ? colour + text + PLAIN : text;
  }
}
