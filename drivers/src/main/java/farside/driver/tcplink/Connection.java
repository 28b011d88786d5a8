package farside.driver.tcplink;

import farside.driver.netty.StraightReceive;
import farside.driver.netty.TwoPlaces;
import farside.port.LinkPort;
import farside.port.Memory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// One life of the TCP connection below a link, with what it still has to send and what it has
/// received.
///
/// What arrived stays to be taken after the connection ended; half a frame does not.
///
/// While long payloads come, one after the other, only the beginning of each is received into a
/// buffer, and the rest straight to the place that whoever drains the link has for it.
final class Connection extends ChannelInboundHandlerAdapter {
  /// What a link wants to hear of its connections.
  interface Owner {
    void onActive(Connection connection);

    /// Bytes came on a connection that is not admitted yet.
    void onFirstBytes(Connection connection);

    void onEnded(Connection connection);

    void onPayloadFree(long tag);
  }

  /// Payload up to here is copied next to its header; for longer ones a copy costs more than an
  /// entry of its own in the gathering write.
  static final int COPIED_PAYLOAD_BYTES_MAX = 16 * 1024;

  /// Beyond this much unsent a frame is refused: what waits here can no longer be overtaken by
  /// control frames.
  static final int UNSENT_BYTES_MAX = 2 * 1024 * 1024;

  private static final int RECEIVED_BYTES_MAX = 4 * 1024 * 1024;
  private static final int RECEIVED_BYTES_RESUME = 2 * 1024 * 1024;
  private static final int BATCH_BYTES = 128 * 1024;

  /// So much is taken straight from the socket at a time: hosts and drives have their turn too.
  private static final int STRAIGHT_BYTES_PER_ROUND = 1024 * 1024;

  private final Owner owner;
  private final Channel channel;
  private final FrameCutter cutter = new FrameCutter();
  private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

  /// Where the rest of a payload goes, and what follows it.
  private final TwoPlaces places = new TwoPlaces();

  private boolean isAdmitted;
  private boolean isEnded;
  private String endReason = "the peer closed the connection";
  private ByteBuf batch;
  private boolean isFlushDue;
  private boolean isHandingOver;
  private boolean isDiscardDue;
  private long unsentBytes;

  /// The payload that came last was a long one.
  private boolean isLongPayloadLikely;

  /// The socket may hold more than was received.
  private boolean mayHoldMore;

  /// Whoever drains has given a place, and was not told yet what became of it.
  private boolean isPlaceGiven;

  Connection(Owner owner, Channel channel) {
    this.owner = owner;
    this.channel = channel;
  }

  /// Before the channel is read: [StraightReceive] where it is possible.
  void prepareToReceive(AdaptiveRecvByteBufAllocator usual) {
    StraightReceive.prepare(channel, usual, this::isReceivedStraight);
  }

  /// A frame that got no place is received as all others are, in as large pieces as can be.
  private boolean isReceivedStraight() {
    return isAdmitted && isLongPayloadLikely && !cutter.isKeptTogether();
  }

  /// True while frames can be sent.
  boolean isOpen() {
    return !isEnded && channel.isActive();
  }

  boolean isEnded() {
    return isEnded;
  }

  /// Why it ended, for people.
  String endReason() {
    return endReason;
  }

  boolean isAdmitted() {
    return isAdmitted;
  }

  void admit() {
    isAdmitted = true;
  }

  boolean beganWithAFrame() {
    return cutter.beginsWithAFrame();
  }

  String cutFault() {
    return cutter.fault();
  }

  String remote() {
    return String.valueOf(channel.remoteAddress());
  }

  boolean isConnectedToItself() {
    return channel.localAddress() != null && channel.localAddress().equals(channel.remoteAddress());
  }

