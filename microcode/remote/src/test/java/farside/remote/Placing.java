package farside.remote;

import farside.port.LinkPort.LinkSink;
import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// Delivers frames as a link does that receives payload straight to where it stays; it may damage
/// one there, or stop in the middle of it.
final class Placing {
  /// The next payload that has a place is damaged there.
  boolean damages;

  /// Of the next payload that has a place only the first half comes.
  boolean stops;

  int given;
  private UnsafeBuffer half;
  private long place;

  boolean isHalfway() {
    return half != null;
  }

  void deliver(ByteBuffer frame, LinkSink sink) {
    UnsafeBuffer view = new UnsafeBuffer(frame);
    int payloadBytes = payloadBytes(view);
    place = payloadBytes == 0
        ? LinkSink.NOWHERE
        : sink.placeFor(view.addressOffset(), headBytes(view), payloadBytes);
    if (place == LinkSink.NOWHERE) {
      sink.onFrame(view.addressOffset(), view.capacity());
      return;
    }
    given++;
    half = view;
    Memory.copy(view.addressOffset() + headBytes(view), place, payloadBytes / 2);
    if (!stops) {
      goOn(sink);
    }
  }

  void goOn(LinkSink sink) {
    UnsafeBuffer frame = half;
    half = null;
    stops = false;
    Memory.copy(frame.addressOffset() + headBytes(frame), place, payloadBytes(frame));
    if (damages) {
      damages = false;
      Memory.putByte(place, (byte) (Memory.getByte(place) ^ 1));
    }
    sink.onFrameInPlace(frame.addressOffset(), headBytes(frame));
  }

  void breakOff(LinkSink sink) {
    half = null;
    stops = false;
    sink.onPlaceFree();
  }

  private static int payloadBytes(UnsafeBuffer frame) {
    return new FrameHeaderFlyweight().wrapForReading(frame, 0).payloadBytes();
  }

  private static int headBytes(UnsafeBuffer frame) {
    return frame.capacity() - payloadBytes(frame);
  }
}
