package farside.replay;

import java.util.Arrays;
import java.util.Locale;

/// One thing that crossed a port, or stands around such.
final class Fact {
  static final String[] NO_TEXTS = {};
  static final byte[] NO_CONTENT = {};

  private static final int TEXT_SHOWN_MAX = 200;

  private final FactKind kind;
  private final int port;
  private final long[] numbers;
  private final String[] texts;
  private final byte[] content;

  /// Keeps the arrays.
  ///
  /// @param port number of the port in the order in which they were attached, from 1: drives,
  ///     links, hosts, consoles, then links that are plugged in; 0 for what is no such port's
  /// @param content empty if the kind has none
  Fact(FactKind kind, int port, long[] numbers, String[] texts, byte[] content) {
    if (numbers.length != kind.numbers().size() || texts.length != kind.texts().size()) {
      throw new IllegalArgumentException(
          kind + " with " + numbers.length + " numbers and " + texts.length + " texts");
    }
    this.kind = kind;
    this.port = port;
    this.numbers = numbers;
    this.texts = texts;
    this.content = content;
  }

  FactKind kind() {
    return kind;
  }

  int port() {
    return port;
  }

  long[] numbers() {
    return numbers;
  }

  String[] texts() {
    return texts;
  }

  byte[] content() {
    return content;
  }

  long number(String name) {
    return numbers[kind.numbers().indexOf(name)];
  }

  String text(String name) {
    return texts[kind.texts().indexOf(name)];
  }

  boolean isTrue(String name) {
    return number(name) != 0;
  }

  boolean isSameAs(Fact other) {
    return kind == other.kind
        && port == other.port
        && Arrays.equals(numbers, other.numbers)
        && Arrays.equals(texts, other.texts)
        && Arrays.equals(content, other.content);
  }

  /// One line for people.
  ///
  /// @param portName such as `drive D1`; empty for port 0
  String shown(String portName) {
    StringBuilder line = new StringBuilder(kind.name());
    if (!portName.isEmpty()) {
      line.append(' ').append(portName);
    }
    for (int i = 0; i < numbers.length; i++) {
      String name = kind.numbers().get(i);
      line.append(' ').append(name).append('=');
      line.append(
          name.equals("crc32c") || name.equals("word")
              ? String.format(Locale.ROOT, "%08x", numbers[i])
              : Long.toString(numbers[i]));
    }
    for (int i = 0; i < texts.length; i++) {
      line.append(' ')
          .append(kind.texts().get(i))
          .append("=\"")
          .append(cut(texts[i]))
          .append('"');
    }
    if (content.length > 0) {
      line.append(", ").append(content.length).append(" bytes");
    }
    return line.toString();
  }

  private static String cut(String text) {
    String oneLine = text.replace("\n", "\\n");
    return oneLine.length() <= TEXT_SHOWN_MAX
        ? oneLine
        : oneLine.substring(0, TEXT_SHOWN_MAX) + "...";
  }
}
