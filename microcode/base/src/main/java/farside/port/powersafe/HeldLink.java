package farside.port.powersafe;

import farside.director.MachineCheck;
import farside.port.LinkFilter;
import farside.port.LinkPort;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongArrayQueue;
import org.agrona.concurrent.UnsafeBuffer;

/// A link that gets a frame when the log has what the frame rests on.
///
/// A held frame's header is copied, its payload stays where it is: to the sender it is queued. So
/// is one without payload: the link behind may queue it, and would tell of one that nobody counts.
final class HeldLink extends LinkFilter implements LinkPort.LinkSink, Outlet.Held {
  private static final int FRAMES_MAX = 256;
  private static final int HEADER_BYTES_MAX = 512;
  private static final long NONE = Long.MIN_VALUE;

  private final NvramLog log;
  private final UnsafeBuffer[] headers = new UnsafeBuffer[FRAMES_MAX];
  private final int[] headerBytes = new int[FRAMES_MAX];
  private final long[] payloadAddress = new long[FRAMES_MAX];
  private final int[] payloadBytes = new int[FRAMES_MAX];
  private final long[] tags = new long[FRAMES_MAX];
  private final long[] marks = new long[FRAMES_MAX];
  private int first;
  private int count;

  /// Frames that have gone, and whose sender was not told yet.
  private final LongArrayQueue sentTags = new LongArrayQueue(64, NONE);

  private LinkSink sink;

  HeldLink(LinkPort link, NvramLog log) {
    super(link);
    this.log = log;
    for (int i = 0; i < FRAMES_MAX; i++) {
      headers[i] = new UnsafeBuffer(new byte[HEADER_BYTES_MAX]);
    }
  }

  LinkPort behind() {
    return link;
  }

  @Override
  public int submit(DirectBuffer header, int bytes, long address, int lengthBytes, long tag) {
    if (count == 0 && log.isDurable() || !link.hasCarrier()) {
      return link.submit(header, bytes, address, lengthBytes, tag);
    }
    if (count == FRAMES_MAX) {
      return FULL;
    }
    if (bytes > HEADER_BYTES_MAX) {
      throw new MachineCheck("a frame's header of " + bytes + " bytes");
    }
    int place = (first + count) % FRAMES_MAX;
    count++;
    headers[place].putBytes(0, header, 0, bytes);
    headerBytes[place] = bytes;
    payloadAddress[place] = address;
    payloadBytes[place] = lengthBytes;
    tags[place] = tag;
    marks[place] = log.mark();
    return QUEUED;
  }

  @Override
  public int release() {
    int work = 0;
    while (count > 0 && log.isDurable(marks[first])) {
      int answer = link.submit(
          headers[first],
          headerBytes[first],
          payloadAddress[first],
          payloadBytes[first],
          tags[first]);
      if (answer == FULL) {
        break;
      }
      if (answer == SENT) {
        sentTags.addLong(tags[first]);
      }
      first = (first + 1) % FRAMES_MAX;
      count--;
      work++;
    }
    return work;
  }

  @Override
  public boolean isEmpty() {
    return count == 0;
  }

  @Override
  public int drain(LinkSink to, int limit) {
    int drained = 0;
    while (drained < limit && !sentTags.isEmpty()) {
      to.onSent(sentTags.pollLong());
      drained++;
    }
    sink = to;
    return drained + (drained < limit ? link.drain(this, limit - drained) : 0);
  }

  @Override
  public void onFrame(long address, int lengthBytes) {
    sink.onFrame(address, lengthBytes);
  }

  @Override
  public long placeFor(long headAddress, int headBytes, int payloadBytes) {
    return sink.placeFor(headAddress, headBytes, payloadBytes);
  }

  @Override
  public void onFrameInPlace(long headAddress, int headBytes) {
    sink.onFrameInPlace(headAddress, headBytes);
  }

  @Override
  public void onPlaceFree() {
    sink.onPlaceFree();
  }

  @Override
  public void onSent(long tag) {
    sink.onSent(tag);
  }

  @Override
  public void onCarrier(boolean up, String reason) {
    if (!up) {
      // What was held is lost with the line, as what the line itself had queued.
      while (count > 0) {
        sink.onSent(tags[first]);
        first = (first + 1) % FRAMES_MAX;
        count--;
      }
    }
    sink.onCarrier(up, reason);
  }
}
