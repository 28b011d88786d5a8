package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.port.LinkPort;
import farside.port.PatchPanelPort;
import farside.port.RandomPort;
import farside.protocol.link.FrameKind;
import farside.protocol.session.GreetingDecoder;
import farside.volume.Labels;
import farside.volume.LinkDesk;
import farside.volume.Volume;
import farside.volume.Volumes;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/// The remote adapter (RA): cache to link to the peer's cache, and acknowledgements back (E-13,
/// E-20 to E-25).
///
/// This class is the session: it greets the peer, opens, ends, and begins anew. In an open
/// session `PairDesk` settles what becomes of each pair, `OutgoingWrites` sends records and
/// copies, `IncomingMessages` reads what the peer sends, `Watermarks` say how far the drives
/// are stable; `Borrower` and `Lender` read blocks from the other side's drive. `GroupWatch` says
/// which links carry it. `PeerWatch` looks, session or none, how long the peer lets us wait.
/// `LinkConsole` answers the operator.
public final class RemoteAdapter
    implements Director,
        LinkGroup.Sink,
        FrameTransport.Receiver,
        PairDesk.Session,
        LinkConsole.Session {
  /// Bytes of work memory that it needs, aligned to 4096.
  public static final int WORK_BYTES = TrackCopier.BUFFERS * BlockMask.TRACK_BYTES;

  /// Private track slots that it fills for the peer.
  public static final int PRIVATE_SLOTS = Lender.LOANS;

  private static final int DRAIN_LIMIT = 512;

  /// Sessions back to which a greeting is known to be an old one. Half of them are odd.
  private static final int EPOCHS_REMEMBERED = 2000;

  private final RemoteSettings settings;
  private final LinkGroup links;
  private final GlobalMemory memory;
  private final Volumes volumes;
  private final RandomPort random;
  private final EventLog events;
  private final FrameTransport transport;
  private final GroupCut cut;
  private final PairDesk desk;
  private final SessionMessages messages;
  private final Watermarks watermarks;
  private final Greetings greetings;
  private final OutgoingWrites outgoing;
  private final Borrower borrower;
  private final IncomingMessages incoming;
  private final GroupWatch group;
  private final Recabling recabling;
  private final PeerWatch watch;
  private final LinkConsole console;
  private final Intake intake;

  private SessionState state = SessionState.OFFLINE;
  private String restartReason;
  private long nowNs;
  private int epoch;
  private long comparingSinceNs;
  private long refusedFrames;
  private long resentToldNext = 1;
  private boolean started;
  private boolean isLeaving;

  /// @param workAddress memory of [#WORK_BYTES]
  public RemoteAdapter(
      RemoteSettings settings,
      List<LinkPort> ports,
      PatchPanelPort panel,
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      RandomPort random,
      EventLog events,
      long workAddress) {
    this.settings = settings;
    links = new LinkGroup(ports, this);
    this.memory = memory;
    this.volumes = volumes;
    this.random = random;
    this.events = events;
    intake =
        new Intake(settings.linkTimeoutNs(), memory, volumes, labels, events, this::sendsNoWrites);
    transport =
        new FrameTransport(links, this, intake, new IncomingPlaces(memory.records(), volumes));
    messages = new SessionMessages(settings, memory, volumes, transport, labels);
    watermarks = new Watermarks(
        settings.heartbeatNs(),
        memory,
        volumes,
        this::isLinked,
        this::mayTellStable,
        transport,
        messages);
    greetings = new Greetings(transport, messages, watermarks, events);
    group = new GroupWatch(settings, links, transport, greetings, events);
    recabling = new Recabling(panel, links, group, events);
    outgoing = new OutgoingWrites(
        memory, volumes, this::isLinked, transport, messages, watermarks, events, workAddress);
    borrower = new Borrower(
        settings.linkTimeoutNs(), memory, volumes, this::isLinked, transport, messages, events);
    cut = new GroupCut(memory, volumes, labels, random, events);
    desk =
        new PairDesk(memory, volumes, labels, random, events, cut, outgoing.copier(), intake, this);
    incoming = new IncomingMessages(
        volumes,
        desk,
        new IncomingWrites(memory, volumes, labels, events, desk, watermarks),
        watermarks,
        outgoing,
        borrower,
        transport);
    watch = new PeerWatch(
        settings.linkTimeoutNs(), links, memory, volumes, labels, events, cut, outgoing, this);
    console = new LinkConsole(
        this, links, transport, watch, recabling, outgoing.copier(), borrower.repairs(), events);
  }

  private boolean isLinked(int volumeIndex) {
    return desk.isLinked(volumeIndex);
  }

  private boolean mayTellStable(int volumeIndex) {
    return desk.mayTellStable(volumeIndex);
  }

  private boolean sendsNoWrites(int volumeIndex) {
    return desk.sendsNoWrites(volumeIndex);
  }

  @Override
  public String name() {
    return "RA";
  }

  /// IML is over: pairs that went alone, or were in the middle of something, are taken up.
  public void start(long now) {
    nowNs = now;
    watch.onOutOfReach(now);
    watermarks.start(now);
    started = true;
    cut.takeUpAfterIml();
  }

  /// The cabinet is going down: nothing of the peer's is taken any more, so that what is
  /// destaged stays all there is. Own writes that still wait for it are cut off at the link
  /// timeout.
  public void leave() {
    isLeaving = true;
    borrower.leave();
    if (state != SessionState.OFFLINE) {
      become(SessionState.OFFLINE, "the cabinet is going down");
    }
  }

  /// True while the peer is heard.
  public boolean isInSession() {
    return state.isUp();
  }

  // ---- the loop ----

  @Override
  public int doWork(long now) {
    nowNs = now;
    if (!started) {
      return 0;
    }
    transport.onRoundBegun(now);
    int work = intake.look(now);
    work += group.look(now) + links.drain(DRAIN_LIMIT) + group.look(now);
    work += recabling.pullGone(DRAIN_LIMIT);
    work += applyRestart();
    work += switch (state) {
      case OFFLINE -> awaitCarrier();
      case GREETING -> greet();
      case COMPARING -> compare();
      case READY -> mirror();
    };
    work += applyRestart();
    work += watch.cutOverdueGroups(nowNs) + cut.finish() + cut.catchUp();
    work += watch.markStale(nowNs) + watch.yieldToBits();
    work += applyRestart();
    work += borrower.step(state.isUp(), nowNs);
    if (state.isUp()) {
      work += group.step(nowNs);
      work += outgoing.lender().step();
      work += watermarks.tell(nowNs) + sayAlive() + transport.endRound(nowNs, outgoing);
      tellResent();
    }
    if (state != SessionState.OFFLINE) {
      work += group.hangUpDead(nowNs);
    }
    return work;
  }

  private void become(SessionState next, String because) {
    MachineCheck.require(state.mayBecome(next), "session: " + state + " may not become " + next);
    events.log(EventCode.SESSION_STATE, state, next, because);
    boolean wasUp = state.isUp();
    state = next;
    if (next.isUp()) {
      watch.onInReach();
    } else if (wasUp) {
      watch.onOutOfReach(nowNs);
      transport.end();
      desk.end(because);
      borrower.onSessionEnd();
      outgoing.onSessionEnd();
    }
  }

  private int awaitCarrier() {
    GroupLink link = isLeaving ? null : links.firstWithCarrier();
    if (link == null) {
      return 0;
    }
    become(SessionState.GREETING, "carrier on " + link.name());
    beginGreeting();
    return 1;
  }

  private void beginGreeting() {
    beginEpoch();
    greetings.sendDue(links, nowNs);
  }

  /// Epochs rise within the life of a process, so that a greeting of an earlier session, which a
  /// slow link still brings, can be told from a new one. All are odd, and so never 0.
  private void beginEpoch() {
    epoch = epoch == 0 ? (int) random.nextNonZero() | 1 : epoch + 2;
    transport.begin(epoch, nowNs);
  }

  private boolean isOfAnEarlierSession(int greeted) {
    int sessionsAgo = transport.peerEpoch() - greeted;
    return sessionsAgo > 0 && sessionsAgo < EPOCHS_REMEMBERED;
  }

  private int greet() {
    if (group.isAllDown()) {
      become(SessionState.OFFLINE, "no carrier");
      return 1;
    }
    return greetings.sendDue(links, nowNs);
  }

  private int compare() {
    int work = checkAlive();
    if (!state.isUp()) {
      return work;
    }
    if (nowNs - comparingSinceNs >= settings.linkTimeoutNs()) {
      // A volume that the peer never spoke of must not keep the others from being mirrored.
      work += desk.giveUpUnsettled();
    }
    work += outgoing.sendControls(desk) + desk.step(false, outgoing.sentNumber());
    if (restartReason == null && desk.isSettled()) {
      become(SessionState.READY, "every pair is settled");
      work++;
    }
    return work;
  }

  private int mirror() {
    int work = checkAlive();
    if (!state.isUp()) {
      return work;
    }
    work += outgoing.sendControls(desk);
    work += outgoing.send();
    work += desk.step(outgoing.isEverythingSent(), outgoing.sentNumber());
    work += outgoing.copier().step(volumes.list(), nowNs);
    return work;
  }

  private int checkAlive() {
    if (links.joinedCount() == 0) {
      become(SessionState.OFFLINE, "no carrier");
      return 1;
    }
    if (nowNs - transport.lastReceivedNs() >= settings.linkTimeoutNs()) {
      restart("the peer is silent");
      return applyRestart();
    }
    return 0;
  }

  // ---- restart and cut ----

  @Override
  public void restart(String because) {
    if (restartReason == null) {
      restartReason = because;
      links.greetAtOnce(nowNs);
    }
  }

  @Override
  public void cut(String group, String because) {
    cut.cut(group, because);
    // The session is bound to the generations that it was greeted with.
    restart("group " + group + " was cut");
  }

  @Override
  public void leaveOut(String group, String because) {
    for (Volume volume : volumes.sourcesOf(group)) {
      outgoing.leaveOut(volume);
      watermarks.leaveOut(volume);
    }
    cut.leaveOut(group, because);
    outgoing.onLeftOut();
  }

  @Override
  public void dropUnreceived(Volume volume) {
    outgoing.dropUnreceived(volume);
  }

  @Override
  public long goOnAlone(Volume volume) {
    long ticket = cut.goOnAlone(volume);
    outgoing.onLeftOut();
    return ticket;
  }

  @Override
  public boolean isAllStableThere(Volume volume, long number) {
    return watermarks.heard(volume) >= number;
  }

  @Override
  public long sentOf(Volume volume) {
    return outgoing.sentOf(volume);
  }

  @Override
  public void onSynchronized(Volume volume) {
    watermarks.onTold(volume, watermarks.heard(volume), outgoing.receivedNumber());
  }

  private int applyRestart() {
    if (restartReason == null) {
      return 0;
    }
    String because = restartReason;
    restartReason = null;
    if (!state.isUp()) {
      return 0;
    }
    become(SessionState.GREETING, because);
    beginGreeting();
    return 1;
  }

  /// Frames that have to be sent again are told at 1, 2, 4, 8, ...: a bad line must not flood
  /// the log.
  private void tellResent() {
    long resent = transport.resentFrames();
    if (resent >= resentToldNext) {
      resentToldNext = Long.highestOneBit(resent) * 2;
      events.log(EventCode.RETRANSMISSION, resent);
    }
  }

  // ---- sending ----

  @Override
  public void onSent(long tag) {
    outgoing.onSent(tag);
  }

  private int sayAlive() {
    if (nowNs - transport.lastSentNs() < settings.heartbeatNs()) {
      return 0;
    }
    transport.sendLoose(FrameKind.STATUS, messages.heartbeat(events.wallMs()), nowNs);
    return 1;
  }

  // ---- receiving ----

  @Override
  public void onCarrier(GroupLink link, boolean up, String reason) {
    events.log(up ? EventCode.LINK_UP : EventCode.LINK_DOWN, link.name(), reason);
    group.onCarrier(link, up, reason, nowNs);
    boolean isLast = state.isUp() ? links.joinedCount() == 0 : group.isAllDown();
    if (!up && isLast && state != SessionState.OFFLINE) {
      become(SessionState.OFFLINE, reason);
    }
  }

  @Override
  public void onFrame(GroupLink from, long address, int lengthBytes) {
    if (restartReason != null || state == SessionState.OFFLINE) {
      return;
    }
    act(transport.onFrame(from, address, lengthBytes, state.isUp(), nowNs, outgoing), from);
  }

  @Override
  public long placeFor(GroupLink from, long headAddress, int headBytes, int payloadBytes) {
    return restartReason == null && state.isUp()
        ? transport.placeFor(from, headAddress, headBytes, payloadBytes)
        : LinkPort.LinkSink.NOWHERE;
  }

  @Override
  public void onFrameInPlace(GroupLink from, long headAddress, int headBytes) {
    if (restartReason != null || state == SessionState.OFFLINE) {
      transport.onPlaceFree(from);
      return;
    }
    act(
        transport.onFrameInPlace(from, headAddress, headBytes, state.isUp(), nowNs, outgoing),
        from);
  }

  @Override
  public void onPlaceFree(GroupLink from) {
    transport.onPlaceFree(from);
  }

  private void act(FrameTransport.Verdict verdict, GroupLink from) {
    switch (verdict) {
      case TAKEN -> {}
      case GREETING -> onGreeting(from);
      case BROKEN -> {
        restart("the peer sent what makes no sense");
        // It would send the same again at once, and so on.
        links.greetLater(nowNs);
      }
    }
  }

  private void onGreeting(GroupLink from) {
    Greetings.Reading reading = greetings.read();
    if (reading == Greetings.Reading.UNREADABLE) {
      onRefused("greeting is not readable");
    }
    if (reading != Greetings.Reading.OF_OUR_PEER || from.state() == LinkState.DOWN) {
      return;
    }
    int greeted = transport.frameEpoch();
    if (state.isUp()) {
      if (greeted == transport.peerEpoch()) {
        group.onGreeting(from, greeted, nowNs);
        return;
      }
      if (isOfAnEarlierSession(greeted)) {
        return;
      }
      restartReason = null;
      become(SessionState.GREETING, "the peer began anew");
      beginEpoch();
      from.onGreeting(greeted);
      transport.setPeerEpoch(greeted);
      links.greetAtOnce(nowNs);
      greetings.sendDue(links, nowNs);
      return;
    }
    from.onGreeting(greeted);
    transport.setPeerEpoch(greeted);
    greetings.send(from, nowNs);
    if (greetings.echoesUs()) {
      openSession(from);
    }
  }

  /// Both sides know each other's epoch. Everything that the peer's greeting tells is made true
  /// here first.
  private void openSession(GroupLink over) {
    GreetingDecoder greeting = greetings.theirs();
    long incarnation = greeting.incarnation();
    long known = memory.peerIncarnation();
    if (known != 0 && known != incarnation) {
      cut.onPeerMemoryLost();
    }
    memory.setPeerIncarnation(incarnation);
    memory.numbers().skipTo(greeting.receivedNumber());
    watermarks.begin(greeting.receivedNumber(), greeting.assignedNumber());
    outgoing.begin(greeting.receivedNumber(), greeting.protocolVersionMax());
    borrower.onSession(greeting.protocolVersionMax());
    comparingSinceNs = nowNs;
    group.join(over, nowNs);
    become(SessionState.COMPARING, "peer " + messages.serialOf(greeting));
    desk.begin(greeting.protocolVersionMax());
  }

  @Override
  public boolean onMessage(
      UnsafeBuffer frame,
      int messageOffset,
      long payloadAddress,
      int payloadBytes,
      int payloadCrc) {
    String wrong =
        incoming.take(frame, messageOffset, payloadAddress, payloadBytes, payloadCrc, nowNs);
    if (wrong != null) {
      onRefused(wrong);
    }
    return wrong == null && restartReason == null;
  }

  @Override
  public void onStatus(UnsafeBuffer frame, int messageOffset) {
    incoming.takeStatus(frame, messageOffset);
  }

  @Override
  public void onAcknowledged(int kind, int reference, long number) {
    outgoing.onAcknowledged(kind, reference, number);
  }

  @Override
  public void onRefused(String reason) {
    refusedFrames++;
    if (Long.bitCount(refusedFrames) == 1) {
      events.log(EventCode.FRAME_REFUSED, reason, refusedFrames);
    }
  }

  // ---- for the processor and the console ----

  @Override
  public long nextDeadlineNs() {
    if (!started) {
      return NO_DEADLINE;
    }
    long deadline =
        Director.sooner(outgoing.copier().nextDeadlineNs(), watch.nextDeadlineNs(nowNs));
    deadline = Director.sooner(deadline, borrower.nextDeadlineNs());
    deadline = Director.sooner(deadline, intake.nextDeadlineNs());
    if (state == SessionState.GREETING) {
      deadline = Director.sooner(deadline, greetings.nextDeadlineNs(links));
    }
    if (state != SessionState.OFFLINE) {
      deadline = Director.sooner(deadline, group.nextDeadlineNs(state.isUp()));
    }
    if (state == SessionState.COMPARING && !desk.isSettled()) {
      deadline = Director.sooner(deadline, comparingSinceNs + settings.linkTimeoutNs());
    }
    if (state.isUp()) {
      deadline = Director.sooner(deadline, transport.nextDeadlineNs());
      deadline = Director.sooner(deadline, transport.lastSentNs() + settings.heartbeatNs());
      deadline = Director.sooner(deadline, transport.lastReceivedNs() + settings.linkTimeoutNs());
      deadline = Director.sooner(deadline, watermarks.nextDeadlineNs());
    }
    return deadline;
  }

  @Override
  public SessionState sessionState() {
    return state;
  }

  @Override
  public long nowNs() {
    return nowNs;
  }

  @Override
  public long refusedFrames() {
    return refusedFrames;
  }

  /// What the console asks of it.
  public LinkDesk linkDesk() {
    return console;
  }
}
