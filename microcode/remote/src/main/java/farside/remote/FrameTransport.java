package farside.remote;

import farside.director.Director;
import farside.port.LinkPort;
import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.link.FrameKind;
import farside.protocol.session.MessageHeaderEncoder;
import farside.protocol.session.NakDecoder;
import farside.protocol.session.NakEncoder;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// The reliable transport under a session, over links that may lose, delay and corrupt frames.
///
/// Sequenced frames are numbered from 1 in each session and direction, acknowledged
/// cumulatively in every header, sent again when asked for (NAK) or when an acknowledgement is
/// overdue, and delivered in order by [IncomingFrames]. Which link a frame goes over is
/// `LinkGroup`'s choice. Frames of another epoch are dropped: they belong to a session that is
/// over.
/// Spec: `specs/link-session.md`.
final class FrameTransport {
  /// Frames that may be unacknowledged; a power of two.
  static final int WINDOW = 1024;

  static final int CONTROL = 0;
  static final int RECORD = 1;
  static final int COPY = 2;
  static final int LOAN = 3;

  private static final int RESEND_MAX = 16;
  private static final long RESEND_AFTER_NS = 200_000_000;

  /// Takes what the transport delivers.
  interface Receiver {
    /// A sequenced message, in order, once. False: the session is broken, deliver no more.
    boolean onMessage(
        UnsafeBuffer frame,
        int messageOffset,
        long payloadAddress,
        int payloadBytes,
        int payloadCrc);

    /// A STATUS message; any may be missing.
    void onStatus(UnsafeBuffer frame, int messageOffset);

    /// The peer has processed what was sent with this reference.
    void onAcknowledged(int kind, int reference, long number);

    /// A frame that is not what it should be.
    void onRefused(String reason);
  }

  private final LinkGroup links;
  private final Receiver receiver;
  private final IncomingFrames inOrder;

  private final UnsafeBuffer out =
      new UnsafeBuffer(ByteBuffer.allocateDirect(FrameHeaderFlyweight.HEADER_BYTES + 256));
  private final FrameHeaderFlyweight header = new FrameHeaderFlyweight();
  private final FrameHeaderFlyweight incoming = new FrameHeaderFlyweight();
  private final UnsafeBuffer frame = new UnsafeBuffer(0, 0);
  private final NakEncoder nakEncoder = new NakEncoder();
  private final NakDecoder nakDecoder = new NakDecoder();
  private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();

  private final SentFrames sent = new SentFrames(WINDOW);
  private final LinkReports reports;

  private int myEpoch;
  private int peerEpoch;
  private long nextSequence = 1;
  private long acknowledged;
  private long sentUnits;
  private long creditLimit;
  private long roundNs;
  private long progressNs;
  private long lastReceivedNs;
  private long lastSentNs;
  private long resentFrames;
  private boolean linkFull;
  private boolean hasSentSequenced;
  private boolean lastWasQueued;

  /// Frames that were lost with their link, or on it, and that went over no other yet.
  private int strandedFrames;

  FrameTransport(
      LinkGroup links, Receiver receiver, IncomingFrames.Room room, IncomingFrames.Places places) {
    this.links = links;
    this.receiver = receiver;
    inOrder = new IncomingFrames(links, receiver, room, places, this::sendNak);
    reports = new LinkReports(links, this);
  }

  /// A new session from our side: everything of the old one is forgotten.
  void begin(int epoch, long nowNs) {
    myEpoch = epoch;
    peerEpoch = 0;
    nextSequence = 1;
    acknowledged = 0;
    sentUnits = 0;
    creditLimit = 0;
    strandedFrames = 0;
    inOrder.begin(nowNs);
    progressNs = nowNs;
    lastReceivedNs = nowNs;
    end();
    links.begin(nowNs);
  }

  /// The session is over: what came too soon is of no use any more.
  void end() {
    inOrder.end();
  }

  /// The link carries the session from now on.
  void join(GroupLink link, long nowNs) {
    links.join(link, inOrder.expected(), nowNs);
  }

