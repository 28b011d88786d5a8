package farside.protocol.link;

/// What a frame is for. Codes are never given twice.
public enum FrameKind {
  /// No kind of this version: whoever receives it drops the frame.
  UNKNOWN(0),
  /// Opens a session. Carries a `Greeting`; its sequence number says nothing.
  GREETING(1),
  /// Has a sequence number of its own, and is sent again until the peer acknowledged it.
  SEQUENCED(2),
  /// Acknowledgement, credit, heartbeat or watermark: newest wins, and nobody misses a lost
  /// one.
  STATUS(3),
  /// Asks for sequenced frames that did not come. Carries a `Nak`.
  NAK(4);

  private static final FrameKind[] KINDS = values();

  private final int code;

  FrameKind(int code) {
    this.code = code;
  }

  /// The number on the wire.
  public int code() {
    return code;
  }

  /// [#UNKNOWN] for every code that this version has no name for.
  public static FrameKind ofCode(int code) {
    return code > 0 && code < KINDS.length ? KINDS[code] : UNKNOWN;
  }
}
