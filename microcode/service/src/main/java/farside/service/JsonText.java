package farside.service;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Facts as JSON text (RFC 8259), indented by two spaces.
///
/// Takes maps with an order of their own, lists, strings, whole numbers, booleans and null.
/// Everything that
/// a terminal might obey, or that is half a character, is escaped.
final class JsonText {
  private final StringBuilder out = new StringBuilder();

  private JsonText() {}

  static String of(Object fact) {
    JsonText text = new JsonText();
    text.value(fact, 0);
    return text.out.append('\n').toString();
  }

  private void value(Object fact, int depth) {
    switch (fact) {
      case null -> out.append("null");
      case Map<?, ?> map -> object(map, depth);
      case List<?> list -> array(list, depth);
      case Integer number -> out.append(number.intValue());
      case Long number -> out.append(number.longValue());
      case Boolean bool -> out.append(bool.booleanValue());
      case String string -> string(string);
      default ->
        throw new IllegalArgumentException("no JSON for " + fact.getClass().getName());
    }
  }

  private void object(Map<?, ?> map, int depth) {
    out.append('{');
    boolean first = true;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      line(first, depth + 1);
      string((String) entry.getKey());
      out.append(": ");
      value(entry.getValue(), depth + 1);
      first = false;
    }
    end(first, depth, '}');
  }

  private void array(List<?> list, int depth) {
    out.append('[');
    boolean first = true;
    for (Object item : list) {
      line(first, depth + 1);
      value(item, depth + 1);
      first = false;
    }
    end(first, depth, ']');
  }

  private void line(boolean first, int depth) {
    out.append(first ? "\n" : ",\n").repeat("  ", depth);
  }

  private void end(boolean empty, int depth, char bracket) {
    if (!empty) {
      out.append('\n').repeat("  ", depth);
    }
    out.append(bracket);
  }

  private void string(String string) {
    out.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029' || isHalf(string, i)) {
            out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /// A surrogate without its other half: UTF-8 has no bytes for it.
  private static boolean isHalf(String string, int i) {
    char c = string.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == string.length() || !Character.isLowSurrogate(string.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(string.charAt(i - 1)));
  }
}
