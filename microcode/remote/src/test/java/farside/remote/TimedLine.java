package farside.remote;

import farside.port.LinkPort;
import farside.port.Memory;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// One end of a line with a delay and a rate, on the test's clock. It can be cut, seen by both
/// ends, or dead in one direction, seen by none.
final class TimedLine implements LinkPort {
  /// The clock that both ends of all lines of a test share.
  static final class Clock {
    long nowNs = 1;
  }

  private record Frame(ByteBuffer bytes, long arrivesNs) {}

  private static final int QUEUED_BYTES_MAX = 1 << 20;

  private final String name;
  private final Clock clock;
  private final long delayNs;
  private final long bytesPerSecond;
  private final ArrayDeque<Frame> arriving = new ArrayDeque<>();
  private TimedLine other;
  private long freeNs;
  private boolean isVariedOn = true;
  private boolean isPlugged = true;
  private final ArrayDeque<Long> keptTags = new ArrayDeque<>();
  private boolean givesBack = true;
  private final Placing placing = new Placing();
  boolean isCut;
  int hangUps;
  /// What goes out here is lost.
  boolean isDead;
  private long sentFrames;
  private long sentBytes;
  private long receivedFrames;
  private long receivedBytes;

  private TimedLine(String name, Clock clock, long delayNs, long bytesPerSecond) {
    this.name = name;
    this.clock = clock;
    this.delayNs = delayNs;
    this.bytesPerSecond = bytesPerSecond;
  }

  /// @param bytesPerSecond 0: no limit
  static TimedLine[] pair(String name, Clock clock, long delayNs, long bytesPerSecond) {
    TimedLine a = new TimedLine(name, clock, delayNs, bytesPerSecond);
    TimedLine b = new TimedLine(name, clock, delayNs, bytesPerSecond);
    a.other = b;
    b.other = a;
    return new TimedLine[] {a, b};
  }

  void setCut(boolean cut) {
    isCut = cut;
    other.isCut = cut;
    arriving.clear();
    other.arriving.clear();
  }

  /// A line that nobody has plugged in is whole, but nobody is there.
  void setPlugged(boolean plugged) {
    isPlugged = plugged;
    isVariedOn = true;
  }

  /// From now on payloads are read, and kept from their owner, until it gives back.
  void keepPayloads(boolean keep) {
    givesBack = !keep;
  }

  /// When the next frame arrives; `Long.MAX_VALUE` if none is on its way.
  long nextArrivalNs() {
    return arriving.isEmpty() ? Long.MAX_VALUE : arriving.peek().arrivesNs;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean hasCarrier() {
    return !isCut && isVariedOn && other.isVariedOn && isPlugged && other.isPlugged;
  }

  @Override
  public int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    if (!hasCarrier()) {
      return SENT;
    }
    int frameBytes = headerBytes + payloadBytes;
    long startNs = Math.max(freeNs, clock.nowNs);
    if (bytesPerSecond > 0
        && (startNs - clock.nowNs) * bytesPerSecond / 1_000_000_000L > QUEUED_BYTES_MAX) {
      return FULL;
    }
    freeNs = startNs + (bytesPerSecond == 0 ? 0 : frameBytes * 1_000_000_000L / bytesPerSecond);
    sentFrames++;
    sentBytes += frameBytes;
    if (isDead) {
      return SENT;
    }
    ByteBuffer bytes = ByteBuffer.allocateDirect(frameBytes);
    UnsafeBuffer view = new UnsafeBuffer(bytes);
    header.getBytes(0, view, 0, headerBytes);
    if (payloadBytes > 0) {
      Memory.copy(payloadAddress, view.addressOffset() + headerBytes, payloadBytes);
    }
    other.arriving.add(new Frame(bytes, freeNs + delayNs));
    if (payloadBytes == 0 || givesBack) {
      return SENT;
    }
    keptTags.add(tag);
    return QUEUED;
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    int done = 0;
    while (givesBack && !keptTags.isEmpty()) {
      sink.onSent(keptTags.remove());
      done++;
    }
    while (done < limit && nextArrivalNs() <= clock.nowNs) {
      ByteBuffer bytes = arriving.remove().bytes;
      receivedFrames++;
      receivedBytes += bytes.capacity();
      placing.deliver(bytes, sink);
      done++;
    }
    return done;
  }

  @Override
  public void vary(boolean on) {
    isVariedOn = on;
  }

  @Override
  public boolean isVariedOn() {
    return isVariedOn;
  }

  @Override
  public void hangUp(String reason) {
    hangUps++;
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
    return "a line in a test";
  }
}
