package farside.remote;

import farside.cache.WriteRecords;
import farside.director.Director;
import farside.port.LinkPort;
import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.session.MessageHeaderEncoder;
import org.agrona.concurrent.UnsafeBuffer;

/// The receiving half of [FrameTransport]: brings the peer's sequenced frames into order.
///
/// A frame that came too soon is kept until the missing one is here. With several links it is no
/// sign yet that another was lost: that one is missed once every link has brought something that
/// was sent later. Credit bounds what the peer may send: it never exceeds the room that this
/// cabinet keeps for it, less the places into which payload is being received.
final class IncomingFrames {
  private static final int WINDOW = FrameTransport.WINDOW;
  private static final long NAK_AGAIN_NS = 50_000_000;

  /// How long an acknowledgement that nobody waits for is kept back, for another frame to carry
  /// it. Much less than a peer waits before it sends again.
  private static final long ACK_KEPT_NS = 5_000_000;

  /// How much room the peer may fill, in frames of 4 KiB.
  interface Room {
    int freeUnits();

    /// Of these, what the peer is not told of: payload finds its place there while the peer may
    /// send the same once more over another link.
    default int unpromisedUnits() {
      return 0;
    }
  }

  /// Where payload that is on its way may be received to. All places count as taken room.
  interface Places {
    /// No place.
    int NONE = WriteRecords.NONE;

    /// A place for the payload of this message in one piece, or [#NONE].
    int reserve(UnsafeBuffer head, int messageOffset, int payloadBytes);

    long addressOf(int place);

    int bytesOf(int place);

    /// The receiver has not taken it.
    void giveBack(int place);
  }

  /// Asks the peer for so many frames, from this sequence number on.
  interface Nak {
    void send(long from, int count, long nowNs);
  }

  private final LinkGroup links;
  private final FrameTransport.Receiver receiver;
  private final Room room;
  private final Places places;
  private final Nak nak;
  private final FrameHeaderFlyweight header = new FrameHeaderFlyweight();
  private final EarlyFrames early = new EarlyFrames(WINDOW);

  private long expected = 1;
  private long deliveredUnits;
  private int creditAdvertised;
  private boolean ackDue;

  /// When what came, and is not acknowledged yet though nobody waits for it, has to be.
  private long ackAtNs = Director.NO_DEADLINE;

  private boolean isAckAwaited;
  private long nakSentNs;

  /// Where the payload of the frame lies that is being looked at, if not in the frame.
  private int place = Places.NONE;

  /// Where the gap is that frames wait behind, since when, and whether it was asked for.
  private long gapAt;

  private long gapSinceNs;
  private boolean isGapAskedFor;

  IncomingFrames(
      LinkGroup links, FrameTransport.Receiver receiver, Room room, Places places, Nak nak) {
    this.links = links;
    this.receiver = receiver;
    this.room = room;
    this.places = places;
    this.nak = nak;
  }

  /// A new session: the peer begins anew at 1.
  void begin(long nowNs) {
    expected = 1;
    deliveredUnits = 0;
    creditAdvertised = 0;
    ackDue = false;
    ackAtNs = Director.NO_DEADLINE;
    gapAt = 0;
    nakSentNs = nowNs - NAK_AGAIN_NS;
  }

  /// The session is over: what came too soon is of no use any more.
  void end() {
    early.clear(places::giveBack);
  }

  /// The sequence number that comes next.
  long expected() {
    return expected;
  }

  // ---- what the peer is told ----

  /// Never less than was told before: the peer may have sent so much already.
  int credit() {
    int promised = Math.max(0, room.freeUnits() - room.unpromisedUnits());
    int now = (int) (deliveredUnits + promised);
    return now - creditAdvertised < 0 ? creditAdvertised : now;
  }

  /// A frame is on its way that acknowledges all that came, and tells this credit.
  void onTold(int credit) {
    ackDue = false;
    ackAtNs = Director.NO_DEADLINE;
    creditAdvertised = credit;
  }

  /// All links are full: it goes with the next frame that finds room, and for an acknowledgement
  /// that nobody waits for, nobody is woken before another such while is over.
  void onNotTold(long nowNs) {
    if (Director.isDue(ackAtNs, nowNs)) {
      ackAtNs = nowNs + ACK_KEPT_NS;
    }
  }

  boolean isTellingDue(long nowNs) {
    return ackDue || Director.isDue(ackAtNs, nowNs) || isCreditNews();
  }

  /// Nobody waits for the acknowledgement of the message that is being delivered: it may go
  /// with what is told next, or after [#ACK_KEPT_NS].
  void onAckNotAwaited() {
    isAckAwaited = false;
  }

  private boolean isCreditNews() {
    int gained = credit() - creditAdvertised;
    int left = creditAdvertised - (int) deliveredUnits;
    return gained >= 64 || gained > 0 && left < 32;
  }

  /// The receiver has taken so many units of the room that the peer may fill.
  void onUnitsTaken(int units) {
    deliveredUnits += units;
  }

  // ---- gaps ----

  /// Asks for frames that are missing, if it is time. Returns how often: 0 or 1.
  int askIfDue(long nowNs) {
    if (early.count() == 0 || !isGapDue(nowNs)) {
      return 0;
    }
    askForGap(nowNs);
    return 1;
  }

  /// True if the missing frame is to be asked for now.
  private boolean isGapDue(long nowNs) {
    if (links.joinedCount() <= 1) {
      return nowNs - nakSentNs >= NAK_AGAIN_NS;
    }
    if (gapAt != expected) {
      gapAt = expected;
      gapSinceNs = nowNs;
      isGapAskedFor = false;
    }
    if (!isGapAskedFor && links.hasPassed((int) expected)) {
      return true;
    }
    return nowNs - gapSinceNs >= NAK_AGAIN_NS && nowNs - nakSentNs >= NAK_AGAIN_NS;
  }

