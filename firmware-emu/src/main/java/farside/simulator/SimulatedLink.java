package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.LinkPort;
import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;

/// One end of a simulated line.
///
/// A frame is sometimes copied at once and sometimes queued; the payload of a queued frame is
/// looked at again when it leaves, and must not have changed. A frame that arrives is shown in
/// a buffer that is scribbled over right after the call, so that nobody keeps it. The payload of
/// many goes straight to a place that the owner names for it, half of them in two parts: what a
/// line brings then may break off in between.
final class SimulatedLink implements LinkPort {
  static final int FRAME_BYTES_MAX = 32 + 255 + 65_536;

  private static final int HELD_BACK_MAX = 64;
  private static final int PLACED_PERMILLE = 600;
  private static final int SPLIT_PERMILLE = 500;
  private static final long SPLIT_NS_MAX = 300_000;

  private final SimulatedLine line;
  private final int side;
  private final String name;
  private final String site;
  private final String peer;
  private final MemorySegment received;
  private final ArrayDeque<Fact> facts = new ArrayDeque<>();
  private final ArrayDeque<Frame> queue = new ArrayDeque<>();

  /// Frames for this end that come in the next connection.
  private final ArrayDeque<Frame> heldBack = new ArrayDeque<>();

  /// The frame of which a part lies in the place that was given for its payload; null if none.
  private Frame placed;

  private long place;
  private int placedBytes;
  private long placedConnection;
  private long restNs;

  private Runnable wake = () -> {};
  private boolean open;
  private boolean variedOn = true;
  private boolean carrier;
  private long carrierSinceNs;
  private long carrierConnection;
  private long carrierChange;
  private int queuedBytes;
  private boolean refusedFrame;
  private long lastDepartureNs;
  private long lastArrivalNs;
  private long sentFrames;
  private long sentBytes;
  private long receivedFrames;
  private long receivedBytes;

  SimulatedLink(SimulatedLine line, int side, String name, String site, String peer, Arena arena) {
    this.line = line;
    this.side = side;
    this.name = name;
    this.site = site;
    this.peer = peer;
    this.received = arena.allocate(FRAME_BYTES_MAX, 64);
    this.lastDepartureNs = line.time().nowNs();
    this.lastArrivalNs = line.time().nowNs();
  }

  /// A process has taken this end.
  void open(Runnable wakeOwner) {
    wake = wakeOwner;
    open = true;
    variedOn = true;
    line.tryToConnect();
  }

  /// The process is gone. The peer may take long to see it: with the power, nobody is there to
  /// say so.
  void onProcessDeath() {
    open = false;
    forgetCarrier();
    facts.clear();
    placed = null;
    line.onEndGone(side, "the peer is gone");
  }

  /// The process has let go of this end for good.
  void pulled() {
    require(
        !variedOn && !carrier && facts.isEmpty() && placed == null,
        () -> site + "." + name + " was pulled while it was varied on, or had something to tell");
    open = false;
  }

  String site() {
    return site;
  }

  boolean isLooking() {
    return open && variedOn && !carrier;
  }

  /// True if it has had one and the same carrier for so long.
  boolean hadCarrierFor(long ns) {
    return carrier && line.time().nowNs() - carrierSinceNs >= ns;
  }

  void raiseCarrier(long connection) {
    carrier = true;
    carrierConnection = connection;
    carrierChange++;
    carrierSinceNs = line.time().nowNs();
    lastDepartureNs = line.time().nowNs();
    lastArrivalNs = line.time().nowNs();
    facts.add(Fact.carrier(true, "connected"));
    wake.run();
  }

