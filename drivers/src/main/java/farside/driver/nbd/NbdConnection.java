package farside.driver.nbd;

import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostPort.HostSink;
import farside.port.HostStatus;
import farside.protocol.nbd.ExportDirectory;
import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.NbdError;
import farside.protocol.nbd.NbdSession;
import farside.protocol.nbd.TlsPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;

/// One host's connection: what it sent and is not yet looked at, the machine that understands
/// it, and the replies that wait to be sent.
///
/// The network only adds to the queue ([#channelRead]) and marks the connection; [#turn] takes
/// from it, when the channel adapter drains. A connection ends in one of these ways:
///
/// | who ends it                | what happens                                                |
/// |----------------------------|-------------------------------------------------------------|
/// | the host, by DISC          | `onDisconnect`; the channel adapter closes when it is ready |
/// | the host, by end of input  | the same, if it came between two requests; else cut         |
/// | the channel adapter        | replies are sent, then closed                               |
/// | this end: not NBD any more | replies made so far are sent, then closed                   |
/// | the network                | what was queued is dropped                                  |
///
/// In all of them `onClosed` comes last, if the channel adapter ever heard of the connection.
final class NbdConnection extends ChannelInboundHandlerAdapter {
  /// With more than this queued, the socket is not read.
  static final int QUEUED_BYTES_MAX = 1024 * 1024;

  /// Closing must not take longer, whatever the host does with its end.
  static final int CLOSE_SECONDS_MAX = 5;

  private static final int QUEUED_BYTES_RESUME = QUEUED_BYTES_MAX / 2;

  private final int number;
  private final NbdHead head;
  private final Channel channel;
  private final NbdSession session;
  private final InboundBytes inbound = new InboundBytes();
  private final OutboundReplies outbound;

  private boolean isInputPaused;
  private boolean isInputEnded;
  private boolean isOpened;
  private boolean isRefused;
  private boolean isDisconnectTold;
  private boolean isClosing;
  private boolean isShutDown;
  private boolean isGone;
  private boolean isClosedTold;
  private String remote = "";
  private long wantedAddress;
  private int wantedBytes;
  private long unwantedBytes;
  private Future<?> closeDeadline;

  /// True while the head has this connection on its list; the head's own mark.
  boolean isMarked;

  /// True while the head has this connection on its list of those to flush; the head's own
  /// mark.
  boolean isMarkedForFlush;

  NbdConnection(int number, NbdHead head, Channel channel, ExportDirectory exports) {
    this.number = number;
    this.head = head;
    this.channel = channel;
    session = new NbdSession(exports, TlsPolicy.OFF);
    outbound = new OutboundReplies(channel, this::onProgress);
  }

  int number() {
    return number;
  }

  long queuedBytes() {
    return inbound.lengthBytes();
  }

  long unsentBytes() {
    return outbound.unsentBytes();
  }

  boolean isHaggling() {
    return !isOpened && !isClosing && !isGone;
  }