  private void askForGap(long nowNs) {
    int missing = 1;
    while (missing < WINDOW && !early.has(expected + missing)) {
      missing++;
    }
    isGapAskedFor = true;
    askFor(missing, nowNs);
  }

  private void askFor(int count, long nowNs) {
    nakSentNs = nowNs;
    nak.send(expected, count, nowNs);
  }

  long nextDeadlineNs() {
    if (early.count() == 0) {
      return ackAtNs;
    }
    boolean isWaiting = links.joinedCount() > 1 && gapSinceNs - nakSentNs > 0;
    return Director.sooner(ackAtNs, (isWaiting ? gapSinceNs : nakSentNs) + NAK_AGAIN_NS);
  }

  // ---- places for payload ----

  /// Where the payload of a frame goes of which only the head has come, which is in order;
  /// `NOWHERE` if into no record of its own.
  long placeFor(GroupLink from, UnsafeBuffer head, int payloadBytes) {
    header.wrapForReading(head, 0);
    int ahead = header.sequence() - (int) expected;
    if (ahead < 0 || ahead >= WINDOW || early.has(expected + ahead)) {
      return LinkPort.LinkSink.NOWHERE;
    }
    int given = places.reserve(head, header.messageOffset(), payloadBytes);
    if (given == Places.NONE) {
      return LinkPort.LinkSink.NOWHERE;
    }
    if (!isPromiseKept()) {
      places.giveBack(given);
      return LinkPort.LinkSink.NOWHERE;
    }
    from.setPlace(given);
    return places.addressOf(given);
  }

  /// True if all that the peer may still send has room without any of the places that are given
  /// away. The frame for which one was given counts among that: its link may get stuck in the
  /// middle of it, and another link bring it.
  private boolean isPromiseKept() {
    return (int) (deliveredUnits + room.freeUnits()) - creditAdvertised >= 0;
  }

  /// The payload of the frame that is looked at next lies in the link's place; until
  /// [#giveBackPlace].
  void usePlaceOf(GroupLink link) {
    place = link.takePlace();
  }

  /// What the link had of a frame will not be looked at; another frame may be just now.
  void onPlaceFree(GroupLink link) {
    places.giveBack(link.takePlace());
  }

  /// If the receiver has not taken it.
  void giveBackPlace() {
    if (place != Places.NONE) {
      places.giveBack(place);
      place = Places.NONE;
    }
  }

  /// Where the payload of the message that is being delivered lies, if not in its frame.
  int place() {
    return place;
  }

  /// The place is the receiver's from now on.
  void onPlaceTaken() {
    place = Places.NONE;
  }

  private long payloadAddress(long frameAddress) {
    return place == Places.NONE ? frameAddress + header.payloadOffset() : places.addressOf(place);
  }

  /// True if what is here of a frame is as long as its header says.
  boolean isWhole(FrameHeaderFlyweight of, int lengthBytes) {
    return place == Places.NONE
        ? lengthBytes == of.frameBytes()
        : lengthBytes == of.payloadOffset() && of.payloadBytes() <= places.bytesOf(place);
  }

  // ---- order ----

  /// A sequenced frame of the session, with a header that is right. False: the session is broken.
  boolean onSequenced(UnsafeBuffer frame, long address, long nowNs) {
    header.wrapForReading(frame, 0);
    int ahead = header.sequence() - (int) expected;
    if (ahead < 0) {
      ackDue = true;
      return true;
    }
    if (ahead >= WINDOW) {
      receiver.onRefused("sequence is beyond the window");
      return true;
    }
    int payloadBytes = header.payloadBytes();
    long payloadAddress = payloadAddress(address);
    if (payloadBytes > 0 && Memory.crc32c(payloadAddress, payloadBytes) != header.payloadCrc()) {
      receiver.onRefused("payload is damaged");
      if (ahead == 0 && early.count() == 0 && nowNs - nakSentNs >= NAK_AGAIN_NS) {
        askFor(1, nowNs);
      }
      return true;
    }
    if (ahead > 0) {
      keepEarly(frame, ahead, nowNs);
      return true;
    }
    boolean isTaken = deliver(frame, payloadAddress, nowNs);
    giveBackPlace();
    return isTaken && deliverEarly(nowNs);
  }

  private void keepEarly(UnsafeBuffer frame, int ahead, long nowNs) {
    long sequence = expected + ahead;
    if (early.has(sequence) || !early.keep(sequence, frame, frame.capacity(), place)) {
      return;
    }
    onPlaceTaken();
    if (early.count() == 1 && links.joinedCount() <= 1) {
      askForGap(nowNs);
    }
  }

  private boolean deliverEarly(long nowNs) {
    while (early.has(expected)) {
      place = early.takePayloadPlace(expected);
      UnsafeBuffer view = early.take(expected);
      header.wrapForReading(view, 0);
      boolean isTaken = deliver(view, payloadAddress(view.addressOffset()), nowNs);
      giveBackPlace();
      if (!isTaken) {
        return false;
      }
    }
    return true;
  }

  private boolean deliver(UnsafeBuffer view, long payloadAddress, long nowNs) {
    if (header.messageBytes() < MessageHeaderEncoder.ENCODED_LENGTH) {
      receiver.onRefused("sequenced frame without a message");
      return false;
    }
    expected++;
    isAckAwaited = true;
    boolean isTaken = receiver.onMessage(
        view, header.messageOffset(), payloadAddress, header.payloadBytes(), header.payloadCrc());
    if (isAckAwaited) {
      ackDue = true;
    } else if (ackAtNs == Director.NO_DEADLINE) {
      ackAtNs = nowNs + ACK_KEPT_NS;
    }
    return isTaken;
  }
}