  /// The link has left the session: what was on it goes over the others at the end of this round.
  /// Returns how many frames that are.
  int onLinkLeft(GroupLink link) {
    int stranded = 0;
    for (long sequence = acknowledged + 1; sequence < nextSequence; sequence++) {
      if (sent.linkOf(sequence) == link) {
        sent.onStranded(sequence);
        link.onLost();
        stranded++;
      }
    }
    strandedFrames += stranded;
    return stranded;
  }

  int myEpoch() {
    return myEpoch;
  }

  int peerEpoch() {
    return peerEpoch;
  }

  void setPeerEpoch(int epoch) {
    peerEpoch = epoch;
  }

  long lastReceivedNs() {
    return lastReceivedNs;
  }

  long lastSentNs() {
    return lastSentNs;
  }

  LinkReports reports() {
    return reports;
  }

  long resentFrames() {
    return resentFrames;
  }

  int unacknowledged() {
    return (int) (nextSequence - 1 - acknowledged);
  }

  /// How many of them went over this link.
  int unacknowledgedOn(GroupLink link) {
    int count = 0;
    for (long sequence = acknowledged + 1; sequence < nextSequence; sequence++) {
      count += sent.linkOf(sequence) == link ? 1 : 0;
    }
    return count;
  }

  /// The highest sequence number that was given.
  int lastSequence() {
    return (int) (nextSequence - 1);
  }

  // ---- sending ----

  /// Where the next message is to be written: behind the frame header. The limit is 128 bytes.
  UnsafeBuffer messageBuffer() {
    return out;
  }

  int messageOffset() {
    return FrameHeaderFlyweight.HEADER_BYTES;
  }

  void onRoundBegun(long nowNs) {
    linkFull = false;
    hasSentSequenced = false;
    links.onRoundBegun();
    roundNs = nowNs;
  }

  /// True if a frame with so much payload fits into the window, the peer's credit and the links,
  /// and none that the peer waits for must go first.
  boolean hasRoom(int units) {
    return !linkFull
        && strandedFrames == 0
        && unacknowledged() < WINDOW
        && sentUnits + units <= creditLimit;
  }

  /// Sends the message that lies in [#messageBuffer] as the next sequenced frame. False: the
  /// link is full and nothing was sent. With a tag that is not 0 the payload is pinned by the
  /// caller if the answer needs it: [#lastWasQueued].
  boolean sendSequenced(
      int kind,
      int reference,
      long number,
      int messageBytes,
      long payloadAddress,
      int payloadBytes,
      int payloadCrc,
      int units,
      long tag) {
    int answer = submit(
        FrameKind.SEQUENCED,
        (int) nextSequence,
        messageBytes,
        payloadAddress,
        payloadBytes,
        payloadCrc,
        tag,
        kind == CONTROL ? LinkGroup.Haste.AT_ONCE : LinkGroup.Haste.PACED,
        null);
    if (answer == LinkPort.FULL) {
      linkFull = true;
      return false;
    }
    if (unacknowledged() == 0) {
      // The acknowledgement is awaited from now, not from the last one, which may be long ago.
      progressNs = roundNs;
    }
    sent.keep(
        nextSequence,
        kind,
        reference,
        number,
        out,
        FrameHeaderFlyweight.HEADER_BYTES,
        messageBytes,
        payloadAddress,
        payloadBytes,
        payloadCrc,
        tag);
    onSent(nextSequence, messageBytes, payloadBytes, false);
    hasSentSequenced = true;
    sentUnits += units;
    nextSequence++;
    lastWasQueued = answer == LinkPort.QUEUED;
    return true;
  }

  /// True if the peer is woken in this round by a sequenced frame: what else it is told then
  /// costs little.
  boolean hasSentSequenced() {
    return hasSentSequenced;
  }

  private void onSent(long sequence, int messageBytes, int payloadBytes, boolean isAgain) {
    int frameBytes = FrameHeaderFlyweight.HEADER_BYTES + messageBytes + payloadBytes;
    sent.onSent(sequence, links.used(), frameBytes, isAgain, roundNs);
    strandedFrames += links.used() == null ? 1 : 0;
  }

  /// True if the payload of the frame just sent must stay until the link says so.
  boolean lastWasQueued() {
    return lastWasQueued;
  }