  void dropCarrierAfter(long delayNs, String reason) {
    long changeThen = carrierChange;
    line.time().after(delayNs, () -> {
      if (carrier && carrierChange == changeThen) {
        dropCarrier(reason);
        line.tryToConnect();
      }
    });
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean hasCarrier() {
    return carrier;
  }

  @Override
  public int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    int lengthBytes = headerBytes + payloadBytes;
    require(
        lengthBytes <= FRAME_BYTES_MAX,
        () -> site + "." + name + ": frame of " + lengthBytes + " bytes");
    if (!carrier) {
      line.countLost();
      return SENT;
    }
    LineHabits habits = line.habits();
    Draws draws = line.draws();
    if (queuedBytes + lengthBytes > habits.queueBytesMax() || draws.chance(habits.fullPermille())) {
      refuse();
      return FULL;
    }
    Frame frame =
        new Frame(line.spare().take(lengthBytes), lengthBytes, payloadAddress, payloadBytes, tag);
    header.getBytes(0, frame.bytes, 0, headerBytes);
    if (payloadBytes > 0) {
      Memory.copy(payloadAddress, frame.bytes, headerBytes, payloadBytes);
    }
    sentFrames++;
    sentBytes += lengthBytes;
    line.trace().stir(side, lengthBytes);
    long nowNs = line.time().nowNs();
    long startNs = lastDepartureNs - nowNs > 0 ? lastDepartureNs : nowNs;
    long onLineNs = line.onLineNs(lengthBytes);
    boolean queued = draws.chance(habits.queuedPermille());
    long departureNs = startNs + onLineNs + (queued ? draws.between(1, 500_000) : 0);
    lastDepartureNs = departureNs;
    frame.pinned = queued;
    queue.add(frame);
    queuedBytes += lengthBytes;
    departAt(frame, departureNs);
    if (line.watch() != null) {
      line.watch().onSubmitted(this, side, frame.bytes);
    }
    return queued ? QUEUED : SENT;
  }

  private void departAt(Frame frame, long departureNs) {
    frame.departureNs = departureNs;
    long connectionThen = carrierConnection;
    line.time().at(departureNs, () -> {
      if (carrier
          && carrierConnection == connectionThen
          && queue.peek() == frame
          && frame.departureNs == departureNs) {
        leave(queue.remove());
      }
    });
  }

  /// What is queued leaves as fast as the line goes now.
  void onRateChanged() {
    long departureNs = line.time().nowNs();
    for (Frame frame : queue) {
      departureNs += line.onLineNs(frame.fullBytes);
      departAt(frame, departureNs);
    }
    lastDepartureNs = departureNs;
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    int drained = 0;
    while (drained < limit && !isHeldUp() && (placed != null || !facts.isEmpty())) {
      drained++;
      if (placed != null) {
        endPlaced(sink);
        continue;
      }
      Fact fact = facts.removeFirst();
      if (fact.frame != null) {
        deliver(fact.frame, sink);
      } else if (fact.reason != null) {
        sink.onCarrier(fact.up, fact.reason);
      } else {
        sink.onSent(fact.tag);
      }
    }
    return drained;
  }

  @Override
  public void vary(boolean on) {
    if (on == variedOn) {
      return;
    }
    variedOn = on;
    if (on) {
      line.tryToConnect();
      return;
    }
    if (carrier) {
      dropCarrier("varied off");
    }
    line.onEndGone(side, "the peer varied the link off");
  }

  @Override
  public boolean isVariedOn() {
    return variedOn;
  }

  @Override
  public void hangUp(String reason) {
    if (carrier) {
      dropCarrier(reason);
      line.onEndGone(side, "the peer hung up");
      line.tryToConnect();
    }
  }

  @Override
  public long sentFrames() {
    return sentFrames;
  }

  @Override
  public long sentBytes() {
    return sentBytes;
  }

  @Override
  public long receivedFrames() {
    return receivedFrames;
  }

  @Override
  public long receivedBytes() {
    return receivedBytes;
  }

  @Override
  public String description() {
    return "simulated line to " + peer;
  }

  private void refuse() {
    refusedFrame = true;
    if (queue.isEmpty()) {
      long connectionThen = carrierConnection;
      line.time().after(line.draws().between(1000, 200_000), () -> {
        if (carrier && carrierConnection == connectionThen) {
          wakeRefused();
        }
      });
    }
  }

  private void wakeRefused() {
    if (refusedFrame) {
      refusedFrame = false;
      wake.run();
    }
  }

