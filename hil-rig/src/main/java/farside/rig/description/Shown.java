package farside.rig.description;

import java.util.Collection;

/// Words from a file as they are shown in a message: never longer than a line can bear, and no
/// control
/// character reaches the terminal.
final class Shown {
  private static final int CHARACTERS_MAX = 60;

  private Shown() {}

  /// The text in back quotes.
  static String quoted(String text) {
    String line = printable(text);
    return "`"
        + (line.length() <= CHARACTERS_MAX ? line : line.substring(0, CHARACTERS_MAX) + "...")
        + "`";
  }

  static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.chars().forEach(c -> shown.append(Character.isISOControl(c) ? '?' : (char) c));
    return shown.toString();
  }

  /// `A, B and C`; `none` if there are none.
  static String list(Collection<String> names) {
    if (names.isEmpty()) {
      return "none";
    }
    String[] all = names.toArray(String[]::new);
    StringBuilder text = new StringBuilder(all[0]);
    for (int i = 1; i < all.length; i++) {
      text.append(i == all.length - 1 ? " and " : ", ").append(all[i]);
    }
    return text.toString();
  }
}
