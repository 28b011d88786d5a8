package farside.driver.nbd;

import farside.port.Memory;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// What a connection has received and nobody has looked at yet, in the buffers in which it
/// came.
final class InboundBytes {
  /// What comes in pieces no longer than this is moved together, so that a host that trickles
  /// single bytes into a connection that waits does not fill memory with buffers that hold one
  /// byte each.
  private static final int PIECE_BYTES_MERGED_MAX = 4096;

  private final ArrayDeque<ByteBuf> pieces = new ArrayDeque<>();
  private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
  private long lengthBytes;

  long lengthBytes() {
    return lengthBytes;
  }

  /// Takes the buffer over.
  void add(ByteBuf piece) {
    int bytes = piece.readableBytes();
    lengthBytes += bytes;
    ByteBuf last = pieces.peekLast();
    if (last != null && bytes <= PIECE_BYTES_MERGED_MAX && bytes <= last.writableBytes()) {
      last.writeBytes(piece);
      piece.release();
    } else if (bytes > 0) {
      pieces.addLast(piece);
    } else {
      piece.release();
    }
  }

  /// The first piece, from what is next on; its capacity is how much that is. Valid until the
  /// next call of any method here.
  DirectBuffer first() {
    ByteBuf first = pieces.peekFirst();
    if (first == null) {
      view.wrap(0, 0);
    } else if (first.hasMemoryAddress()) {
      view.wrap(first.memoryAddress() + first.readerIndex(), first.readableBytes());
    } else {
      view.wrap(first.nioBuffer());
    }
    return view;
  }

  void skip(long bytes) {
    long left = bytes;
    while (left > 0) {
      ByteBuf first = pieces.peekFirst();
      int step = (int) Math.min(left, first.readableBytes());
      first.skipBytes(step);
      left -= step;
      releaseIfEmpty(first);
    }
    lengthBytes -= bytes;
  }

  /// Moves up to so many bytes to an address; returns how many.
  int moveTo(long address, int bytes) {
    int moved = 0;
    while (moved < bytes && !pieces.isEmpty()) {
      ByteBuf first = pieces.peekFirst();
      int step = Math.min(bytes - moved, first.readableBytes());
      if (first.hasMemoryAddress()) {
        Memory.copy(first.memoryAddress() + first.readerIndex(), address + moved, step);
        first.skipBytes(step);
      } else {
        first.readBytes(Memory.at(address + moved, step).asByteBuffer());
      }
      moved += step;
      releaseIfEmpty(first);
    }
    lengthBytes -= moved;
    return moved;
  }

  /// Gives all of it away, buffer by buffer.
  void removeAll(Consumer<ByteBuf> taker) {
    List<ByteBuf> all = List.copyOf(pieces);
    pieces.clear();
    lengthBytes = 0;
    all.forEach(taker);
  }

  void release() {
    pieces.forEach(ByteBuf::release);
    pieces.clear();
    lengthBytes = 0;
  }

  private void releaseIfEmpty(ByteBuf first) {
    if (!first.isReadable()) {
      pieces.removeFirst().release();
    }
  }
}