  private void leave(Frame frame) {
    checkUnchanged(frame);
    queuedBytes -= frame.fullBytes;
    if (frame.pinned) {
      facts.add(Fact.sent(frame.tag));
      wake.run();
    }
    wakeRefused();
    Draws draws = line.draws();
    LineHabits habits = line.habits();
    boolean noisy = line.isNoisy();
    if (line.isDead(side)) {
      loseOrHoldBack(frame);
      return;
    }
    if (noisy && draws.chance(habits.dropPermille())) {
      line.countLost();
      return;
    }
    boolean isSpoiled = noisy && draws.chance(habits.corruptPermille());
    if (isSpoiled) {
      spoil(frame, draws);
      line.countSpoiled();
    }
    int copies = 1;
    if (noisy && draws.chance(habits.duplicatePermille())) {
      copies = 2;
      frame.isDoubled = true;
      line.countDoubled();
    }
    SimulatedLink far = line.end(1 - side);
    for (int i = 0; i < copies; i++) {
      long jitterNs = habits.jitterNs() == 0 ? 0 : draws.between(0, habits.jitterNs());
      long arrivalNs = line.time().nowNs() + habits.delayNs() + jitterNs;
      if (arrivalNs - lastArrivalNs < 0) {
        arrivalNs = lastArrivalNs;
      }
      lastArrivalNs = arrivalNs;
      long connectionThen = carrierConnection;
      line.time().at(arrivalNs, () -> {
        boolean arrives =
            far.carrier && far.carrierConnection == connectionThen && !line.isDead(side);
        if (arrives) {
          far.facts.add(Fact.frame(frame));
          far.wake.run();
          if (line.watch() != null && !isSpoiled) {
            line.watch().onArrived(side, frame.bytes);
          }
        } else {
          loseOrHoldBack(frame);
        }
      });
    }
  }

  private void loseOrHoldBack(Frame frame) {
    SimulatedLink far = line.end(1 - side);
    if (line.holdsBack() && far.heldBack.size() < HELD_BACK_MAX) {
      far.heldBack.add(frame);
    } else {
      line.countLost();
    }
  }

  /// True if frames for this end are still to come of a connection that is over.
  boolean isHeldBackFrom() {
    return !heldBack.isEmpty();
  }

  /// What the line held back comes to this end, before all that arrives from now on. Returns how
  /// many frames that are.
  int bringHeldBack() {
    int count = heldBack.size();
    if (count > 0) {
      line.trace().turn(line.time().nowNs(), site, name + " brings " + count + " frames late");
    }
    while (!heldBack.isEmpty()) {
      facts.add(Fact.frame(heldBack.removeFirst()));
    }
    wake.run();
    return count;
  }

  private static void spoil(Frame frame, Draws draws) {
    if (draws.chance(100)) {
      frame.lengthBytes = draws.below(frame.lengthBytes);
      return;
    }
    int flips = 1 + draws.below(3);
    for (int i = 0; i < flips; i++) {
      // Half of the damage hits the header or the message, a small part of most frames.
      int headBytes = FrameHeaderFlyweight.HEADER_BYTES
          + (frame.bytes[FrameHeaderFlyweight.MESSAGE_BYTES_OFFSET] & 0xff);
      int index = draws.below(
          draws.chance(500) ? Math.min(headBytes, frame.lengthBytes) : frame.lengthBytes);
      frame.bytes[index] ^= (byte) (1 << draws.below(8));
    }
  }

  private void deliver(Frame frame, LinkSink sink) {
    boolean isAsked = frame.payloadBytes > 0
        && frame.lengthBytes == frame.fullBytes
        && line.draws().chance(PLACED_PERMILLE);
    if (!isAsked || !beginPlaced(frame, sink)) {
      countReceived(frame);
      show(frame, frame.lengthBytes);
      sink.onFrame(received.address(), frame.lengthBytes);
      end(frame);
    }
  }

  private void countReceived(Frame frame) {
    receivedFrames++;
    receivedBytes += frame.lengthBytes;
  }

  private void show(Frame frame, int lengthBytes) {
    Memory.copy(frame.bytes, 0, received.address(), lengthBytes);
  }

  private void scribble(Frame frame) {
    received.asSlice(0, Math.min(128, frame.fullBytes)).fill((byte) 0xA5);
  }

  private void end(Frame frame) {
    scribble(frame);
    if (!frame.isDoubled) {
      line.spare().give(frame.bytes);
    }
  }

