package farside.remote;

import farside.director.MachineCheck;
import farside.port.LinkPort;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/// The links to the peer, and which of them a frame goes over.
///
/// A frame goes over the link where it arrives first, by what is on each link already and by what
/// each is measured to bring over (`LinkPace`). So the links are filled by what they can take, and
/// frames arrive nearly in the order in which they were sent: a slow link gets only what a fast
/// one would not bring any sooner. With one link in the session there is nothing to choose or to
/// measure.
final class LinkGroup {
  static final int LINKS_MAX = 8;

  /// What a link that takes no more is believed to need until it does.
  private static final double FULL_NS = 20_000_000;

  /// Takes what the links deliver.
  interface Sink {
    void onFrame(GroupLink from, long address, int lengthBytes);

    /// As [LinkPort.LinkSink#placeFor].
    long placeFor(GroupLink from, long headAddress, int headBytes, int payloadBytes);

    /// A frame whose payload lies in the place that [GroupLink#takePlace] gives.
    void onFrameInPlace(GroupLink from, long headAddress, int headBytes);

    /// What [GroupLink#takePlace] gives is of no use any more.
    void onPlaceFree(GroupLink from);

    void onSent(long tag);

    void onCarrier(GroupLink link, boolean up, String reason);
  }

  /// What a frame may wait for.
  enum Haste {
    /// Until the link where it arrives first has room for it.
    PACED,
    /// For nothing, and not over a link of which nothing is known yet: others wait for it.
    AT_ONCE
  }

  private final Sink sink;
  private final List<GroupLink> links = new ArrayList<>();
  /// Those taken out that may have payloads queued, or a place for one.
  private final List<GroupLink> leaving = new ArrayList<>();
  private int joinedCount;
  /// The one link in the session; null if there is none, or more than one.
  private GroupLink only;

  private GroupLink used;
  private boolean anyFull;

  LinkGroup(List<LinkPort> ports, Sink sink) {
    this.sink = sink;
    ports.forEach(this::add);
  }

  GroupLink add(LinkPort port) {
    GroupLink link = new GroupLink(port, sink);
    links.add(link);
    return link;
  }

  /// The link belongs to the group no more, but is drained until nothing of it is queued.
  void takeOut(GroupLink link) {
    MachineCheck.require(
        link.state() == LinkState.DOWN, "link " + link.name() + " is taken out while it is up");
    link.onTakenOut();
    links.remove(link);
    leaving.add(link);
  }

  /// A link that was taken out and that nobody waits for any more; null if there is none. It is
  /// forgotten.
  GroupLink nextGone(int limit) {
    for (int i = 0; i < leaving.size(); i++) {
      GroupLink link = leaving.get(i);
      if (link.port().drain(link, limit) == 0 && link.queuedFrames() == 0 && !link.hasPlace()) {
        return leaving.remove(i);
      }
    }
    return null;
  }

  /// True while something of a link of this name is still queued.
  boolean isLeaving(String name) {
    for (int i = 0; i < leaving.size(); i++) {
      if (leaving.get(i).name().equalsIgnoreCase(name)) {
        return true;
      }
    }
    return false;
  }

  int count() {
    return links.size();
  }

  GroupLink get(int index) {
    return links.get(index);
  }

  /// Null if none is called so.
  GroupLink named(String name) {
    for (int i = 0; i < links.size(); i++) {
      if (links.get(i).name().equalsIgnoreCase(name)) {
        return links.get(i);
      }
    }
    return null;
  }

  int joinedCount() {
    return joinedCount;
  }

  int drain(int limit) {
    int work = 0;
    for (int i = 0; i < links.size(); i++) {
      work += links.get(i).port().drain(links.get(i), limit);
    }
    return work;
  }

  // ---- carrier and session ----

  /// The first link that has carrier; null if none has.
  GroupLink firstWithCarrier() {
    for (int i = 0; i < links.size(); i++) {
      if (links.get(i).port().hasCarrier()) {
        return links.get(i);
      }
    }
    return null;
  }

  boolean isVariedOn() {
    for (int i = 0; i < links.size(); i++) {
      if (links.get(i).port().isVariedOn()) {
        return true;
      }
    }
    return false;
  }

  /// A new session: no link has joined it.
  void begin(long nowNs) {
    for (int i = 0; i < links.size(); i++) {
      GroupLink link = links.get(i);
      if (link.isJoined()) {
        become(link, LinkState.GREETING, nowNs);
      }
      link.forgetGreeting();
    }
  }

