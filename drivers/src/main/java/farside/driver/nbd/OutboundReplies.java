package farside.driver.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import farside.port.Extents;
import farside.port.Memory;
import farside.protocol.nbd.MetaContext;
import farside.protocol.nbd.NbdError;
import farside.protocol.nbd.SimpleReplyFlyweight;
import farside.protocol.nbd.StructuredReplyFlyweight;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import java.nio.charset.StandardCharsets;
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

  private static final int HEADER_BYTES_MAX = 64;

  /// More than this of a failed extent is not made up: the connection is cut instead.
  private static final long PADDING_BYTES_MAX = 1024 * 1024;

  private static final byte[][] TEXTS = texts();

  private final Channel channel;
  private final Runnable onProgress;
  private final ChannelFutureListener onSent = this::onSent;
  private final UnsafeBuffer header = new UnsafeBuffer(new byte[HEADER_BYTES_MAX]);
  private final ArrayDeque<ByteBuf> chunks = new ArrayDeque<>();
  private final ArrayDeque<Integer> chunkBytesInFlight = new ArrayDeque<>();
  private ByteBuf filling;
  private int lastRoundBytes;
  private int roundBytes;
  private long unsentBytes;
  private boolean structured;
  private long dataCookie;
  private long dataOffsetBytes;
  private long dataBytesDue;
  private long extentBytesDue;
  private boolean flushing;

  /// @param onProgress called when the network has taken something
  OutboundReplies(Channel channel, Runnable onProgress) {
    this.channel = channel;
    this.onProgress = onProgress;
  }

  /// From here on replies to reads and all errors are chunks.
  void useStructuredReplies() {
    structured = true;
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

  /// The one and only word about a request, a read that went well excepted.
  void reply(long cookie, NbdError error) {
    checkNothingDue();
    if (structured && error != NbdError.NONE) {
      putError(StructuredReplyFlyweight.TYPE_ERROR, cookie, error, 0);
    } else {
      putSimple(cookie, error);
    }
  }

  void beginData(long cookie, long offsetBytes, long lengthBytes) {
    checkNothingDue();
    dataCookie = cookie;
    dataOffsetBytes = offsetBytes;
    dataBytesDue = lengthBytes;
    extentBytesDue = 0;
    if (!structured) {
      putSimple(cookie, NbdError.NONE);
    } else if (lengthBytes == 0) {
      chunk(true, StructuredReplyFlyweight.TYPE_NONE, cookie, 0);
      putHeader(StructuredReplyFlyweight.LENGTH_BYTES);
    }
  }

  void dataExtent(long lengthBytes) {
    checkExtent(lengthBytes);
    extentBytesDue = lengthBytes;
    if (structured) {
      int prefixBytes = StructuredReplyFlyweight.DATA_PREFIX_BYTES;
      chunk(
          lengthBytes == dataBytesDue,
          StructuredReplyFlyweight.TYPE_OFFSET_DATA,
          dataCookie,
          prefixBytes + (int) lengthBytes);
      header.putLong(StructuredReplyFlyweight.LENGTH_BYTES, dataOffsetBytes, BIG_ENDIAN);
      putHeader(StructuredReplyFlyweight.LENGTH_BYTES + prefixBytes);
    }
  }

  void zeroExtent(long lengthBytes) {
    checkExtent(lengthBytes);
    if (structured) {
      int at = StructuredReplyFlyweight.LENGTH_BYTES;
      chunk(
          lengthBytes == dataBytesDue,
          StructuredReplyFlyweight.TYPE_OFFSET_HOLE,
          dataCookie,
          StructuredReplyFlyweight.HOLE_BYTES);
      header.putLong(at, dataOffsetBytes, BIG_ENDIAN);
      header.putInt(at + Long.BYTES, (int) lengthBytes, BIG_ENDIAN);
      putHeader(at + StructuredReplyFlyweight.HOLE_BYTES);
    } else {
      putZeroes(lengthBytes);
    }
    dataBytesDue -= lengthBytes;
    dataOffsetBytes += lengthBytes;
  }

  void data(long address, int lengthBytes) {
    if (lengthBytes > extentBytesDue) {
      throw new IllegalStateException(
          "NBD: " + lengthBytes + " bytes of data, " + extentBytesDue + " are due");
    }
    extentBytesDue -= lengthBytes;
    dataBytesDue -= lengthBytes;
    dataOffsetBytes += lengthBytes;
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

  /// The rest of the data cannot be given; false if there is no way to say so on this
  /// connection. An extent that was announced is filled up: its length cannot be taken back.
  boolean failData(NbdError error) {
    if (!structured || extentBytesDue > PADDING_BYTES_MAX) {
      return false;
    }
    long failedAt = dataOffsetBytes;
    putZeroes(extentBytesDue);
    extentBytesDue = 0;
    dataBytesDue = 0;
    putError(StructuredReplyFlyweight.TYPE_ERROR_OFFSET, dataCookie, error, failedAt);
    return true;
  }

  void blockStatus(long cookie, Extents extents) {
    checkNothingDue();
    int contentBytes = StructuredReplyFlyweight.STATUS_PREFIX_BYTES
        + extents.count() * StructuredReplyFlyweight.STATUS_EXTENT_BYTES;
    chunk(true, StructuredReplyFlyweight.TYPE_BLOCK_STATUS, cookie, contentBytes);
    header.putInt(StructuredReplyFlyweight.LENGTH_BYTES, MetaContext.ALLOCATION_ID, BIG_ENDIAN);
    putHeader(StructuredReplyFlyweight.LENGTH_BYTES + StructuredReplyFlyweight.STATUS_PREFIX_BYTES);
    for (int index = 0; index < extents.count(); index++) {
      header.putInt(0, (int) extents.lengthBytes(index), BIG_ENDIAN);
      header.putInt(
          Integer.BYTES,
          extents.isZero(index) ? MetaContext.HOLE | MetaContext.ZERO : 0,
          BIG_ENDIAN);
      putHeader(StructuredReplyFlyweight.STATUS_EXTENT_BYTES);
    }
  }

  private void checkNothingDue() {
    if (dataBytesDue > 0) {
      throw new IllegalStateException(
          "NBD: a reply inside another, of which " + dataBytesDue + " bytes are due");
    }
  }

  private void checkExtent(long lengthBytes) {
    if (extentBytesDue > 0 || lengthBytes > dataBytesDue) {
      throw new IllegalStateException("NBD: an extent of " + lengthBytes + " bytes, with "
          + extentBytesDue + " of the last one and " + dataBytesDue + " of all due");
    }
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

  private void putSimple(long cookie, NbdError error) {
    SimpleReplyFlyweight.put(header, 0, error, cookie);
    putHeader(SimpleReplyFlyweight.LENGTH_BYTES);
  }

  @SuppressWarnings("EnumOrdinal") // an index into a table made here, never seen outside
  private void putError(int type, long cookie, NbdError error, long offsetBytes) {
    byte[] text = TEXTS[error.ordinal()];
    int at = StructuredReplyFlyweight.LENGTH_BYTES;
    boolean hasOffset = type == StructuredReplyFlyweight.TYPE_ERROR_OFFSET;
    chunk(
        true,
        type,
        cookie,
        StructuredReplyFlyweight.ERROR_PREFIX_BYTES + text.length + (hasOffset ? Long.BYTES : 0));
    header.putInt(at, error.number(), BIG_ENDIAN);
    header.putShort(at + Integer.BYTES, (short) text.length, BIG_ENDIAN);
    putHeader(at + StructuredReplyFlyweight.ERROR_PREFIX_BYTES);
    putBytes(text, text.length);
    if (hasOffset) {
      header.putLong(0, offsetBytes, BIG_ENDIAN);
      putHeader(Long.BYTES);
    }
  }

  private void chunk(boolean isLast, int type, long cookie, int contentBytes) {
    StructuredReplyFlyweight.put(header, 0, isLast, type, cookie, contentBytes);
  }

  private void putHeader(int lengthBytes) {
    putBytes(header.byteArray(), lengthBytes);
  }

  private void putBytes(byte[] bytes, int lengthBytes) {
    ByteBuf chunk = filling;
    if (chunk == null || chunk.maxWritableBytes() < lengthBytes) {
      chunk = begin(lengthBytes);
    }
    chunk.writeBytes(bytes, 0, lengthBytes);
    count(lengthBytes);
  }

  private void putZeroes(long lengthBytes) {
    long left = lengthBytes;
    while (left > 0) {
      int wanted = (int) Math.min(left, CHUNK_BYTES_MAX);
      ByteBuf chunk = chunkFor(wanted);
      int step = Math.min(wanted, chunk.writableBytes());
      chunk.writeZero(step);
      left -= step;
      count(step);
    }
  }

  private static byte[][] texts() {
    NbdError[] errors = NbdError.values();
    byte[][] texts = new byte[errors.length][];
    for (int index = 0; index < errors.length; index++) {
      texts[index] = errors[index].text().getBytes(StandardCharsets.UTF_8);
    }
    return texts;
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
