package farside.rig.console;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Colours the words of an answer that an operator looks for. The words stay as they are, so that
/// tables keep their columns.
final class Colours {
  private static final Pattern WORDS = Pattern.compile("\\b(?:"
      + "Synchronized|READY"
      + "|SyncInProg|Suspended|Restoring|Unpaired|WARNING|COMPARING|GREETING"
      + "|NR|Invalid|ERROR|OFFLINE|inconsistent)\\b");

  private static final String GREEN = "\u001b[32m";
  private static final String YELLOW = "\u001b[33m";
  private static final String RED = "\u001b[31m";
  private static final String PLAIN = "\u001b[0m";

  private Colours() {}

  static String of(String text) {
    return WORDS
        .matcher(text)
        .replaceAll(
            found -> Matcher.quoteReplacement(colourOf(found.group()) + found.group() + PLAIN));
  }

  private static String colourOf(String word) {
    return switch (word) {
      case "Synchronized", "READY" -> GREEN;
      case "NR", "Invalid", "ERROR", "OFFLINE", "inconsistent" -> RED;
      default -> YELLOW;
    };
  }
}