  /// Sends a frame without a sequence number; its message, if any, lies in [#messageBuffer].
  /// False: the link is full, and the frame is lost, which such frames may be.
  boolean sendLoose(FrameKind kind, int messageBytes, long nowNs) {
    lastSentNs = nowNs;
    return submit(kind, 0, messageBytes, 0, 0, 0, 0, LinkGroup.Haste.AT_ONCE, null)
        != LinkPort.FULL;
  }

  /// As [#sendLoose], over this very link.
  void sendLooseOver(GroupLink link, FrameKind kind, int messageBytes) {
    seal(kind, 0, messageBytes, 0, 0);
    links.submitOver(link, out, FrameHeaderFlyweight.HEADER_BYTES + messageBytes, 0, 0, 0);
  }

  private int submit(
      FrameKind kind,
      int sequence,
      int messageBytes,
      long payloadAddress,
      int payloadBytes,
      int payloadCrc,
      long tag,
      LinkGroup.Haste haste,
      GroupLink avoided) {
    int credit = seal(kind, sequence, messageBytes, payloadBytes, payloadCrc);
    int answer = links.submit(
        out,
        FrameHeaderFlyweight.HEADER_BYTES + messageBytes,
        payloadAddress,
        payloadBytes,
        tag,
        haste,
        avoided);
    if (answer != LinkPort.FULL) {
      inOrder.onTold(credit);
    }
    return answer;
  }

  /// Returns the credit that the frame advertises.
  private int seal(
      FrameKind kind, int sequence, int messageBytes, int payloadBytes, int payloadCrc) {
    int credit = inOrder.credit();
    header
        .wrapForWriting(out, 0)
        .kind(kind)
        .messageBytes(messageBytes)
        .payloadBytes(payloadBytes)
        .epoch(myEpoch)
        .sequence(sequence)
        .ack((int) (inOrder.expected() - 1))
        .credit(credit)
        .payloadCrc(payloadCrc)
        .seal();
    return credit;
  }

  /// At the end of a round: acknowledges what no other frame did, and sends again what is
  /// overdue.
  int endRound(long nowNs, PinSink pins) {
    int work = strandedFrames > 0 ? resendStranded(pins) : 0;
    if (inOrder.isTellingDue(nowNs)) {
      if (sendLoose(FrameKind.STATUS, 0, nowNs)) {
        work++;
      } else {
        inOrder.onNotTold(nowNs);
      }
    }
    if (unacknowledged() > 0 && nowNs - progressNs >= RESEND_AFTER_NS) {
      resend(acknowledged + 1, Math.min(unacknowledged(), RESEND_MAX), pins);
      progressNs = nowNs;
      work++;
    }
    return work + inOrder.askIfDue(nowNs) + reports.tell(nowNs);
  }

  /// Told of payloads that were queued once more.
  interface PinSink {
    void onQueuedAgain(int kind, int reference);
  }

  long nextDeadlineNs() {
    long deadline = Director.NO_DEADLINE;
    if (unacknowledged() > 0) {
      deadline = progressNs + RESEND_AFTER_NS;
    }
    deadline = Director.sooner(deadline, inOrder.nextDeadlineNs());
    return Director.sooner(deadline, reports.nextDeadlineNs());
  }

  /// With several links a frame that may still be on its way is left alone.
  private void resend(long from, int count, PinSink pins) {
    boolean isAlone = links.joinedCount() <= 1;
    for (long sequence = from; sequence < from + count; sequence++) {
      if (!isAlone && !sent.isOverdue(sequence, roundNs)) {
        continue;
      }
      GroupLink before = sent.linkOf(sequence);
      GroupLink avoided = isAlone || sent.isPassed(sequence) ? null : before;
      boolean isSent = sendAgain(sequence, avoided, pins);
      if (!isSent && isAlone) {
        return;
      }
      if (!isSent && before != null) {
        // It goes out before anything new does.
        strandedFrames++;
        sent.onStranded(sequence);
      }
      if (before != null) {
        before.onLost();
      }
    }
  }