  private boolean beginPlaced(Frame frame, LinkSink sink) {
    show(frame, frame.headBytes());
    place = sink.placeFor(received.address(), frame.headBytes(), frame.payloadBytes);
    scribble(frame);
    if (place == LinkSink.NOWHERE) {
      return false;
    }
    placed = frame;
    placedBytes = 0;
    placedConnection = carrierConnection;
    restNs = line.time().nowNs();
    if (line.draws().chance(SPLIT_PERMILLE)) {
      fillPlace(line.draws().below(frame.payloadBytes));
      restNs += line.draws().between(1, SPLIT_NS_MAX);
      Runnable owner = wake;
      line.time().at(restNs, owner);
    }
    return true;
  }

  private void fillPlace(int untilBytes) {
    Memory.copy(
        placed.bytes,
        placed.headBytes() + placedBytes,
        place + placedBytes,
        untilBytes - placedBytes);
    placedBytes = untilBytes;
  }

  private boolean isPlacedLost() {
    return !carrier || carrierConnection != placedConnection;
  }

  /// The rest of a frame is awaited, and nothing overtakes it.
  private boolean isHeldUp() {
    return placed != null && !isPlacedLost() && line.time().nowNs() - restNs < 0;
  }

  private void endPlaced(LinkSink sink) {
    Frame frame = placed;
    if (isPlacedLost()) {
      placed = null;
      line.countLost();
      sink.onPlaceFree();
      return;
    }
    fillPlace(frame.payloadBytes);
    placed = null;
    countReceived(frame);
    show(frame, frame.headBytes());
    sink.onFrameInPlace(received.address(), frame.headBytes());
    end(frame);
  }

  private void checkUnchanged(Frame frame) {
    if (frame.pinned && frame.payloadBytes > 0) {
      long from = (long) frame.fullBytes - frame.payloadBytes;
      long mismatch = MemorySegment.mismatch(
          MemorySegment.ofArray(frame.bytes),
          from,
          frame.fullBytes,
          Memory.at(frame.payloadAddress, frame.payloadBytes),
          0,
          frame.payloadBytes);
      require(
          mismatch == -1,
          () -> site + "." + name + ": payload of a queued frame changed while pinned, at byte "
              + mismatch);
    }
  }

  private void dropCarrier(String reason) {
    // Whether the queue's buffers come back before or after the news differs between real
    // drivers.
    boolean newsFirst = line.draws().chance(500);
    if (newsFirst) {
      facts.add(Fact.carrier(false, reason));
    }
    for (Frame frame : queue) {
      line.countLost();
      if (frame.pinned) {
        facts.add(Fact.sent(frame.tag));
      }
    }
    forgetCarrier();
    if (!newsFirst) {
      facts.add(Fact.carrier(false, reason));
    }
    if (line.watch() != null) {
      line.watch().onCarrierLost(this, side);
    }
    wake.run();
  }

  private void forgetCarrier() {
    carrier = false;
    carrierChange++;
    queue.clear();
    queuedBytes = 0;
    refusedFrame = false;
  }

  private static final class Frame {
    final byte[] bytes;
    final int fullBytes;
    final long payloadAddress;
    final int payloadBytes;
    final long tag;

    /// As much of it as has come through.
    int lengthBytes;

    long departureNs;
    boolean pinned;

    /// It comes twice.
    boolean isDoubled;

    /// @param bytes may be longer than the frame
    Frame(byte[] bytes, int lengthBytes, long payloadAddress, int payloadBytes, long tag) {
      this.bytes = bytes;
      this.fullBytes = lengthBytes;
      this.lengthBytes = lengthBytes;
      this.payloadAddress = payloadAddress;
      this.payloadBytes = payloadBytes;
      this.tag = tag;
    }

    int headBytes() {
      return fullBytes - payloadBytes;
    }
  }

  /// A frame, a frame sent, or news of the carrier.
  private record Fact(Frame frame, long tag, boolean up, String reason) {
    static Fact frame(Frame frame) {
      return new Fact(frame, 0, false, null);
    }

    static Fact sent(long tag) {
      return new Fact(null, tag, false, null);
    }

    static Fact carrier(boolean up, String reason) {
      return new Fact(null, 0, up, reason);
    }
  }
}
