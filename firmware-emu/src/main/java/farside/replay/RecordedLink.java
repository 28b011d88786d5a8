package farside.replay;

import farside.port.LinkFilter;
import farside.port.LinkPort;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/// Stands in front of a link and tells the recorder what crosses.
final class RecordedLink extends LinkFilter {
  /// What a link may be asked at any time. It is told when the answer is another than the last.
  enum Figure {
    CARRIER,
    VARIED_ON,
    SENT_FRAMES,
    SENT_BYTES,
    RECEIVED_FRAMES,
    RECEIVED_BYTES
  }

  private final PortRecorder recorder;
  private final int port;
  private final DrainNotes notes;
  private final long[] seen = new long[Figure.values().length];
  private String described = "";

  RecordedLink(PortRecorder recorder, LinkPort link) {
    super(link);
    this.recorder = recorder;
    port = recorder.nextPort();
    notes = new DrainNotes(recorder, port);
    Arrays.fill(seen, -1);
    recorder.note(FactKind.LINK_ATTACHED, port, new String[] {link.name()});
  }

  LinkPort link() {
    return link;
  }

  int port() {
    return port;
  }

  private long see(Figure figure, long value) {
    if (seen[figure.ordinal()] != value) {
      seen[figure.ordinal()] = value;
      recorder.note(FactKind.LINK_SEEN, port, figure.ordinal(), value);
    }
    return value;
  }

  @Override
  public boolean hasCarrier() {
    return see(Figure.CARRIER, link.hasCarrier() ? 1 : 0) != 0;
  }

  @Override
  public boolean isVariedOn() {
    return see(Figure.VARIED_ON, link.isVariedOn() ? 1 : 0) != 0;
  }

  @Override
  public long sentFrames() {
    return see(Figure.SENT_FRAMES, link.sentFrames());
  }

  @Override
  public long sentBytes() {
    return see(Figure.SENT_BYTES, link.sentBytes());
  }

  @Override
  public long receivedFrames() {
    return see(Figure.RECEIVED_FRAMES, link.receivedFrames());
  }

  @Override
  public long receivedBytes() {
    return see(Figure.RECEIVED_BYTES, link.receivedBytes());
  }

  @Override
  public String description() {
    String now = link.description();
    if (!now.equals(described)) {
      described = now;
      recorder.note(FactKind.LINK_DESCRIBED, port, new String[] {now});
    }
    return now;
  }

  @Override
  public int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    long crc32c = recorder.crcOf(header, headerBytes, payloadAddress, payloadBytes);
    int answer = link.submit(header, headerBytes, payloadAddress, payloadBytes, tag);
    recorder.note(FactKind.LINK_SUBMIT, port, headerBytes, payloadBytes, crc32c, tag, answer);
    return answer;
  }

  @Override
  public void vary(boolean on) {
    recorder.note(FactKind.LINK_VARY, port, on ? 1 : 0);
    link.vary(on);
  }

  @Override
  public void hangUp(String reason) {
    recorder.note(FactKind.LINK_HANG_UP, port, new String[] {reason});
    link.hangUp(reason);
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    return notes.close(link.drain(new NotingSink(sink), limit));
  }

  /// The place given last; the payload is on its way there.
  private long placeAddress;

  private int placeBytes;

  private final class NotingSink implements LinkSink {
    private final LinkSink sink;

    NotingSink(LinkSink sink) {
      this.sink = sink;
    }

    @Override
    public void onFrame(long address, int lengthBytes) {
      notes.open();
      recorder.noteContent(FactKind.LINK_FRAME, port, PortRecorder.bytesAt(address, lengthBytes));
      sink.onFrame(address, lengthBytes);
    }

    @Override
    public long placeFor(long headAddress, int headBytes, int payloadBytes) {
      notes.open();
      recorder.noteContent(
          FactKind.LINK_PLACE_ASKED,
          port,
          PortRecorder.bytesAt(headAddress, headBytes),
          payloadBytes);
      long place = sink.placeFor(headAddress, headBytes, payloadBytes);
      recorder.note(FactKind.LINK_PLACE_ANSWERED, port, place == NOWHERE ? 0 : 1);
      placeAddress = place;
      placeBytes = payloadBytes;
      return place;
    }

    @Override
    public void onFrameInPlace(long headAddress, int headBytes) {
      notes.open();
      byte[] frame =
          Arrays.copyOf(PortRecorder.bytesAt(headAddress, headBytes), headBytes + placeBytes);
      System.arraycopy(
          PortRecorder.bytesAt(placeAddress, placeBytes), 0, frame, headBytes, placeBytes);
      recorder.noteContent(FactKind.LINK_FRAME_IN_PLACE, port, frame, headBytes);
      sink.onFrameInPlace(headAddress, headBytes);
    }

    @Override
    public void onPlaceFree() {
      notes.open();
      recorder.note(FactKind.LINK_PLACE_FREE, port);
      sink.onPlaceFree();
    }

    @Override
    public void onSent(long tag) {
      notes.open();
      recorder.note(FactKind.LINK_SENT, port, tag);
      sink.onSent(tag);
    }

    @Override
    public void onCarrier(boolean up, String reason) {
      notes.open();
      recorder.note(FactKind.LINK_CARRIER, port, new String[] {reason}, up ? 1 : 0);
      sink.onCarrier(up, reason);
    }
  }
}
