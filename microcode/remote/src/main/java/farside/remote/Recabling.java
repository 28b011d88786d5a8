package farside.remote;

import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.PatchPanelPort;

/// Links that the operator adds and removes while the cabinet runs.
///
/// An added link is as one that had no carrier yet: it joins the session by greetings when its far
/// end is there, whichever side was first. A removed one is varied off at once, so that what was
/// on it goes over the others; the port is pulled when no payload of it is queued any more.
///
/// Nothing that is done here ends a session or takes the only way to the peer: who means that
/// varies the link off, which says so.
final class Recabling {
  private final PatchPanelPort panel;
  private final LinkGroup links;
  private final GroupWatch group;
  private final EventLog events;

  Recabling(PatchPanelPort panel, LinkGroup links, GroupWatch group, EventLog events) {
    this.panel = panel;
    this.links = links;
    this.group = group;
    this.events = events;
  }

  /// Returns what is in the way, and the cure; empty: nothing was.
  String add(String name, PatchPanelPort.End end, String address) {
    String obstacle = obstacleTo(name);
    if (obstacle.isEmpty()) {
      obstacle = panel.obstacle(end, address);
    }
    if (obstacle.isEmpty()) {
      GroupLink link = links.add(panel.plug(name, end, address));
      events.log(EventCode.LINK_ADDED, link.name(), link.port().description());
    }
    return obstacle;
  }

  private String obstacleTo(String name) {
    if (links.count() == 0) {
      return "This cabinet has no link in the rig, and so no peer that it would believe."
          + " Write a link into the rig file and start the site again.";
    }
    if (links.named(name) != null) {
      return "There is a link " + links.named(name).name()
          + " already. Choose another name, or remove that one first.";
    }
    if (links.isLeaving(name)) {
      return "Link " + name + " is still being removed. Try again in a moment.";
    }
    if (links.count() >= LinkGroup.LINKS_MAX) {
      return "There are " + links.count() + " links, and no more can carry a session."
          + " Remove one first.";
    }
    return "";
  }

  /// Returns what is in the way, and the cure; empty: nothing was.
  ///
  /// @param isUp the session is
  String remove(String name, boolean isUp, long nowNs) {
    GroupLink link = links.named(name);
    if (link == null) {
      return "There is no link " + name + ". See `links`.";
    }
    if (links.count() == 1) {
      return "Link " + link.name() + " is the last one, and the cabinet needs one to know its peer."
          + " `vary " + link.name() + " off` takes it out of use.";
    }
    if (isWay(link, isUp) && !hasOtherWay(link, isUp)) {
      return "No other link leads to the peer now, so without " + link.name()
          + " the R1 groups would go on alone. Bring another up, see `links`;"
          + " or, if that is meant, `vary " + link.name() + " off` first.";
    }
    link.port().vary(false);
    group.takeOut(link, nowNs);
    return "";
  }

  private static boolean isWay(GroupLink link, boolean isUp) {
    return isUp ? link.isJoined() : link.port().hasCarrier();
  }

  private boolean hasOtherWay(GroupLink than, boolean isUp) {
    for (int i = 0; i < links.count(); i++) {
      if (links.get(i) != than && isWay(links.get(i), isUp)) {
        return true;
      }
    }
    return false;
  }

  /// Pulls out what was removed and is not needed by any payload any more.
  int pullGone(int drainLimit) {
    int work = 0;
    for (GroupLink gone = links.nextGone(drainLimit);
        gone != null;
        gone = links.nextGone(drainLimit)) {
      panel.pull(gone.port());
      events.log(EventCode.LINK_REMOVED, gone.name(), links.count());
      work++;
    }
    return work;
  }
}
