package farside.service;

import farside.volume.LinkDesk;
import farside.volume.LinkDesk.LinkFigures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `links`: what the remote adapter knows of each link.
record LinksReport(List<LinkFigures> links) implements Answer {
  static LinksReport of(LinkDesk desk) {
    List<LinkFigures> links = new ArrayList<>();
    for (int i = 0; i < desk.linkCount(); i++) {
      links.add(desk.figures(i));
    }
    return new LinksReport(links);
  }

  @Override
  public String text() {
    if (links.isEmpty()) {
      return "This cabinet has no links.\n";
    }
    TextTable states = new TextTable()
        .words("Link")
        .words("Varied")
        .words("Carrier")
        .words("Session")
        .numbers("Silent")
        .words("Leads to");
    TextTable traffic = new TextTable()
        .words("Link")
        .numbers("Sent\nframes")
        .numbers("Sent")
        .numbers("Received\nframes")
        .numbers("Received")
        .numbers("Unacked\nframes")
        .numbers("Resent\nframes")
        .numbers("Refused\nframes");
    for (LinkFigures link : links) {
      states.row(
          link.name(),
          Wording.onOff(link.variedOn()),
          Wording.yesNo(link.carrier()),
          link.session(),
          link.silentMs() + " ms",
          link.description());
      traffic.row(
          link.name(),
          link.sentFrames(),
          Wording.size(link.sentBytes()),
          link.receivedFrames(),
          Wording.size(link.receivedBytes()),
          link.unacknowledged(),
          link.resentFrames(),
          link.refusedFrames());
    }
    return states.text() + "\n" + traffic.text();
  }

  @Override
  public Object json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("links", list());
    return json;
  }

  List<Object> list() {
    List<Object> list = new ArrayList<>();
    for (LinkFigures link : links) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("name", link.name());
      json.put("description", link.description());
      json.put("variedOn", link.variedOn());
      json.put("carrier", link.carrier());
      json.put("session", link.session());
      json.put("unacknowledgedFrames", link.unacknowledged());
      json.put("sentFrames", link.sentFrames());
      json.put("sentBytes", link.sentBytes());
      json.put("receivedFrames", link.receivedFrames());
      json.put("receivedBytes", link.receivedBytes());
      json.put("resentFrames", link.resentFrames());
      json.put("refusedFrames", link.refusedFrames());
      json.put("silentMs", link.silentMs());
      list.add(json);
    }
    return list;
  }
}