  /// The next greeting goes out at once, over every link.
  void greetAtOnce(long nowNs) {
    for (int i = 0; i < links.size(); i++) {
      links.get(i).greetAtOnce(nowNs);
    }
  }

  /// The next greeting goes out when it would if one had just gone.
  void greetLater(long nowNs) {
    for (int i = 0; i < links.size(); i++) {
      links.get(i).onGreeted(nowNs);
    }
  }

  void join(GroupLink link, long expectedSequence, long nowNs) {
    if (link.state() == LinkState.DOWN) {
      become(link, LinkState.GREETING, nowNs);
    }
    become(link, LinkState.JOINED, nowNs);
    link.begin(expectedSequence, nowNs);
  }

  void become(GroupLink link, LinkState next, long nowNs) {
    link.become(next, nowNs);
    joinedCount = 0;
    only = null;
    for (int i = 0; i < links.size(); i++) {
      if (links.get(i).isJoined()) {
        joinedCount++;
        only = joinedCount == 1 ? links.get(i) : null;
      }
    }
  }

  /// When something was last heard on any link of the session.
  long newestHeardNs(long nowNs) {
    long newest = nowNs - Long.MAX_VALUE / 2;
    for (int i = 0; i < links.size(); i++) {
      GroupLink link = links.get(i);
      if (link.isJoined() && link.heardNs() - newest > 0) {
        newest = link.heardNs();
      }
    }
    return newest;
  }

  /// True if every link of the session has brought something that was sent after this number: the
  /// frame of that number is lost.
  boolean hasPassed(int sequence) {
    for (int i = 0; i < links.size(); i++) {
      GroupLink link = links.get(i);
      if (link.isJoined() && link.passedSequence() - sequence <= 0) {
        return false;
      }
    }
    return true;
  }

  // ---- sending ----

  void onRoundBegun() {
    if (anyFull) {
      anyFull = false;
      for (int i = 0; i < links.size(); i++) {
        links.get(i).setFull(false);
      }
    }
  }

  /// As [LinkPort#submit], over the link where the frame arrives first. Without any link the frame
  /// is lost, and the answer is `SENT`.
  ///
  /// @param avoided not over this one, where several carry the session; may be null
  int submit(
      DirectBuffer header,
      int headerBytes,
      long payloadAddress,
      int payloadBytes,
      long tag,
      Haste haste,
      GroupLink avoided) {
    if (only != null) {
      return submitOver(only, header, headerBytes, payloadAddress, payloadBytes, tag);
    }
    used = null;
    if (joinedCount == 0) {
      return LinkPort.SENT;
    }
    int frameBytes = headerBytes + payloadBytes;
    while (true) {
      GroupLink best = best(frameBytes, haste, avoided);
      boolean mustWait = haste == Haste.PACED && best != null && !best.pace().hasRoom(frameBytes);
      if (best == null || best.isFull() || mustWait) {
        return LinkPort.FULL;
      }
      int answer = submitOver(best, header, headerBytes, payloadAddress, payloadBytes, tag);
      if (answer != LinkPort.FULL) {
        return answer;
      }
    }
  }

  /// Null: there is none to wait for.
  private GroupLink best(int frameBytes, Haste haste, GroupLink avoided) {
    GroupLink best = null;
    double bestNs = Double.POSITIVE_INFINITY;
    for (int i = 0; i < links.size(); i++) {
      GroupLink link = links.get(i);
      if (!link.isJoined() || link == avoided) {
        continue;
      }
      LinkPace pace = link.pace();
      boolean isUnknown = haste != Haste.PACED && !pace.isMeasured();
      double arrivalNs =
          isUnknown ? Double.MAX_VALUE : pace.arrivalNs(frameBytes) + (link.isFull() ? FULL_NS : 0);
      if (arrivalNs < bestNs) {
        bestNs = arrivalNs;
        best = link;
      }
    }
    return best;
  }

  /// As [LinkPort#submit], over this very link.
  int submitOver(
      GroupLink link,
      DirectBuffer header,
      int headerBytes,
      long payloadAddress,
      int payloadBytes,
      long tag) {
    int answer = link.port().submit(header, headerBytes, payloadAddress, payloadBytes, tag);
    if (answer == LinkPort.FULL) {
      link.setFull(true);
      anyFull = true;
    } else if (answer == LinkPort.QUEUED) {
      link.onQueued();
    }
    used = link;
    return answer;
  }

  /// The link over which the last frame went.
  GroupLink used() {
    return used;
  }
}
