package farside.remote;

import farside.director.MachineCheck;
import farside.port.LinkPort;

/// One link of the group: its port, how it stands to the session, and what was heard on it.
final class GroupLink implements LinkPort.LinkSink {
  private static final long GREETED_LONG_AGO_NS = 1_000_000_000;

  private final LinkPort port;
  private final LinkGroup.Sink sink;
  private final LinkPace pace = new LinkPace();

  private LinkState state = LinkState.DOWN;
  private int heardEpoch;
  private boolean hasHeard;
  private long heardNs;
  private long greetedNs;
  private boolean full;
  private boolean isOut;
  private int queuedFrames;
  private int place = IncomingFrames.Places.NONE;
  private long lostFrames;
  private long carriedBytes;

  // What became of it, for the log.
  private long leftCount;
  private long leftNs;
  private int hangUps;

  // What came in this session.
  private int receivedSequence;
  private int reportedSequence;
  private int passedSequence;
  private int unreportedBytes;
  private long reportedNs;

  // What the peer said of it.
  private int answeredSequence;
  private long movedSequence;
  private long movedSentNs;
  private long movedAheadBytes;

  GroupLink(LinkPort port, LinkGroup.Sink sink) {
    this.port = port;
    this.sink = sink;
  }

  LinkPort port() {
    return port;
  }

  String name() {
    return port.name();
  }

  LinkPace pace() {
    return pace;
  }

  // ---- state ----

  LinkState state() {
    return state;
  }

  boolean isJoined() {
    return state == LinkState.JOINED;
  }

  /// Only the group changes the state, since it counts.
  void become(LinkState next, long nowNs) {
    MachineCheck.require(
        state.mayBecome(next), "link " + name() + ": " + state + " may not become " + next);
    if (state == LinkState.DOWN) {
      heardNs = nowNs;
      greetAtOnce(nowNs);
    }
    state = next;
    heardEpoch = next == LinkState.JOINED ? heardEpoch : 0;
    hasHeard = false;
  }

  /// A new session of ours, or a link that joins it: nothing is on it.
  void begin(long expectedSequence, long nowNs) {
    pace.begin();
    receivedSequence = 0;
    reportedSequence = 0;
    passedSequence = (int) (expectedSequence - 1);
    unreportedBytes = 0;
    reportedNs = nowNs;
    answeredSequence = 0;
    movedSequence = 0;
    heardNs = nowNs;
  }

  void onJoined() {
    hangUps = 0;
  }

  /// It has left the session, and others carry it on.
  ///
  /// @param forgivenNs after so long without, the count begins anew
  void onLeft(long nowNs, long forgivenNs) {
    leftCount = nowNs - leftNs >= forgivenNs ? 1 : leftCount + 1;
    leftNs = nowNs;
  }

  long leftCount() {
    return leftCount;
  }

  /// A link that comes and goes is told of at its first, second, fourth, eighth, ... leaving, and
  /// the joining after it.
  boolean isToBeTold() {
    return Long.bitCount(leftCount) <= 1;
  }

  /// How often it was hung up since it last joined.
  int hangUps() {
    return hangUps;
  }

  void onHungUp(long nowNs) {
    hangUps++;
    heardNs = nowNs;
  }

  // ---- greetings ----

  /// The epoch that the peer last greeted with on this very link; 0: none. To tell it to the peer
  /// tells that the link works from there to here.
  int heardEpoch() {
    return heardEpoch;
  }

  void onGreeting(int epoch) {
    heardEpoch = epoch;
  }

  void forgetGreeting() {
    heardEpoch = 0;
  }

  long greetedNs() {
    return greetedNs;
  }

  void greetAtOnce(long nowNs) {
    greetedNs = nowNs - GREETED_LONG_AGO_NS;
  }

  void onGreeted(long nowNs) {
    greetedNs = nowNs;
  }

  // ---- what was heard ----

  void onHeard(long nowNs) {
    heardNs = nowNs;
  }

  long heardNs() {
    return heardNs;
  }

  /// True once a frame of the session has come over it: the peer has joined it too.
  boolean hasHeard() {
    return hasHeard;
  }

