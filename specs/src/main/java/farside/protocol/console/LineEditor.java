package farside.protocol.console;

import java.util.ArrayList;
import java.util.List;

/// The line being typed, and those that were typed before. Edited at its end only: that is what
/// every terminal can show.
final class LineEditor {
  static final int LENGTH_MAX = 255;
  static final int HISTORY_MAX = 20;

  private final StringBuilder text = new StringBuilder();
  private final List<String> history = new ArrayList<>();
  /// The remembered line that is shown; the size of the history for the one newly typed.
  private int shownIndex;

  private String newlyTyped = "";

  String text() {
    return text.toString();
  }

  int length() {
    return text.length();
  }

  boolean isEmpty() {
    return text.isEmpty();
  }

  /// False if the line is full.
  boolean type(char character) {
    if (text.length() == LENGTH_MAX) {
      return false;
    }
    text.append(character);
    return true;
  }

  void erase(int count) {
    text.setLength(text.length() - count);
  }

  /// How many characters the last word has, with the blanks behind it.
  int lastWordLength() {
    int at = text.length();
    while (at > 0 && text.charAt(at - 1) == ' ') {
      at--;
    }
    while (at > 0 && text.charAt(at - 1) != ' ') {
      at--;
    }
    return text.length() - at;
  }

  /// Shows the line before, or after, in what was typed; false if there is none.
  boolean recall(int step) {
    int index = shownIndex + step;
    if (index < 0 || index > history.size()) {
      return false;
    }
    if (shownIndex == history.size()) {
      newlyTyped = text.toString();
    }
    shownIndex = index;
    text.setLength(0);
    text.append(index == history.size() ? newlyTyped : history.get(index));
    return true;
  }

  /// Ends the line. It is remembered, unless it is the same as the one before.
  String enter() {
    String line = text.toString().strip();
    if (!line.isEmpty() && (history.isEmpty() || !history.getLast().equals(line))) {
      history.add(line);
      if (history.size() > HISTORY_MAX) {
        history.removeFirst();
      }
    }
    clear();
    return line;
  }

  /// Ends the line and forgets it: it was a password.
  String enterSecret() {
    String line = text.toString();
    clear();
    return line;
  }

  void clear() {
    text.setLength(0);
    shownIndex = history.size();
    newlyTyped = "";
  }

  void forget() {
    history.clear();
    clear();
  }
}
