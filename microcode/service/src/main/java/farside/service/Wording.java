package farside.service;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/// How figures are worded for a person.
final class Wording {
  private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final int ECHO_LENGTH_MAX = 40;

  private static final DateTimeFormatter UTC_MILLIS = DateTimeFormatter.ofPattern(
          "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
      .withZone(ZoneOffset.UTC);

  private Wording() {}

  /// `512 B`, `64.0 KiB`, `3.6 TiB`: powers of 1024.
  static String size(long sizeBytes) {
    if (sizeBytes < 1024) {
      return sizeBytes + " B";
    }
    double amount = sizeBytes / 1024.0;
    int unit = 0;
    // 1023.95 would be shown as 1024.0 of the smaller unit.
    while (amount >= 1023.95 && unit < UNITS.length - 1) {
      amount /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit]);
  }

  /// `1 track`, `2 tracks`.
  static String count(long count, String one) {
    return count + " " + one + (count == 1 ? "" : "s");
  }

  /// UTC, to the millisecond, always of one length.
  static String time(long wallMs) {
    return UTC_MILLIS.format(Instant.ofEpochMilli(wallMs));
  }

  static String hex16(long id) {
    return String.format(Locale.ROOT, "%016x", id);
  }

  static String yesNo(boolean yes) {
    return yes ? "yes" : "no";
  }

  static String onOff(boolean on) {
    return on ? "on" : "off";
  }

  /// Without anything that a terminal would obey: names and reasons may have come from outside.
  static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(Character.isISOControl(c) ? '?' : c);
    }
    return out.toString();
  }

  /// What a person typed, as part of an answer.
  static String echo(String word) {
    return "`" + abridged(word, ECHO_LENGTH_MAX) + "`";
  }

  /// What could have been chosen.
  static String choice(String title, List<String> names) {
    return names.isEmpty() ? "It has none." : title + ": " + String.join(", ", names) + ".";
  }

  /// At most so many characters, for what a person typed.
  static String abridged(String text, int lengthMax) {
    String printable = printable(text);
    return printable.length() <= lengthMax
        ? printable
        : printable.substring(0, lengthMax - 3) + "...";
  }

  /// The word that was probably meant; empty if none is near: at most every third letter may
  /// differ.
  static String nearest(String given, List<String> words) {
    String wanted = given.toLowerCase(Locale.ROOT);
    String best = "";
    int bestDistance = Integer.MAX_VALUE;
    for (String word : words) {
      String lower = word.toLowerCase(Locale.ROOT);
      if (wanted.length() > 1 && lower.startsWith(wanted)) {
        return word;
      }
      int allowed = Math.max(1, lower.length() / 3);
      if (Math.abs(lower.length() - wanted.length()) <= allowed) {
        int distance = distance(wanted, lower);
        if (distance <= allowed && distance < bestDistance) {
          best = word;
          bestDistance = distance;
        }
      }
    }
    return best;
  }

  /// Letters to change, add, drop or swap with their neighbour (optimal string alignment).
  private static int distance(String one, String other) {
    int[][] d = new int[one.length() + 1][other.length() + 1];
    for (int i = 0; i <= one.length(); i++) {
      for (int j = 0; j <= other.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int cost = one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + cost, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && one.charAt(i - 1) == other.charAt(j - 2)
            && one.charAt(i - 2) == other.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[one.length()][other.length()];
  }
}
