package farside.driver.tcplink;

import farside.driver.netty.StraightReceive;
import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import org.agrona.concurrent.UnsafeBuffer;

/// Finds whole frames in a stream of bytes that arrives in pieces of any size.
///
/// A frame that lies in one received buffer is shown where it lies. One that does not, and whose
/// payload is long, may get a place for its payload as soon as header and message are here
/// ([#isHeadHere]): what has come of it is moved there, and who reads the stream may put the rest
/// there past the cutter. Any other is put together in a side buffer that takes the longest frame
/// there is.
///
/// The stream carries no marks to find the next frame by after a wrong length, so nothing is
/// cut behind a header that cannot be trusted: [#fault] says why, and the connection is of no
/// further use.
final class FrameCutter {
  /// A payload of less is not worth a question, nor a system call of its own.
  static final int LONG_PAYLOAD_BYTES = 16 * 1024;

  private final ArrayDeque<ByteBuf> received = new ArrayDeque<>();
  private final FrameHeaderFlyweight header = new FrameHeaderFlyweight();
  private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
  private long queuedBytes;
  private ByteBuf side;
  private int sideBytes;
  private boolean isSideShown;
  private boolean isHeadHere;
  private boolean isHeadAsked;
  private boolean isPlaced;
  private long placeAddress;
  private int placeBytes;
  private long address;
  private int lengthBytes;
  private String fault = "";

  /// Takes a buffer over: it is released once its last frame was cut.
  void add(ByteBuf bytes) {
    if (!bytes.isReadable() || !fault.isEmpty()) {
      bytes.release();
      return;
    }
    queuedBytes += bytes.readableBytes();
    if (bytes.isDirect()) {
      received.addLast(bytes);
    } else {
      ByteBuf copy = bytes.alloc().directBuffer(bytes.readableBytes()).writeBytes(bytes);
      bytes.release();
      received.addLast(copy);
    }
  }

  /// Bytes that were added and not yet cut.
  long queuedBytes() {
    return queuedBytes;
  }

  /// Cuts the next frame. It stays at [#address] until the next call of a method of this
  /// cutter; of one that [#isPlaced] only header and message are there. False: no whole frame is
  /// here, or its head waits for an answer, or there is a [#fault].
  boolean cut() {
    dropShown();
    if (!fault.isEmpty() || isHeadHere) {
      return false;
    }
    if (isPlaced) {
      return cutPlaced();
    }
    return (sideBytes == 0 && cutInPlace()) || (fault.isEmpty() && cutAtTheSide());
  }

  /// True if header and message of a frame lie at [#headAddress], apart from its long payload, of
  /// which not all may be here. Nothing is cut until that has an answer, [#place] or
  /// [#keepTogether].
  boolean isHeadHere() {
    return isHeadHere;
  }

  long headAddress() {
    return StraightReceive.addressOf(side);
  }

  int headBytes() {
    return sideBytes;
  }

  /// Length of the payload of the frame that was looked at last.
  int payloadBytes() {
    return header.payloadBytes();
  }

  /// True while more of such a frame is to come.
  boolean isKeptTogether() {
    return isHeadAsked;
  }

  /// The payload of the frame whose head is here goes to the address, which takes all of it.
  void place(long address) {
    isHeadHere = false;
    isPlaced = true;
    placeAddress = address;
    placeBytes = header.payloadBytes();
  }

  /// The frame whose head is here is to be shown in one piece.
  void keepTogether() {
    isHeadHere = false;
    isHeadAsked = true;
  }

  /// True from when a frame has its place until it was shown, and while it is.
  boolean isPlaced() {
    return isPlaced;
  }

  /// Where the next byte of the payload goes that has a place, once nothing is queued.
  long placeAddress() {
    return placeAddress;
  }

  /// How many bytes of it are missing; 0 if nothing was placed.
  int placeBytes() {
    return placeBytes;
  }

  /// So many bytes were put to [#placeAddress].
  void onPut(int bytes) {
    placeAddress += bytes;
    placeBytes -= bytes;
  }

  /// True if the stream begins with a header that is whole and right. To be asked before the
  /// first cut.
  boolean beginsWithAFrame() {
    int wantedBytes = FrameHeaderFlyweight.HEADER_BYTES;
    while (fault.isEmpty() && collect(wantedBytes)) {
      wantedBytes = wantedBytes(StraightReceive.addressOf(side), sideBytes);
      if (wantedBytes > FrameHeaderFlyweight.HEADER_BYTES + header.messageBytes()
          || wantedBytes == sideBytes) {
        return fault.isEmpty();
      }
    }
    return false;
  }

  /// Why nothing more can be cut; empty while all is well.
  String fault() {
    return fault;
  }

  long address() {
    return address;
  }

  int lengthBytes() {
    return lengthBytes;
  }

