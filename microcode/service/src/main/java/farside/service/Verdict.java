package farside.service;

import java.util.LinkedHashMap;
import java.util.Map;

/// The answer of a command that does something, or of one that cannot be done: a sentence or
/// two.
record Verdict(int exitCode, String text, Map<String, Object> json) implements Answer {

  static Verdict done(String message, Map<String, Object> facts) {
    Map<String, Object> json = new LinkedHashMap<>(facts);
    json.put("message", message);
    return new Verdict(DONE, message + "\n", json);
  }

  static Verdict failed(String message) {
    return new Verdict(FAILED, message + "\n", error(message));
  }

  /// The person slipped.
  ///
  /// @param command what was meant to be called; null if it is not known
  /// @param didYouMean the word nearest to the one given; empty if none is near
  static Verdict usage(String message, ConsoleCommand command, String didYouMean) {
    Map<String, Object> json = error(message);
    StringBuilder text = new StringBuilder(message).append('\n');
    if (!didYouMean.isEmpty()) {
      text.append("Did you mean `").append(didYouMean).append("`?\n");
      json.put("didYouMean", didYouMean);
    }
    if (command != null) {
      text.append("Usage: ").append(command.usage()).append('\n');
      json.put("usage", command.usage());
    } else {
      text.append("Commands: ")
          .append(String.join(", ", ConsoleCommand.words()))
          .append('\n');
      json.put("commands", ConsoleCommand.words());
    }
    return new Verdict(USAGE, text.toString(), json);
  }

  private static Map<String, Object> error(String message) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("error", message);
    return json;
  }
}