  /// True if the last turn ended at a request that the channel adapter did not take.
  boolean isRefused() {
    return isRefused;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    remote = NbdHead.remoteOf(channel);
    sendHandshake();
    outbound.flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf piece = (ByteBuf) message;
    if (isClosing || isGone) {
      piece.release();
      return;
    }
    inbound.add(piece);
    if (!isInputPaused && inbound.lengthBytes() > QUEUED_BYTES_MAX) {
      pauseInput(true);
    }
    head.mark(this);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      isInputEnded = true;
      if (isShutDown) {
        channel.close();
      }
      head.mark(this);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    isGone = true;
    inbound.release();
    outbound.release();
    if (closeDeadline != null) {
      closeDeadline.cancel(false);
    }
    head.onGone(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // A reset is the usual one; whatever it is, it ends this connection and no other.
    head.onDropped(number, String.valueOf(cause.getMessage()));
    channel.close();
  }

  /// Does up to `limit` steps; returns how many. Fewer than `limit`: there is nothing more to
  /// do until something happens, or the channel adapter refused a request.
  int turn(HostSink sink, int limit) {
    isRefused = false;
    int done = 0;
    while (done < limit && step(sink)) {
      done++;
    }
    return done;
  }

  private boolean step(HostSink sink) {
    if (isGone || isShutDown) {
      return tellClosed(sink);
    }
    if (isClosing) {
      return false;
    }
    return switch (session.state()) {
      case PAYLOAD -> stepPayload(sink);
      case OFFERED -> offer(sink);
      case ENDED -> false;
      default -> stepSession(sink);
    };
  }

  private boolean tellClosed(HostSink sink) {
    if (isClosedTold) {
      return false;
    }
    isClosedTold = true;
    head.forget(this);
    if (isOpened) {
      sink.onClosed(number);
    }
    return isOpened;
  }

  private boolean stepSession(HostSink sink) {
    // A new request may be answered here and now: not inside a read's data, and not into a full
    // buffer.
    if (outbound.isDataDue() || !outbound.isWritable()) {
      return false;
    }
    if (inbound.lengthBytes() == 0) {
      return isInputEnded && stepInputEnded(sink);
    }
    DirectBuffer bytes = inbound.first();
    consumed(session.accept(bytes, 0, bytes.capacity()));
    sendHandshake();
    switch (session.message()) {
      case NONE -> {}
      case OPENED -> {
        isOpened = true;
        if (session.hasStructuredReplies()) {
          outbound.useStructuredReplies();
        }
        sink.onOpened(number, session.export().name(), remote);
      }
      case REQUEST -> offer(sink);
      case ANSWERED -> {
        if (session.command() == NbdCommand.READ && session.error() == NbdError.NONE) {
          outbound.beginData(session.cookie(), session.offsetBytes(), 0);
        } else {
          outbound.reply(session.cookie(), session.error());
        }
        head.markForFlush(this);
      }
      case SECURE -> throw new IllegalStateException("NBD: TLS without a certificate");
      case DISCONNECT -> tellDisconnect(sink);
      case CLOSE -> drop(session.reason());
    }
    return true;
  }

  private boolean stepInputEnded(HostSink sink) {
    if (isDisconnectTold) {
      return false;
    }
    if (isOpened && session.isBetweenMessages()) {
      tellDisconnect(sink);
    } else {
      drop("the host went away in the middle of a message");
    }
    return true;
  }

  private void tellDisconnect(HostSink sink) {
    isDisconnectTold = true;
    consumed(inbound.lengthBytes());
    if (!isInputEnded) {
      pauseInput(true);
    }
    sink.onDisconnect(number);
  }

  private boolean offer(HostSink sink) {
    NbdCommand command = session.command();
    session.take();
    boolean isTaken = sink.onRequest(
        number,
        hostCommand(command),
        hostFlags(session.flags()),
        session.cookie(),
        session.offsetBytes(),
        session.lengthBytes());
    if (!isTaken) {
      session.giveBack();
      isRefused = true;
    }
    return isTaken;
  }

  private boolean stepPayload(HostSink sink) {
    if (wantedBytes > 0 && inbound.lengthBytes() > 0) {
      moveWanted();
      if (wantedBytes == 0) {
        sink.onPayload(number);
      }
      return true;
    }
    if (wantedBytes == 0 && unwantedBytes > 0 && inbound.lengthBytes() > 0) {
      dropUnwanted();
      return true;
    }
    if (isInputEnded && inbound.lengthBytes() < session.payloadBytes()) {
      drop("the host went away in the middle of a write");
      return true;
    }
    return false;
  }

  /// The next bytes of payload to `address`; true if all of them are there now. To ask again
  /// for what is awaited already is to ask whether it has come: then there is no `onPayload`
  /// any more.
  boolean receive(long address, int lengthBytes) {
    if (isGone || isClosing) {
      return false;
    }
    boolean isAskedAgain = wantedBytes > 0 && address + lengthBytes == wantedAddress + wantedBytes;
    if (!isAskedAgain) {
      checkPayload("wanted", lengthBytes, wantedBytes + unwantedBytes);
      wantedAddress = address;
      wantedBytes = lengthBytes;
    }
    moveWanted();
    if (wantedBytes == 0) {
      head.mark(this);
    }
    return wantedBytes == 0;
  }

  void discard(long lengthBytes) {
    if (isGone || isClosing || lengthBytes == 0) {
      return;
    }
    checkPayload("discarded", wantedBytes + unwantedBytes + lengthBytes, 0);
    unwantedBytes += lengthBytes;
    if (wantedBytes == 0) {
      dropUnwanted();
    }
    head.mark(this);
  }

  private void checkPayload(String purpose, long lengthBytes, long alreadyBytes) {
    if (alreadyBytes > 0 || lengthBytes > session.payloadBytes()) {
      throw new IllegalStateException(
          "NBD connection " + number + ": " + lengthBytes + " bytes of payload "
              + purpose + ", while " + session.payloadBytes() + " are to come and " + alreadyBytes
              + " are spoken for");
    }
  }

  private void moveWanted() {
    int moved = inbound.moveTo(wantedAddress, wantedBytes);
    wantedAddress += moved;
    wantedBytes -= moved;
    onPayloadTaken(moved);
  }

  private void dropUnwanted() {
    long dropped = Math.min(unwantedBytes, inbound.lengthBytes());
    unwantedBytes -= dropped;
    inbound.skip(dropped);
    onPayloadTaken(dropped);
  }

  private void onPayloadTaken(long bytes) {
    if (bytes > 0) {
      session.payloadTaken(bytes);
      resumeInput();
    }
  }

  /// Once it is being closed, nothing more is said: the last thing may be half a reply that
  /// failed.
  private boolean isAnswerable() {
    return !isGone && !isClosing;
  }

  void reply(long cookie, HostStatus status) {
    if (isAnswerable()) {
      outbound.reply(cookie, error(status));
      head.markForFlush(this);
    }
  }

  void beginData(long cookie, long offsetBytes, long lengthBytes) {
    if (isAnswerable()) {
      outbound.beginData(cookie, offsetBytes, lengthBytes);
      head.markForFlush(this);
    }
  }

  void dataExtent(long lengthBytes) {
    if (isAnswerable()) {
      outbound.dataExtent(lengthBytes);
    }
  }

  void zeroExtent(long lengthBytes) {
    if (isAnswerable()) {
      outbound.zeroExtent(lengthBytes);
      onDataGiven();
    }
  }

  void data(long address, int lengthBytes) {
    if (isAnswerable()) {
      outbound.data(address, lengthBytes);
      onDataGiven();
    }
  }

  private void onDataGiven() {
    head.markForFlush(this);
    if (!outbound.isDataDue()) {
      head.mark(this);
    }
  }

  void failData(HostStatus status) {
    if (!isAnswerable()) {
      return;
    }
    if (outbound.failData(error(status))) {
      onDataGiven();
    } else {
      drop("a read failed after its reply had begun");
    }
  }

  void blockStatus(long cookie, Extents extents) {
    if (isAnswerable()) {
      outbound.blockStatus(cookie, extents);
      head.markForFlush(this);
    }
  }

  boolean isWritable() {
    return isGone || outbound.isWritable();
  }

  /// True if nothing waits to be sent.
  boolean isQuiet() {
    return isGone || outbound.isAllSent();
  }

  /// Closes once all replies are sent; at the latest when the deadline has passed.
  void close() {
    if (isClosing || isGone) {
      return;
    }
    isClosing = true;
    consumed(inbound.lengthBytes());
    closeDeadline =
        channel.eventLoop().schedule(() -> channel.close(), CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
    head.markForFlush(this);
  }

  void flush() {
    if (!isGone) {
      outbound.flush();
      shutDownWhenSent();
    }
  }

  /// Closes without waiting for anything.
  void cut() {
    isClosing = true;
    channel.close();
  }

  private void drop(String reason) {
    head.onDropped(number, reason);
    close();
  }

  private void onProgress() {
    shutDownWhenSent();
    head.mark(this);
  }

  /// Ends our half and waits for the host to end its own. Closed with input unread, a socket
  /// would be reset and the last replies lost on their way.
  private void shutDownWhenSent() {
    if (!isClosing || isShutDown || !outbound.isAllSent()) {
      return;
    }
    isShutDown = true;
    if (!isInputEnded && channel instanceof DuplexChannel duplex) {
      duplex.shutdownOutput();
      pauseInput(false);
    } else {
      channel.close();
    }
    head.mark(this);
  }

  private void sendHandshake() {
    if (session.outboundBytes() > 0) {
      outbound.put(session.outbound(), session.outboundBytes());
      session.outboundSent();
      head.markForFlush(this);
    }
  }

  private void consumed(long bytes) {
    if (bytes > 0) {
      inbound.skip(bytes);
      resumeInput();
    }
  }

  private void resumeInput() {
    if (isInputPaused && !isDisconnectTold && inbound.lengthBytes() <= QUEUED_BYTES_RESUME) {
      pauseInput(false);
    }
  }

  private void pauseInput(boolean isPaused) {
    isInputPaused = isPaused;
    channel.config().setAutoRead(!isPaused);
  }

  private static HostCommand hostCommand(NbdCommand command) {
    return switch (command) {
      case READ -> HostCommand.READ;
      case WRITE -> HostCommand.WRITE;
      case FLUSH -> HostCommand.FLUSH;
      case TRIM -> HostCommand.TRIM;
      case WRITE_ZEROES -> HostCommand.WRITE_ZEROES;
      case CACHE -> HostCommand.CACHE;
      case BLOCK_STATUS -> HostCommand.BLOCK_STATUS;
      case DISC -> throw new IllegalStateException("NBD: a DISC is no request");
    };
  }

  /// The protocol's command flags in the words of the port.
  static int hostFlags(int flags) {
    if (flags == 0) {
      return 0;
    }
    return ((flags & NbdCommand.FLAG_FUA) != 0 ? HostFlags.FORCE_UNIT_ACCESS : 0)
        | ((flags & NbdCommand.FLAG_NO_HOLE) != 0 ? HostFlags.KEEP_ROOM : 0)
        | ((flags & NbdCommand.FLAG_DF) != 0 ? HostFlags.ONE_EXTENT : 0)
        | ((flags & NbdCommand.FLAG_REQ_ONE) != 0 ? HostFlags.FIRST_ONLY : 0)
        | ((flags & NbdCommand.FLAG_FAST_ZERO) != 0 ? HostFlags.FAST_ONLY : 0);
  }

  static NbdError error(HostStatus status) {
    return switch (status) {
      case OK -> NbdError.NONE;
      case NOT_PERMITTED -> NbdError.EPERM;
      case IO_ERROR -> NbdError.EIO;
      case INVALID -> NbdError.EINVAL;
      case NO_SPACE -> NbdError.ENOSPC;
      case NOT_SUPPORTED -> NbdError.ENOTSUP;
      case SHUTDOWN -> NbdError.ESHUTDOWN;
    };
  }
}
