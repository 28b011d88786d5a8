package farside.service;

import farside.volume.LinkDesk;
import farside.volume.LinkDesk.LinkFigures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
    return states.text() + "\n" + traffic.text() + (links.size() > 1 ? "\n" + pace() : "");
  }

  /// What the links are measured to bring over; nothing of one that is alone.
  private String pace() {
    TextTable pace =
        new TextTable().words("Link").numbers("Share").numbers("Rate").numbers("Round trip");
    for (LinkFigures link : links) {
      pace.row(
          link.name(),
          link.sharePercent() + " %",
          link.bytesPerSecond() == 0 ? "-" : Wording.size(link.bytesPerSecond()) + "/s",
          link.delayMicros() == 0
              ? "-"
              : String.format(Locale.ROOT, "%.1f ms", link.delayMicros() / 1000.0));
    }
    return pace.text();
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
      json.put("sharePercent", link.sharePercent());
      json.put("rateBytesPerSecond", link.bytesPerSecond());
      json.put("roundTripMicros", link.delayMicros());
      list.add(json);
    }
    return list;
  }
}
