package farside.remote;

import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.LinkPort;
import farside.port.PatchPanelPort;
import farside.volume.LinkDesk;

/// The remote adapter as the console has it: the figures of its links, and what an operator does
/// to them.
final class LinkConsole implements LinkDesk {
  /// What it asks of the session.
  interface Session {
    SessionState sessionState();

    /// When the adapter last ran.
    long nowNs();

    /// Frames that were damaged or not understood.
    long refusedFrames();
  }

  private final Session session;
  private final LinkGroup links;
  private final FrameTransport transport;
  private final PeerWatch watch;
  private final Recabling recabling;
  private final TrackCopier copier;
  private final Repairs repairs;
  private final EventLog events;

  LinkConsole(
      Session session,
      LinkGroup links,
      FrameTransport transport,
      PeerWatch watch,
      Recabling recabling,
      TrackCopier copier,
      Repairs repairs,
      EventLog events) {
    this.session = session;
    this.links = links;
    this.transport = transport;
    this.watch = watch;
    this.recabling = recabling;
    this.copier = copier;
    this.repairs = repairs;
    this.events = events;
  }

  @Override
  public int linkCount() {
    return links.count();
  }

  @Override
  public LinkFigures figures(int index) {
    GroupLink link = links.get(index);
    LinkPort port = link.port();
    SessionState state = session.sessionState();
    boolean isOut = state.isUp() && !link.isJoined();
    SessionState carried = !isOut
        ? state
        : link.state() == LinkState.DOWN ? SessionState.OFFLINE : SessionState.GREETING;
    long silentNs = isOut ? session.nowNs() - link.heardNs() : watch.silentNs(session.nowNs());
    long allBytes = 0;
    for (int i = 0; i < links.count(); i++) {
      allBytes += links.get(i).carriedBytes();
    }
    return new LinkFigures(
        link.name(),
        port.description(),
        port.isVariedOn(),
        port.hasCarrier(),
        carried.name(),
        state.isUp() ? transport.unacknowledgedOn(link) : 0,
        port.sentFrames(),
        port.sentBytes(),
        port.receivedFrames(),
        port.receivedBytes(),
        link.lostFrames(),
        session.refusedFrames(),
        silentNs / 1_000_000,
        allBytes == 0 ? 0 : (int) Math.round(100.0 * link.carriedBytes() / allBytes),
        link.pace().bytesPerSecond(),
        link.pace().delayNs() / 1000);
  }

  @Override
  public boolean vary(String linkName, boolean on) {
    GroupLink link = links.named(linkName);
    if (link == null) {
      return false;
    }
    events.log(EventCode.LINK_VARIED, link.name(), on ? "on" : "off");
    link.port().vary(on);
    return true;
  }

  @Override
  public String add(String linkName, PatchPanelPort.End end, String address) {
    return recabling.add(linkName, end, address);
  }

  @Override
  public String remove(String linkName) {
    return recabling.remove(linkName, session.sessionState().isUp(), session.nowNs());
  }

  @Override
  public int copiesInFlight(int volumeIndex) {
    return copier.inFlight(volumeIndex);
  }

  @Override
  public long repairedBlocks(int volumeIndex) {
    return repairs.repairedBlocks(volumeIndex);
  }
}