  /// As [LinkPort#submit], for a connection that is open.
  int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    int frameBytes = headerBytes + payloadBytes;
    if (unsentBytes > 0 && unsentBytes + frameBytes > UNSENT_BYTES_MAX) {
      return LinkPort.FULL;
    }
    unsentBytes += frameBytes;
    boolean isCopied = payloadBytes <= COPIED_PAYLOAD_BYTES_MAX;
    appendHeader(header, headerBytes, isCopied ? payloadBytes : 0);
    if (isCopied) {
      appendPayload(payloadAddress, payloadBytes);
      return LinkPort.SENT;
    }
    ByteBuf payload =
        Unpooled.wrappedBuffer(Memory.at(payloadAddress, payloadBytes).asByteBuffer());
    writeBatch();
    isFlushDue = true;
    channel.write(payload).addListener(written -> {
      unsentBytes -= payloadBytes;
      owner.onPayloadFree(tag);
    });
    return LinkPort.QUEUED;
  }

  private void appendHeader(DirectBuffer header, int headerBytes, int copiedPayloadBytes) {
    if (batch != null && batch.writableBytes() < headerBytes + copiedPayloadBytes) {
      writeBatch();
    }
    if (batch == null) {
      batch = channel.alloc().directBuffer(BATCH_BYTES);
    }
    view.wrap(StraightReceive.addressOf(batch) + batch.writerIndex(), headerBytes);
    view.putBytes(0, header, 0, headerBytes);
    batch.writerIndex(batch.writerIndex() + headerBytes);
  }

  private void appendPayload(long payloadAddress, int payloadBytes) {
    long target = StraightReceive.addressOf(batch) + batch.writerIndex();
    Memory.copy(payloadAddress, target, payloadBytes);
    batch.writerIndex(batch.writerIndex() + payloadBytes);
  }

  private void writeBatch() {
    if (batch == null) {
      return;
    }
    ByteBuf full = batch;
    batch = null;
    int batchBytes = full.readableBytes();
    isFlushDue = true;
    channel.write(full).addListener(written -> unsentBytes -= batchBytes);
  }

  void flushRound() {
    if (isEnded) {
      return;
    }
    writeBatch();
    if (isFlushDue) {
      isFlushDue = false;
      channel.flush();
    }
  }

  /// Hands frames over. Returns how many.
  int drain(LinkPort.LinkSink sink, int limit, FrameCount count) {
    int drained = 0;
    int straightLeftBytes = STRAIGHT_BYTES_PER_ROUND;
    isHandingOver = true;
    while (drained < limit && !isDiscardDue) {
      if (cutter.cut()) {
        handOver(sink, count);
        drained++;
      } else if (cutter.isHeadHere()) {
        askForPlace(sink);
      } else {
        int takenBytes = straightLeftBytes > 0 ? receiveStraight() : 0;
        straightLeftBytes -= takenBytes;
        if (takenBytes == 0) {
          break;
        }
      }
    }
    isHandingOver = false;
    if (isDiscardDue) {
      cutter.release();
    }
    if (!isEnded && !cutter.fault().isEmpty()) {
      end(cutter.fault());
    }
    if (!isEnded
        && !channel.config().isAutoRead()
        && cutter.queuedBytes() < RECEIVED_BYTES_RESUME) {
      channel.config().setAutoRead(true);
    }
    return drained;
  }

  private void handOver(LinkPort.LinkSink sink, FrameCount count) {
    int payloadBytes = cutter.payloadBytes();
    if (payloadBytes > 0) {
      isLongPayloadLikely = payloadBytes >= FrameCutter.LONG_PAYLOAD_BYTES;
    }
    if (cutter.isPlaced()) {
      isPlaceGiven = false;
      count.add(cutter.lengthBytes() + payloadBytes);
      sink.onFrameInPlace(cutter.address(), cutter.lengthBytes());
    } else {
      count.add(cutter.lengthBytes());
      sink.onFrame(cutter.address(), cutter.lengthBytes());
    }
  }

  private void askForPlace(LinkPort.LinkSink sink) {
    long place = sink.placeFor(cutter.headAddress(), cutter.headBytes(), cutter.payloadBytes());
    if (place == LinkPort.LinkSink.NOWHERE) {
      cutter.keepTogether();
    } else {
      isPlaceGiven = true;
      cutter.place(place);
    }
  }

  /// What the socket has of the payload that has a place goes there, and by the same call what
  /// follows it, the beginning of the next frame, into a buffer. Returns how many bytes.
  private int receiveStraight() {
    if (isEnded || !mayHoldMore) {
      return 0;
    }
    int restBytes = cutter.placeBytes();
    if (restBytes == 0 && (!isLongPayloadLikely || cutter.queuedBytes() > 0)) {
      return 0;
    }
    ByteBuf glance = channel.alloc().directBuffer(StraightReceive.GLANCE_BYTES);
    long glanceAddress = StraightReceive.addressOf(glance);
    int taken = restBytes == 0
        ? StraightReceive.take(channel, glanceAddress, StraightReceive.GLANCE_BYTES)
        : StraightReceive.takeBoth(
            channel,
            places.set(
                cutter.placeAddress(), restBytes, glanceAddress, StraightReceive.GLANCE_BYTES));
    mayHoldMore = taken == restBytes + StraightReceive.GLANCE_BYTES;
    int putBytes = Math.min(taken, restBytes);
    cutter.onPut(putBytes);
    cutter.add(glance.writerIndex(taken - putBytes));
    return taken;
  }

  /// The connection has ended: whoever drains hears of the place that a payload has not filled.
  void freePlace(LinkPort.LinkSink sink) {
    if (isPlaceGiven) {
      isPlaceGiven = false;
      sink.onPlaceFree();
    }
  }

  /// Takes note of a received frame.
  interface FrameCount {
    void add(int frameBytes);
  }

  /// Gives back what was received and not handed over. Asked for by whoever is just looking at
  /// a frame, it waits until that frame is done with.
  void discardReceived() {
    isDiscardDue = true;
    if (!isHandingOver) {
      cutter.release();
    }
  }

  /// Closes the connection. What was not sent is lost; its payload is free once the transport
  /// let go of it.
  void end(String reason) {
    if (isEnded) {
      return;
    }
    endReason = reason;
    becomeEnded();
    channel.close();
  }

  private void becomeEnded() {
    isEnded = true;
    if (batch != null) {
      batch.release();
      batch = null;
    }
    owner.onEnded(this);
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    owner.onActive(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (isEnded) {
      bytes.release();
      return;
    }
    cutter.add(bytes);
    mayHoldMore = true;
    if (cutter.queuedBytes() > RECEIVED_BYTES_MAX) {
      channel.config().setAutoRead(false);
    }
    if (!isAdmitted) {
      owner.onFirstBytes(this);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (!isEnded) {
      becomeEnded();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    end(reasonOf(cause));
  }

  /// What went wrong, in the words of the system below.
  static String reasonOf(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
