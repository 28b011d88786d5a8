package farside.driver.tcplink;

import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.agrona.concurrent.UnsafeBuffer;

/// Finds whole frames in a stream of bytes that arrives in pieces of any size.
///
/// A frame that lies in one received buffer is shown where it lies. Only one that straddles
/// buffers is copied, into a side buffer that takes the longest frame there is.
///
/// The stream carries no marks to find the next frame by after a wrong length, so nothing is
/// cut behind a header that cannot be trusted: [#fault] says why, and the connection is of no
/// further use.
final class FrameCutter {
  private final ArrayDeque<ByteBuf> received = new ArrayDeque<>();
  private final FrameHeaderFlyweight header = new FrameHeaderFlyweight();
  private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
  private long queuedBytes;
  private ByteBuf side;
  private int sideBytes;
  private boolean isSideShown;
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
  /// cutter. False: no whole frame is here, or there is a [#fault].
  boolean cut() {
    dropShown();
    if (!fault.isEmpty()) {
      return false;
    }
    return (sideBytes == 0 && cutInPlace()) || (fault.isEmpty() && cutAtTheSide());
  }

  /// True if the stream begins with a header that is whole and right. To be asked before the
  /// first cut.
  boolean beginsWithAFrame() {
    int wantedBytes = FrameHeaderFlyweight.HEADER_BYTES;
    while (fault.isEmpty() && collect(wantedBytes)) {
      wantedBytes = wantedBytes(addressOf(side), sideBytes);
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
    long start = addressOf(head) + head.readerIndex();
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
      wantedBytes = wantedBytes(addressOf(side), sideBytes);
      if (!fault.isEmpty()) {
        return false;
      }
      if (wantedBytes == sideBytes) {
        address = addressOf(side);
        lengthBytes = sideBytes;
        isSideShown = true;
        return true;
      }
    }
    return false;
  }

  /// Moves bytes to the side until `wantedBytes` are there. False: there are not so many.
  private boolean collect(int wantedBytes) {
    while (sideBytes < wantedBytes && !received.isEmpty()) {
      if (side == null) {
        side = Unpooled.directBuffer(FrameHeaderFlyweight.FRAME_BYTES_MAX);
      }
      ByteBuf head = received.peekFirst();
      int pieceBytes = Math.min(wantedBytes - sideBytes, head.readableBytes());
      Memory.copy(addressOf(head) + head.readerIndex(), addressOf(side) + sideBytes, pieceBytes);
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

  /// Where a direct buffer's byte 0 lies.
  static long addressOf(ByteBuf bytes) {
    return bytes.hasMemoryAddress()
        ? bytes.memoryAddress()
        : MemorySegment.ofBuffer(bytes.nioBuffer(0, bytes.capacity())).address();
  }
}
