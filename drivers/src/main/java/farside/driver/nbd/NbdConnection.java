package farside.driver.nbd;

import farside.port.Extents;
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
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.util.List;
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
  private final PayloadIntake payload;

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
  private Future<?> closeDeadline;
  private final CatchUp catchUp;

  /// Null where nothing is encrypted, or not yet.
  private SslHandler tls;

  /// Connections of the same export that were there before this one, as long as their hosts may
  /// have gone and left requests behind; none is looked at here meanwhile.
  private List<NbdConnection> elders = List.of();

  private boolean isDropped;

  /// True while the head has this connection on its list; the head's own mark.
  boolean isMarked;

  /// True while the head has this connection on its list of those to flush; the head's own
  /// mark.
  boolean isMarkedForFlush;

  NbdConnection(int number, NbdHead head, Channel channel, ExportDirectory exports) {
    this.number = number;
    this.head = head;
    this.channel = channel;
    session = new NbdSession(exports, head.tls() == null ? TlsPolicy.OFF : TlsPolicy.REQUIRED);
    outbound = new OutboundReplies(channel, this::onProgress);
    catchUp = new CatchUp(channel, head.catchUpRoom(), () -> onCaughtUp());
    payload = new PayloadIntake(this, head, channel, session, inbound);
  }

  int number() {
    return number;
  }

  long queuedBytes() {
    return inbound.lengthBytes();
  }

  boolean isInputPaused() {
    return isInputPaused;
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
    catchUp.onRead(piece.readableBytes());
    inbound.add(piece);
    if (!isInputPaused
        && !catchUp.isOn()
        && (inbound.lengthBytes() > QUEUED_BYTES_MAX || payload.isUnasked())) {
      pauseInput(true);
    }
    head.mark(this);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
      isInputEnded = true;
      catchUp.end();
      if (isShutDown) {
        channel.close();
      }
      head.mark(this);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    isGone = true;
    catchUp.end();
    catchUp.giveBack();
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
    if (isClosing || isHeldByElders()) {
      return false;
    }
    return switch (session.state()) {
      case SECURING -> stepSecuring();
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
      head.markHeld();
    }
    return isOpened;
  }

  /// Its host may have gone and come back as another connection: what it sent before it went is
  /// taken, or dropped, before anything of the other is. Until it is known whether it has gone,
  /// that counts as possible.
  boolean mayHoldUpItsSuccessors() {
    if (isClosedTold) {
      return false;
    }
    if (isGone || isDropped) {
      return true;
    }
    return !isClosing && !isDisconnectTold && (isInputEnded || catchUp.isOn());
  }

  /// The host has another connection now: what of this one waits in its socket is received,
  /// however much is queued already. With it comes the news of its end, if it has ended.
  void beginCatchUp() {
    boolean mayHoldMore = isInputPaused || payload.isLongLikely();
    if (isOpened && !isGone && !isClosing && !isInputEnded && mayHoldMore) {
      catchUp.begin();
    }
  }

  private void onCaughtUp() {
    if (!isInputPaused && inbound.lengthBytes() <= QUEUED_BYTES_MAX) {
      catchUp.giveBack();
    } else if (!isGone) {
      isInputPaused = true;
      channel.config().setAutoRead(false);
    }
    head.markHeld();
  }

  boolean hasSameExportAs(NbdConnection other) {
    return isOpened
        && other.isOpened
        && session.export().name().equals(other.session.export().name());
  }

  boolean isHeld() {
    return !elders.isEmpty();
  }

  private boolean isHeldByElders() {
    if (elders.isEmpty()) {
      return false;
    }
    for (NbdConnection elder : elders) {
      elder.dropIfDeaf();
    }
    elders = elders.stream().filter(NbdConnection::mayHoldUpItsSuccessors).toList();
    return !elders.isEmpty();
  }

  /// A host that has ended its half and takes no replies is gone: nobody waits for it.
  private void dropIfDeaf() {
    if (isInputEnded && !isClosing && !isGone && !outbound.isWritable()) {
      drop("the host left without taking its replies");
      channel.close();
    }
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
        elders = head.eldersOf(this);
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
      case SECURE -> {}
      case DISCONNECT -> tellDisconnect(sink);
      case CLOSE -> drop(session.reason());
    }
    return true;
  }

  /// Once the acknowledgement is out, both directions go through TLS. What came after STARTTLS
  /// and before TLS is given to it as well: nothing sent in the clear is ever understood.
  private boolean stepSecuring() {
    if (!outbound.isAllSent()) {
      return false;
    }
    tls = head.tls().handlerFor(channel);
    session.secured();
    channel.pipeline().addFirst(tls);
    if (inbound.lengthBytes() > 0) {
      inbound.removeAll(channel.pipeline()::fireChannelRead);
      channel.pipeline().fireChannelReadComplete();
    }
    resumeInput();
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
    head.markHeld();
  }

  private boolean offer(HostSink sink) {
    NbdCommand command = session.command();
    session.take();
    boolean isTaken = sink.onRequest(
        number,
        NbdWords.hostCommand(command),
        NbdWords.hostFlags(session.flags()),
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
    if (payload.goOn()) {
      if (payload.isAllHere()) {
        sink.onPayload(number);
      }
      return true;
    }
    if (payload.dropUnwanted()) {
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
    boolean isAllHere = payload.receive(address, lengthBytes);
    if (isAllHere) {
      head.mark(this);
    }
    return isAllHere;
  }

  void discard(long lengthBytes) {
    if (isGone || isClosing || lengthBytes == 0) {
      return;
    }
    payload.discard(lengthBytes);
    head.mark(this);
  }

  /// Not through TLS, and not while every byte is counted to find out whether the host has gone.
  boolean mayTakeStraight() {
    return tls == null && !catchUp.isOn() && !isInputEnded;
  }

  /// Once it is being closed, nothing more is said: the last thing may be half a reply that
  /// failed.
  private boolean isAnswerable() {
    return !isGone && !isClosing;
  }

  void reply(long cookie, HostStatus status) {
    if (isAnswerable()) {
      outbound.reply(cookie, NbdWords.error(status));
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
    if (outbound.failData(NbdWords.error(status))) {
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
    isDropped = true;
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
    head.mark(this);
    if (tls == null) {
      endOutput();
    } else {
      // The host must be able to tell the end from a cut.
      var _ = tls.closeOutbound().addListener(_ -> endOutput());
    }
  }

  private void endOutput() {
    if (!isInputEnded && channel instanceof DuplexChannel duplex) {
      duplex.shutdownOutput();
      pauseInput(false);
    } else {
      channel.close();
    }
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

  void resumeInput() {
    if (isInputPaused && !isDisconnectTold && inbound.lengthBytes() <= QUEUED_BYTES_RESUME) {
      pauseInput(false);
    }
  }

  private void pauseInput(boolean isPaused) {
    isInputPaused = isPaused;
    if (!isPaused) {
      catchUp.giveBack();
    }
    channel.config().setAutoRead(!isPaused);
  }
}
