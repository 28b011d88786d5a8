package farside.remote;

import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;

/// Watches each link of the group: lets it into the session, takes it out, and has it connected
/// anew.
///
/// A link joins the running session when the peer's greeting comes over it, under the session's
/// epoch, and echoes ours: then it leads to the same process, both ways, now. It leaves when its
/// carrier goes, when nothing came over it while something came over another, or when the peer
/// greets on it without an echo, which says that the peer does not hear us there. As long as
/// another link carries the session, nobody notices but by the log.
final class GroupWatch {
  /// A link that was well for so long is told of again from the first time on.
  private static final long FORGIVEN_NS = 60_000_000_000L;

  private static final int PATIENCE_DOUBLINGS_MAX = 4;

  private final RemoteSettings settings;
  private final LinkGroup links;
  private final FrameTransport transport;
  private final Greetings greetings;
  private final EventLog events;

  GroupWatch(
      RemoteSettings settings,
      LinkGroup links,
      FrameTransport transport,
      Greetings greetings,
      EventLog events) {
    this.settings = settings;
    this.links = links;
    this.transport = transport;
    this.greetings = greetings;
    this.events = events;
    transport.reports().setEvery(settings.linkHeartbeatNs());
  }

  // ---- carrier ----

  /// Looks which links have carrier.
  int look(long nowNs) {
    int work = 0;
    for (int i = 0; i < links.count(); i++) {
      GroupLink link = links.get(i);
      boolean isDown = link.state() == LinkState.DOWN;
      if (link.port().hasCarrier() == isDown) {
        if (isDown) {
          links.become(link, LinkState.GREETING, nowNs);
        } else {
          leave(link, LinkState.DOWN, "no carrier", nowNs);
        }
        work++;
      }
    }
    return work;
  }

  /// News of the carrier: whatever stood before was another connection.
  void onCarrier(GroupLink link, boolean up, String reason, long nowNs) {
    if (!up && link.state() != LinkState.DOWN) {
      leave(link, LinkState.DOWN, reason, nowNs);
    }
    if (up && link.state() == LinkState.DOWN && link.port().hasCarrier()) {
      links.become(link, LinkState.GREETING, nowNs);
    }
  }

  boolean isAllDown() {
    for (int i = 0; i < links.count(); i++) {
      if (links.get(i).state() != LinkState.DOWN) {
        return false;
      }
    }
    return true;
  }

  // ---- the session ----

  void join(GroupLink link, long nowNs) {
    transport.join(link, nowNs);
    link.onJoined();
    if (links.count() > 1 && link.isToBeTold()) {
      events.log(EventCode.LINK_JOINED, link.name(), links.joinedCount(), links.count());
    }
  }

  private void leave(GroupLink link, LinkState next, String because, long nowNs) {
    boolean wasJoined = link.isJoined();
    links.become(link, next, nowNs);
    if (!wasJoined || links.joinedCount() == 0) {
      return;
    }
    int stranded = transport.onLinkLeft(link);
    link.onLeft(nowNs, FORGIVEN_NS);
    if (link.isToBeTold()) {
      events.log(EventCode.LINK_LEFT, link.name(), because, stranded, link.leftCount());
    }
  }

  /// The peer greets under the epoch of the session that is up.
  void onGreeting(GroupLink from, int epoch, long nowNs) {
    boolean echoes = greetings.echoesUs();
    if (from.isJoined() && !echoes && links.joinedCount() > 1) {
      leave(from, LinkState.GREETING, "the peer hears nothing on it", nowNs);
    }
    from.onGreeting(epoch);
    if (!from.isJoined()) {
      if (echoes) {
        join(from, nowNs);
      }
      greetings.send(from, nowNs);
    } else if (!echoes || !from.hasHeard() && greetings.isHalfDue(from, nowNs)) {
      // It greets us and hears us: our last greeting may have been lost, without which it cannot
      // let the link in. Not more often than we greet unasked, and not once it has: or two that
      // have would greet each other for ever.
      greetings.send(from, nowNs);
    }
  }

  /// Takes out what is silent, and greets over what may join. For a session that is up.
  int step(long nowNs) {
    int work = greetings.sendDue(links, nowNs);
    if (links.joinedCount() > 1) {
      long newestNs = links.newestHeardNs(nowNs);
      for (int i = 0; i < links.count(); i++) {
        GroupLink link = links.get(i);
        // Against the others and not the clock: all are silent when this cabinet was held up.
        long behindNs = newestNs - link.heardNs();
        if (link.isJoined() && behindNs >= settings.linkSilenceNs()) {
          leave(link, LinkState.GREETING, "silent for " + behindNs / 1_000_000 + " ms", nowNs);
          work++;
        }
      }
    }
    return work;
  }

  // ---- connections that are dead ----

  /// A link with carrier over which nothing comes is hung up after the link timeout: its far end
  /// may be gone without having said so. While that does not help, it is tried less and less
  /// often.
  int hangUpDead(long nowNs) {
    int work = 0;
    for (int i = 0; i < links.count(); i++) {
      GroupLink link = links.get(i);
      if (link.state() != LinkState.DOWN && nowNs - deadNs(link) >= 0) {
        long silentMs = (nowNs - link.heardNs()) / 1_000_000;
        events.log(EventCode.LINK_HUNG_UP, link.name(), silentMs);
        link.onHungUp(nowNs);
        link.port().hangUp("nothing came for " + silentMs + " ms");
        work++;
      }
    }
    return work;
  }

  private long deadNs(GroupLink link) {
    int doublings = Math.min(link.hangUps(), PATIENCE_DOUBLINGS_MAX);
    return link.heardNs() + (settings.linkTimeoutNs() << doublings);
  }

  /// @param isUp the session is
  long nextDeadlineNs(boolean isUp) {
    long deadline = isUp ? greetings.nextDeadlineNs(links) : Director.NO_DEADLINE;
    for (int i = 0; i < links.count(); i++) {
      if (links.get(i).state() != LinkState.DOWN) {
        deadline = Director.sooner(deadline, deadNs(links.get(i)));
      }
    }
    return deadline;
  }
}