  /// What was on links that left the session goes over the others.
  private int resendStranded(PinSink pins) {
    int before = strandedFrames;
    for (long sequence = acknowledged + 1;
        strandedFrames > 0 && sequence < nextSequence;
        sequence++) {
      if (sent.linkOf(sequence) == null && !sendAgain(sequence, null, pins)) {
        break;
      }
    }
    return before - strandedFrames;
  }

  private boolean sendAgain(long sequence, GroupLink avoided, PinSink pins) {
    int messageBytes = sent.putMessage(sequence, out, FrameHeaderFlyweight.HEADER_BYTES);
    int payloadBytes = sent.payloadBytesOf(sequence);
    int answer = submit(
        FrameKind.SEQUENCED,
        (int) sequence,
        messageBytes,
        sent.payloadAddressOf(sequence),
        payloadBytes,
        sent.payloadCrcOf(sequence),
        sent.tagOf(sequence),
        LinkGroup.Haste.AT_ONCE,
        avoided);
    if (answer == LinkPort.FULL || links.used() == null) {
      return false;
    }
    resentFrames++;
    strandedFrames -= sent.linkOf(sequence) == null ? 1 : 0;
    onSent(sequence, messageBytes, payloadBytes, true);
    if (answer == LinkPort.QUEUED) {
      pins.onQueuedAgain(sent.kindOf(sequence), sent.referenceOf(sequence));
    }
    return true;
  }

  /// Asks for so many frames, from this one on.
  private void sendNak(long from, int count, long nowNs) {
    nakEncoder
        .wrapAndApplyHeader(out, FrameHeaderFlyweight.HEADER_BYTES, messageHeader)
        .fromSequence(from & 0xFFFF_FFFFL)
        .count(count);
    sendLoose(FrameKind.NAK, MessageHeaderEncoder.ENCODED_LENGTH + NakEncoder.BLOCK_LENGTH, nowNs);
  }

  // ---- receiving ----

  /// What the remote adapter must do about a frame.
  enum Verdict {
    /// Dealt with.
    TAKEN,
    /// A greeting: [#greetingOffset] in [#frameBuffer].
    GREETING,
    /// The session is broken.
    BROKEN
  }

  UnsafeBuffer frameBuffer() {
    return frame;
  }

  int frameEpoch() {
    return incoming.epoch();
  }

  int greetingOffset() {
    return FrameHeaderFlyweight.HEADER_BYTES;
  }

  /// Where the payload of a frame of the session goes of which only the head has come; `NOWHERE`
  /// if into no record of its own.
  long placeFor(GroupLink from, long headAddress, int headBytes, int payloadBytes) {
    frame.wrap(headAddress, headBytes);
    incoming.wrapForReading(frame, 0);
    if (headBytes < FrameHeaderFlyweight.HEADER_BYTES
        || !incoming.isPlausible()
        || headBytes != incoming.payloadOffset()
        || payloadBytes != incoming.payloadBytes()
        || !incoming.headerCrcIsRight()
        || incoming.kind() != FrameKind.SEQUENCED
        || incoming.epoch() != peerEpoch
        || incoming.messageBytes() < MessageHeaderEncoder.ENCODED_LENGTH) {
      return LinkPort.LinkSink.NOWHERE;
    }
    return inOrder.placeFor(from, frame, payloadBytes);
  }

  /// As [#onFrame], for a frame whose payload lies in the link's place. Only the head is here.
  Verdict onFrameInPlace(
      GroupLink from, long headAddress, int headBytes, boolean up, long nowNs, PinSink pins) {
    inOrder.usePlaceOf(from);
    Verdict verdict = onFrame(from, headAddress, headBytes, up, nowNs, pins);
    inOrder.giveBackPlace();
    return verdict;
  }

  /// The link brings nothing into its place any more that is of use.
  void onPlaceFree(GroupLink from) {
    inOrder.onPlaceFree(from);
  }

  /// Where the payload of the message that is being delivered lies, if not in its frame.
  int place() {
    return inOrder.place();
  }

  /// The place is the receiver's from now on.
  void onPlaceTaken() {
    inOrder.onPlaceTaken();
  }

