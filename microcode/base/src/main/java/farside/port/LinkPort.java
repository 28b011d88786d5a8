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
  interface LinkSink {
    /// The memory is valid, and may be changed, only during the call.
    void onFrame(long address, int lengthBytes);

    void onSent(long tag);

    void onCarrier(boolean up, String reason);
  }
}
