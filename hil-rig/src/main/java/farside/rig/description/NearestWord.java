package farside.rig.description;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/// Finds what a person may have meant by a misspelt word.
final class NearestWord {
  private NearestWord() {}

  /// The word that takes the fewest letters to change, if that is at most a third of its own,
  /// or one of two.
  static Optional<String> to(String misspelt, Collection<String> words) {
    String nearest = null;
    int leastChanges = Integer.MAX_VALUE;
    for (String word : words) {
      int changes = changes(misspelt.toLowerCase(Locale.ROOT), word.toLowerCase(Locale.ROOT));
      if (changes <= Math.max(word.length() > 1 ? 1 : 0, word.length() / 3)
          && changes < leastChanges) {
        nearest = word;
        leastChanges = changes;
      }
    }
    return Optional.ofNullable(nearest);
  }

  /// Levenshtein's distance. A word of thousands of letters resembles nothing.
  private static int changes(String from, String to) {
    if (from.length() > 64) {
      return Integer.MAX_VALUE;
    }
    int[] above = new int[to.length() + 1];
    for (int column = 0; column <= to.length(); column++) {
      above[column] = column;
    }
    for (int row = 1; row <= from.length(); row++) {
      int[] current = new int[to.length() + 1];
      current[0] = row;
      for (int column = 1; column <= to.length(); column++) {
        int replaced = above[column - 1] + (from.charAt(row - 1) == to.charAt(column - 1) ? 0 : 1);
        current[column] = Math.min(replaced, 1 + Math.min(above[column], current[column - 1]));
      }
      above = current;
    }
    return above[to.length()];
  }
}