  Verdict onFrame(
      GroupLink from, long address, int lengthBytes, boolean up, long nowNs, PinSink pins) {
    frame.wrap(address, lengthBytes);
    incoming.wrapForReading(frame, 0);
    if (lengthBytes < FrameHeaderFlyweight.HEADER_BYTES
        || !incoming.isPlausible()
        || !inOrder.isWhole(incoming, lengthBytes)
        || !incoming.headerCrcIsRight()) {
      receiver.onRefused("header is damaged");
      return Verdict.TAKEN;
    }
    from.onHeard(nowNs);
    if (incoming.kind() == FrameKind.GREETING) {
      return Verdict.GREETING;
    }
    if (!up || incoming.epoch() != peerEpoch) {
      return Verdict.TAKEN;
    }
    lastReceivedNs = nowNs;
    from.onSessionFrame();
    onAck(incoming.ack(), nowNs);
    // The sum never falls, but a frame may have overtaken this one on another link.
    creditLimit = Math.max(creditLimit, sentUnits + (incoming.credit() - (int) sentUnits));
    switch (incoming.kind()) {
      case SEQUENCED -> {
        from.onSequenced(incoming.sequence(), incoming.frameBytes());
        return inOrder.onSequenced(frame, address, nowNs) ? Verdict.TAKEN : Verdict.BROKEN;
      }
      case STATUS -> {
        if (incoming.messageBytes() >= MessageHeaderEncoder.ENCODED_LENGTH
            && !reports.take(from, frame, incoming.messageOffset(), incoming.messageBytes())
            && !isOvertaken()) {
          receiver.onStatus(frame, incoming.messageOffset());
        }
      }
      case NAK -> onNak(pins);
      default -> receiver.onRefused("kind is unknown");
    }
    return Verdict.TAKEN;
  }

  /// True of a frame that was sent before one that came earlier, over another link. What a STATUS
  /// message says of the peer's drive then is from before the peer had what it has acknowledged
  /// since, under a number that may be the same: a copy must not count as stable for it.
  private boolean isOvertaken() {
    return (int) acknowledged - incoming.ack() > 0;
  }

  private void onAck(int ack, long nowNs) {
    int ahead = ack - (int) acknowledged;
    if (ahead <= 0 || ahead > unacknowledged()) {
      return;
    }
    progressNs = nowNs;
    for (int i = 0; i < ahead; i++) {
      acknowledged++;
      if (sent.linkOf(acknowledged) == null) {
        strandedFrames--;
      } else {
        sent.onProven(acknowledged);
      }
      receiver.onAcknowledged(
          sent.kindOf(acknowledged), sent.referenceOf(acknowledged), sent.numberOf(acknowledged));
    }
  }

  /// The peer told that this frame was the last to come over the link.
  void onAnswered(GroupLink over, int sequence) {
    long full = acknowledged + (sequence - (int) acknowledged);
    if (full > 0 && full < nextSequence && nextSequence - full <= WINDOW) {
      sent.onAnswered(full, over, roundNs);
    }
  }

  private void onNak(PinSink pins) {
    if (incoming.messageBytes() < MessageHeaderEncoder.ENCODED_LENGTH + NakDecoder.BLOCK_LENGTH) {
      receiver.onRefused("NAK is too short");
      return;
    }
    nakDecoder.wrap(
        frame,
        incoming.messageOffset() + MessageHeaderEncoder.ENCODED_LENGTH,
        NakDecoder.BLOCK_LENGTH,
        NakDecoder.SCHEMA_VERSION);
    int ahead = (int) nakDecoder.fromSequence() - (int) (acknowledged + 1);
    int count = Math.min(nakDecoder.count(), RESEND_MAX);
    if (ahead >= 0 && ahead < unacknowledged()) {
      resend(acknowledged + 1 + ahead, Math.min(count, unacknowledged() - ahead), pins);
    }
  }

  /// The receiver has taken so many units of the room that the peer may fill.
  void onUnitsTaken(int units) {
    inOrder.onUnitsTaken(units);
  }

  /// Nobody waits for the acknowledgement of the message that is being delivered.
  void onAckNotAwaited() {
    inOrder.onAckNotAwaited();
  }
}
