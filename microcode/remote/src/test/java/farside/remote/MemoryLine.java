package farside.remote;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import farside.port.LinkPort;
import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.link.FrameKind;
import farside.protocol.session.GreetingEncoder;
import farside.protocol.session.MessageHeaderEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// One end of a line between two cabinets, without loss: frames wait until the other end drains
/// them.
final class MemoryLine implements LinkPort {
  /// A frame whose payload the link has still to read.
  private record Queued(
      ByteBuffer frame, int headerBytes, long payloadAddress, int payloadBytes, long tag) {}

  private final ArrayDeque<ByteBuffer> arrived = new ArrayDeque<>();
  private final ArrayDeque<Queued> queued = new ArrayDeque<>();
  private final String name;
  private MemoryLine other;
  private LinkSink sink;
  final Placing placing = new Placing();
  int hangUps;
  boolean carrier = true;
  boolean queues;
  int room = Integer.MAX_VALUE;

  /// Greetings from this end tell of no newer session version; 0: they say what they say.
  int newestVersion;

  private long sent;

  private MemoryLine(String name) {
    this.name = name;
  }

  static MemoryLine[] pair() {
    return pair("L1");
  }

  static MemoryLine[] pair(String name) {
    MemoryLine a = new MemoryLine(name);
    MemoryLine b = new MemoryLine(name);
    a.other = b;
    b.other = a;
    return new MemoryLine[] {a, b};
  }

  void loseAll() {
    arrived.clear();
  }

  int waiting() {
    return arrived.size();
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
    if (other.arrived.size() >= room) {
      return FULL;
    }
    ByteBuffer frame = ByteBuffer.allocateDirect(headerBytes + payloadBytes);
    UnsafeBuffer view = new UnsafeBuffer(frame);
    header.getBytes(0, view, 0, headerBytes);
    makeOlder(view);
    if (queues) {
      queued.add(new Queued(frame, headerBytes, payloadAddress, payloadBytes, tag));
      return QUEUED;
    }
    if (payloadBytes > 0) {
      Memory.copy(payloadAddress, view.addressOffset() + headerBytes, payloadBytes);
    }
    other.arrived.add(frame);
    sent++;
    return SENT;
  }

  private void makeOlder(UnsafeBuffer frame) {
    FrameHeaderFlyweight head = new FrameHeaderFlyweight().wrapForChange(frame, 0);
    if (newestVersion > 0 && head.kind() == FrameKind.GREETING) {
      int body = head.messageOffset() + MessageHeaderEncoder.ENCODED_LENGTH;
      int at = body + GreetingEncoder.protocolVersionMaxEncodingOffset();
      frame.putShort(at, (short) newestVersion, LITTLE_ENDIAN);
      head.seal();
    }
  }

  /// The rest of a payload comes of which the first half has come, or it never will.
  void endHalfway(boolean goesOn) {
    if (goesOn) {
      placing.goOn(sink);
    } else {
      placing.breakOff(sink);
    }
  }

  /// The link reads what it has queued and sends it.
  void sendQueued() {
    while (!queued.isEmpty()) {
      Queued next = queued.poll();
      UnsafeBuffer view = new UnsafeBuffer(next.frame());
      if (next.payloadBytes() > 0) {
        Memory.copy(
            next.payloadAddress(), view.addressOffset() + next.headerBytes(), next.payloadBytes());
      }
      other.arrived.add(next.frame());
      sink.onSent(next.tag());
    }
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    this.sink = sink;
    int done = 0;
    while (done < limit && !arrived.isEmpty() && !placing.isHalfway()) {
      placing.deliver(arrived.poll(), sink);
      done++;
    }
    return done;
  }

  @Override
  public void vary(boolean on) {
    carrier = on;
  }

  @Override
  public boolean isVariedOn() {
    return true;
  }

  @Override
  public void hangUp(String reason) {
    hangUps++;
  }

  @Override
  public long sentFrames() {
    return sent;
  }

  @Override
  public long sentBytes() {
    return 0;
  }

  @Override
  public long receivedFrames() {
    return 0;
  }

  @Override
  public long receivedBytes() {
    return 0;
  }

  @Override
  public String description() {
    return "memory";
  }
}