  void onSessionFrame() {
    hasHeard = true;
  }

  /// A sequenced frame came over it.
  void onSequenced(int sequence, int frameBytes) {
    receivedSequence = sequence;
    unreportedBytes += frameBytes;
    onPassed(sequence);
  }

  /// Nothing that the peer sent for the first time up to this number can still come over it: a
  /// link does not reorder.
  void onPassed(int sequence) {
    if (sequence - passedSequence > 0) {
      passedSequence = sequence;
    }
  }

  int passedSequence() {
    return passedSequence;
  }

  // ---- reports ----

  /// The sequence number that came last over it, in the order of arrival; 0: none.
  int receivedSequence() {
    return receivedSequence;
  }

  boolean isReportNews() {
    return receivedSequence != reportedSequence;
  }

  int unreportedBytes() {
    return unreportedBytes;
  }

  long reportedNs() {
    return reportedNs;
  }

  void onReported(long nowNs) {
    if (!isReportNews() && pace.inFlightBytes() == 0) {
      pace.onPause();
    }
    reportedSequence = receivedSequence;
    unreportedBytes = 0;
    reportedNs = nowNs;
  }

  /// A frame that is on it, or lost on it, was sent over another as well.
  void onMoved(long sequence, long sentNs, long aheadBytes) {
    movedSequence = sequence;
    movedSentNs = sentNs;
    movedAheadBytes = aheadBytes;
  }

  /// The peer says that this frame came last over it, which is another's by now.
  void onMovedAnswered(long sequence, long nowNs) {
    if (sequence == movedSequence) {
      movedSequence = 0;
      pace.onAnswer(nowNs - movedSentNs, movedAheadBytes);
    }
  }

  /// The peer says which frame came last over it. False: it has said so before.
  boolean onAnswered(int sequence) {
    boolean news = sequence != answeredSequence;
    answeredSequence = sequence;
    return news;
  }

  // ---- frames ----

  boolean isFull() {
    return full;
  }

  void setFull(boolean full) {
    this.full = full;
  }

  void onQueued() {
    queuedFrames++;
  }

  /// Frames whose payload the port still reads.
  int queuedFrames() {
    return queuedFrames;
  }

  void onCarried(int frameBytes) {
    carriedBytes += frameBytes;
  }

  /// Bytes of sequenced frames that went over it, ever.
  long carriedBytes() {
    return carriedBytes;
  }

  void onLost() {
    lostFrames++;
  }

  /// Frames that went over it and had to be sent again.
  long lostFrames() {
    return lostFrames;
  }

  /// The operator takes it out: only payloads that are free again are of interest from now on.
  void onTakenOut() {
    isOut = true;
  }

  @Override
  public void onFrame(long address, int lengthBytes) {
    if (!isOut) {
      sink.onFrame(this, address, lengthBytes);
    }
  }

  /// The port has one, or is just saying what became of it.
  boolean hasPlace() {
    return place != IncomingFrames.Places.NONE;
  }

  /// The port receives a payload there: the place is its until it says otherwise.
  void setPlace(int place) {
    this.place = place;
  }

  /// The place is no longer the port's.
  int takePlace() {
    int taken = place;
    place = IncomingFrames.Places.NONE;
    return taken;
  }

  @Override
  public long placeFor(long headAddress, int headBytes, int payloadBytes) {
    return isOut ? NOWHERE : sink.placeFor(this, headAddress, headBytes, payloadBytes);
  }

  @Override
  public void onFrameInPlace(long headAddress, int headBytes) {
    if (isOut) {
      sink.onPlaceFree(this);
    } else {
      sink.onFrameInPlace(this, headAddress, headBytes);
    }
  }

  @Override
  public void onPlaceFree() {
    sink.onPlaceFree(this);
  }

  @Override
  public void onSent(long tag) {
    queuedFrames--;
    sink.onSent(tag);
  }

  @Override
  public void onCarrier(boolean up, String reason) {
    if (!isOut) {
      sink.onCarrier(this, up, reason);
    }
  }
}
