package farside.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `help`: one line per command, or everything about one.
record HelpReport(List<ConsoleCommand> commands, boolean inFull) implements Answer {
  @Override
  public String text() {
    return inFull ? inFullText() : listText();
  }

  private String inFullText() {
    StringBuilder out = new StringBuilder();
    for (ConsoleCommand command : commands) {
      out.append(command.usage()).append(": ").append(command.summary()).append("\n\n");
      out.append(command.help()).append('\n');
    }
    return out.toString();
  }

  private String listText() {
    TextTable table = new TextTable().words("Command").words("What it does");
    for (ConsoleCommand command : commands) {
      table.row(command.usage(), command.summary());
    }
    return table.text() + """

        Exit codes: 0 yes or done, 1 no or failed, 2 usage.
        """;
  }

  @Override
  public Object json() {
    List<Object> list = new ArrayList<>();
    for (ConsoleCommand command : commands) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("command", command.word());
      json.put("usage", command.usage());
      json.put("summary", command.summary());
      json.put("help", command.help());
      list.add(json);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("commands", list);
    return json;
  }
}
