package farside.driver.nbd;

import farside.port.Memory;
import farside.protocol.nbd.NbdError;
import farside.protocol.nbd.SimpleReplyFlyweight;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// The replies of one connection, collected until [#flush] sends them all at once.
final class OutboundReplies {
  /// With this much not yet taken by the host's side, no more should be made.
  static final int UNSENT_BYTES_MAX = 4 * 1024 * 1024;

  /// Longest buffer; more data starts the next, so that growing never copies more than this.
  private static final int CHUNK_BYTES_MAX = 256 * 1024;

  private static final int CHUNK_BYTES_MIN = 512;

  /// Buffers that the network may hold. When a host stops reading, replies gather in one buffer
  /// that grows, and not in ever more small ones.
  private static final int CHUNKS_IN_FLIGHT_MAX = 16;

  private final Channel channel;
  private final Runnable onProgress;
  private final ChannelFutureListener onSent = this::onSent;
  private final UnsafeBuffer header = new UnsafeBuffer(new byte[SimpleReplyFlyweight.LENGTH_BYTES]);
  private final ArrayDeque<ByteBuf> chunks = new ArrayDeque<>();
  private final ArrayDeque<Integer> chunkBytesInFlight = new ArrayDeque<>();
  private ByteBuf filling;
  private int lastRoundBytes;
  private int roundBytes;
  private long unsentBytes;
  private long dataBytesDue;
  private boolean flushing;

  /// @param onProgress called when the network has taken something
  OutboundReplies(Channel channel, Runnable onProgress) {
    this.channel = channel;
    this.onProgress = onProgress;
  }

  boolean isWritable() {
    return unsentBytes < UNSENT_BYTES_MAX;
  }

  long unsentBytes() {
    return unsentBytes;
  }

  boolean isAllSent() {
    return unsentBytes == 0;
  }

  /// True in the middle of a read's reply, where no other may begin.
  boolean isDataDue() {
    return dataBytesDue > 0;
  }

  void put(DirectBuffer from, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      ByteBuf chunk = chunkFor(lengthBytes - done);
      int step = Math.min(lengthBytes - done, chunk.writableBytes());
      // Only what is said before an export is open comes this way: speed is not its care.
      byte[] bytes = new byte[step];
      from.getBytes(done, bytes);
      chunk.writeBytes(bytes);
      done += step;
    }
    count(lengthBytes);
  }

  void reply(long cookie, NbdError error) {
    if (dataBytesDue > 0) {
      throw new IllegalStateException(
          "NBD: a reply inside another, of which " + dataBytesDue + " bytes are due");
    }
    putHeader(cookie, error);
  }

  void beginData(long cookie, long lengthBytes) {
    reply(cookie, NbdError.NONE);
    dataBytesDue = lengthBytes;
  }

  void data(long address, int lengthBytes) {
    if (lengthBytes > dataBytesDue) {
      throw new IllegalStateException(
          "NBD: " + lengthBytes + " bytes of data, " + dataBytesDue + " are due");
    }
    dataBytesDue -= lengthBytes;
    int done = 0;
    while (done < lengthBytes) {
      ByteBuf chunk = chunkFor(lengthBytes - done);
      int step = Math.min(lengthBytes - done, chunk.writableBytes());
      if (chunk.hasMemoryAddress()) {
        Memory.copy(address + done, chunk.memoryAddress() + chunk.writerIndex(), step);
        chunk.writerIndex(chunk.writerIndex() + step);
      } else {
        chunk.writeBytes(Memory.at(address + done, step).asByteBuffer());
      }
      done += step;
    }
    count(lengthBytes);
  }

  /// Hands what was collected to the network: one flush however many the replies.
  void flush() {
    if (flushing) {
      return;
    }
    if (roundBytes > 0) {
      lastRoundBytes = roundBytes;
      roundBytes = 0;
    }
    flushing = true;
    // Sent at once, a chunk makes room for the next: hence again, until the network keeps what
    // it is given.
    while (!chunks.isEmpty() && chunkBytesInFlight.size() < CHUNKS_IN_FLIGHT_MAX) {
      writeChunks();
      channel.flush();
    }
    flushing = false;
  }

  private void writeChunks() {
    while (!chunks.isEmpty() && chunkBytesInFlight.size() < CHUNKS_IN_FLIGHT_MAX) {
      ByteBuf chunk = chunks.removeFirst();
      if (chunks.isEmpty()) {
        // It was the last, which is the one being filled.
        filling = null;
      }
      chunkBytesInFlight.addLast(chunk.readableBytes());
      channel.write(chunk).addListener(onSent);
    }
  }

  void release() {
    chunks.forEach(ByteBuf::release);
    chunks.clear();
    filling = null;
  }

  private void putHeader(long cookie, NbdError error) {
    SimpleReplyFlyweight.put(header, 0, error, cookie);
    ByteBuf chunk = filling;
    if (chunk == null || chunk.maxWritableBytes() < SimpleReplyFlyweight.LENGTH_BYTES) {
      chunk = begin(SimpleReplyFlyweight.LENGTH_BYTES);
    }
    chunk.writeBytes(header.byteArray());
    count(SimpleReplyFlyweight.LENGTH_BYTES);
  }

  private void count(int bytes) {
    unsentBytes += bytes;
    roundBytes += bytes;
  }

  /// A chunk with room for at least one byte, and for so many if that is not too long.
  private ByteBuf chunkFor(int bytes) {
    ByteBuf chunk = filling;
    if (chunk == null || chunk.maxWritableBytes() == 0) {
      return begin(bytes);
    }
    chunk.ensureWritable(Math.min(bytes, chunk.maxWritableBytes()));
    return chunk;
  }

  /// Begins a chunk about as long as the last round's replies were: it rarely has to grow.
  private ByteBuf begin(int bytes) {
    int wanted = Math.max(Math.max(bytes, lastRoundBytes), CHUNK_BYTES_MIN);
    filling = channel.alloc().directBuffer(Math.min(wanted, CHUNK_BYTES_MAX), CHUNK_BYTES_MAX);
    chunks.addLast(filling);
    return filling;
  }

  private void onSent(ChannelFuture sent) {
    unsentBytes -= chunkBytesInFlight.removeFirst();
    if (!sent.isSuccess()) {
      channel.close();
      return;
    }
    if (!chunks.isEmpty()) {
      flush();
    }
    onProgress.run();
  }
}