  /// Gives all memory back. Half a frame that was waiting for its other half is gone.
  void release() {
    received.forEach(ByteBuf::release);
    received.clear();
    queuedBytes = 0;
    if (side != null) {
      side.release();
      side = null;
    }
    sideBytes = 0;
    isSideShown = false;
    isHeadHere = false;
    isHeadAsked = false;
    isPlaced = false;
    placeBytes = 0;
    lengthBytes = 0;
    if (fault.isEmpty()) {
      fault = "the connection was closed";
    }
  }

  /// The frame shown last is done with.
  private void dropShown() {
    if (lengthBytes == 0) {
      return;
    }
    if (isSideShown) {
      sideBytes = 0;
      isSideShown = false;
      isHeadAsked = false;
      isPlaced = false;
    } else {
      received.peekFirst().skipBytes(lengthBytes);
      dropReadHead();
    }
    queuedBytes -= lengthBytes;
    lengthBytes = 0;
  }

  private boolean cutInPlace() {
    ByteBuf head = received.peekFirst();
    if (head == null) {
      return false;
    }
    long start = StraightReceive.addressOf(head) + head.readerIndex();
    int wantedBytes = wantedBytes(start, head.readableBytes());
    if (wantedBytes > head.readableBytes()) {
      return false;
    }
    address = start;
    lengthBytes = wantedBytes;
    return fault.isEmpty();
  }

  private boolean cutAtTheSide() {
    int wantedBytes = FrameHeaderFlyweight.HEADER_BYTES;
    while (collect(wantedBytes)) {
      wantedBytes = wantedBytes(StraightReceive.addressOf(side), sideBytes);
      if (!fault.isEmpty()) {
        return false;
      }
      if (wantedBytes == sideBytes) {
        return showSide();
      }
      isHeadHere = !isHeadAsked && isHeadOfLongPayload();
      if (isHeadHere) {
        return false;
      }
    }
    return false;
  }

  private boolean isHeadOfLongPayload() {
    return sideBytes == FrameHeaderFlyweight.HEADER_BYTES + header.messageBytes()
        && header.payloadBytes() >= LONG_PAYLOAD_BYTES;
  }

  private boolean showSide() {
    address = StraightReceive.addressOf(side);
    lengthBytes = sideBytes;
    isSideShown = true;
    return true;
  }

  private boolean cutPlaced() {
    while (placeBytes > 0 && !received.isEmpty()) {
      ByteBuf first = received.peekFirst();
      int pieceBytes = Math.min(placeBytes, first.readableBytes());
      Memory.copy(StraightReceive.addressOf(first) + first.readerIndex(), placeAddress, pieceBytes);
      first.skipBytes(pieceBytes);
      queuedBytes -= pieceBytes;
      onPut(pieceBytes);
      dropReadHead();
    }
    return placeBytes == 0 && showSide();
  }

  /// Moves bytes to the side until `wantedBytes` are there. False: there are not so many.
  private boolean collect(int wantedBytes) {
    while (sideBytes < wantedBytes && !received.isEmpty()) {
      if (side == null) {
        side = Unpooled.directBuffer(FrameHeaderFlyweight.FRAME_BYTES_MAX);
      }
      ByteBuf head = received.peekFirst();
      int pieceBytes = Math.min(wantedBytes - sideBytes, head.readableBytes());
      Memory.copy(
          StraightReceive.addressOf(head) + head.readerIndex(),
          StraightReceive.addressOf(side) + sideBytes,
          pieceBytes);
      head.skipBytes(pieceBytes);
      sideBytes += pieceBytes;
      dropReadHead();
    }
    return sideBytes >= wantedBytes;
  }

  private void dropReadHead() {
    if (!received.peekFirst().isReadable()) {
      received.pollFirst().release();
    }
  }

  /// How many bytes must be here for the next step: a header, its message, or, once both are
  /// trusted, the whole frame. With as many there already, that is the frame's length.
  private int wantedBytes(long start, int hereBytes) {
    if (hereBytes < FrameHeaderFlyweight.HEADER_BYTES) {
      return FrameHeaderFlyweight.HEADER_BYTES;
    }
    view.wrap(start, hereBytes);
    header.wrapForReading(view, 0);
    if (!header.isPlausible()) {
      fault = String.format(
          "what came is no frame: magic %02x version %d payload length %d",
          header.magic(), header.version(), Integer.toUnsignedLong(header.payloadBytes()));
      return 0;
    }
    int trustedBytes = FrameHeaderFlyweight.HEADER_BYTES + header.messageBytes();
    if (hereBytes < trustedBytes) {
      return trustedBytes;
    }
    if (!header.headerCrcIsRight()) {
      fault = "a frame's header is damaged, so its length cannot be trusted";
      return 0;
    }
    return header.frameBytes();
  }
}
