package farside.service;

import farside.port.PatchPanelPort;
import farside.volume.LinkDesk;
import farside.volume.LinkDesk.LinkFigures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// `link add` and `link remove`. What is typed is checked here as far as it needs no look at the
/// links; the remote adapter and its patch panel say the rest.
final class LinkOrder {
  private static final String NAME = "[A-Za-z][A-Za-z0-9-]{0,15}";
  private static final String ADDRESS = "([0-9.]{7,15}|\\[[0-9A-Fa-f:.]{2,45}\\]):[1-9][0-9]{0,4}";

  private LinkOrder() {}

  /// @param arguments two to four
  static Answer carryOut(List<String> arguments, LinkDesk links) {
    String action = arguments.get(0).toLowerCase(Locale.ROOT);
    String name = arguments.get(1);
    return switch (action) {
      case "add" ->
        arguments.size() < 4
            ? slip("`link add` lacks an argument: listen or connect, and where.")
            : add(name, arguments.get(2).toLowerCase(Locale.ROOT), arguments.get(3), links);
      case "remove" ->
        arguments.size() > 2
            ? slip("`link remove` does not take " + Wording.echo(arguments.get(2)) + ".")
            : remove(name, links);
      default -> slip("A link is `add`ed or `remove`d, not " + Wording.echo(action) + ".");
    };
  }

  private static Answer add(String name, String typedEnd, String address, LinkDesk links) {
    if (!name.matches(NAME)) {
      return slip(Wording.echo(name) + " is no name of a link; that is a letter, then up to 15"
          + " letters, digits or hyphens, such as L2.");
    }
    if (!typedEnd.equals("listen") && !typedEnd.equals("connect")) {
      return slip("An end of a link is `listen` or `connect`, not " + Wording.echo(typedEnd) + ".");
    }
    if (!address.matches(ADDRESS)) {
      return slip(Wording.echo(address) + " is no address; that is IP:PORT, such as"
          + " 192.0.2.7:11809 or [2001:db8::7]:11809. Names are not looked up here.");
    }
    PatchPanelPort.End end =
        typedEnd.equals("listen") ? PatchPanelPort.End.LISTEN : PatchPanelPort.End.CONNECT;
    String obstacle = links.add(name, end, address);
    if (!obstacle.isEmpty()) {
      return Verdict.failed(obstacle);
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("link", name);
    facts.put("added", true);
    facts.put("end", typedEnd);
    facts.put("address", address);
    return Verdict.done(
        "Link " + name + " was added: " + typedEnd + " " + address
            + ".\nIt carries the session once its far end is there; see `links`.\n"
            + "The rig file was not changed: write the link there too, or the next start is without"
            + " it.",
        facts);
  }

  private static Answer remove(String typed, LinkDesk links) {
    LinkFigures link = linkOf(typed, links);
    if (link == null) {
      return unknown(typed, links);
    }
    String obstacle = links.remove(link.name());
    if (!obstacle.isEmpty()) {
      return Verdict.failed(obstacle);
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("link", link.name());
    facts.put("removed", true);
    return Verdict.done(
        "Link " + link.name() + " was removed; what was on it goes over the others.\n"
            + "The rig file was not changed: take the link out there too, or the next start has it"
            + " again.",
        facts);
  }

  private static Answer slip(String message) {
    return Verdict.usage(message, ConsoleCommand.LINK, "");
  }

  /// Null if no link is called so.
  static LinkFigures linkOf(String name, LinkDesk links) {
    for (int i = 0; i < links.linkCount(); i++) {
      LinkFigures link = links.figures(i);
      if (link.name().equalsIgnoreCase(name)) {
        return link;
      }
    }
    return null;
  }

  static Answer unknown(String typed, LinkDesk links) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < links.linkCount(); i++) {
      names.add(links.figures(i).name());
    }
    return Verdict.failed("There is no link " + Wording.echo(typed) + " in this cabinet. "
        + Wording.choice("Links", names));
  }
}
