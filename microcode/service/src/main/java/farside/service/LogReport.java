package farside.service;

import farside.director.Event;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `log`: the newest events, oldest first.
record LogReport(List<Event> events) implements Answer {
  @Override
  public String text() {
    if (events.isEmpty()) {
      return "No events yet.\n";
    }
    TextTable table =
        new TextTable().words("Time (UTC)").numbers("Number").words("Severity").words("Event");
    for (Event event : events) {
      table.row(
          Wording.time(event.wallMs()),
          event.code().number(),
          event.code().severity(),
          event.text());
    }
    return table.text();
  }

  @Override
  public Object json() {
    List<Object> list = new ArrayList<>();
    for (Event event : events) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("sequence", event.sequence());
      json.put("time", Wording.time(event.wallMs()));
      json.put("number", event.code().number());
      json.put("code", event.code().name());
      json.put("severity", event.code().severity().name());
      json.put("text", event.text());
      list.add(json);
    }
    return list;
  }
}
