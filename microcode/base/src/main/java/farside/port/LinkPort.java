package farside.port;

import org.agrona.DirectBuffer;

/// One link to the peer cabinet: whole frames out and in.
///
/// A link may lose, delay and corrupt frames; it never reorders them. What a frame holds is
/// `specs/link-session.md`; the port sees a header and a payload of bytes.
public interface LinkPort {
  /// The frame was copied or sent: its payload is free again.
  int SENT = 0;

  /// The frame is queued: its payload must stay until `onSent`.
  int QUEUED = 1;

  /// No room now; submit the same frame again later.
  int FULL = 2;

  /// Name in the rig, such as `L1`.
  String name();

  /// True while frames can be sent and may arrive.
  boolean hasCarrier();

  /// Submits one frame: header, then payload (length 0: none). Returns [#SENT], [#QUEUED] or
  /// [#FULL]; without carrier the frame is lost and the answer is `SENT`.
  int submit(DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag);

  int drain(LinkSink sink, int limit);

  /// Varied off, a link has no carrier and refuses its peer, until varied on.
  void vary(boolean on);

  boolean isVariedOn();

  /// Ends a connection that nothing comes over any more, if this kind of link has connections,
  /// and looks for the peer anew. Without carrier it does nothing.
  void hangUp(String reason);

  long sentFrames();

  long sentBytes();

  long receivedFrames();

  long receivedBytes();

  /// Where it leads, for the console: an address, a device.
  String description();

  /// Takes what the link delivers.
  ///
  /// A link may bring a frame in two steps, so that a long payload is received straight to where
  /// it stays: once header and message have come it asks for a place, and goes on as the answer
  /// says. A frame of which the link never asked comes by `onFrame`, and so does one that got no
  /// place.
  interface LinkSink {
    /// A place that is none.
    long NOWHERE = 0;

    /// A whole frame. The memory is valid, and may be changed, only during the call.
    void onFrame(long address, int lengthBytes);

    /// Header and message of a frame have come, its payload is on its way: where is that to go?
    /// The memory is valid during the call, and is not changed.
    ///
    /// The place belongs to the link, which asks for no second one, until it says
    /// `onFrameInPlace` or `onPlaceFree`; one of them comes, whatever becomes of the line.
    default long placeFor(long headAddress, int headBytes, int payloadBytes) {
      return NOWHERE;
    }

    /// The frame for which a place was given is whole: its payload lies there, header and message
    /// here, as in `onFrame`.
    default void onFrameInPlace(long headAddress, int headBytes) {
      throw new IllegalStateException("a frame in a place, but none was given");
    }

    /// The frame for which a place was given will never be whole.
    default void onPlaceFree() {
      throw new IllegalStateException("a place is free, but none was given");
    }

    void onSent(long tag);

    void onCarrier(boolean up, String reason);
  }
}
