package farside.driver.tcplink;

import farside.driver.netty.Pacing;
import farside.driver.netty.RoundFlush;
import farside.driver.netty.Transport;
import farside.port.LinkPort;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongArrayList;

/// A remote link over TCP: one side listens, the other connects, and whole frames go over the
/// one connection between them.
///
/// A connection that breaks takes half a frame and everything unsent with it: the session above
/// repeats what was lost. The connecting side tries again for ever, after 50 ms at first and at
/// most 1 s. The listening side takes a new connection in place of the old one, because a peer
/// that lost power never closed the old one; but while the old one lives the new one must first
/// show a right frame header, so that a stray connection to the port does not cut the link.
///
/// Carrier facts alternate; before the first carrier the first failed attempt is told as one,
/// so that somebody hears of an address that is in use or a peer that is not there.
///
/// Everything here happens on the thread of the event loop.
public final class TcpLink implements LinkPort, RoundFlush {
  /// Which side of the connection this end is.
  public enum Role {
    LISTEN,
    CONNECT
  }

  private static final int RETRY_MS_MIN = 50;
  private static final int RETRY_MS_MAX = 1000;
  private static final int CONNECT_TIMEOUT_MS = 2000;

  /// A line on which nothing is acknowledged for so long is closed, where the system can do it.
  /// Its own retransmissions, minutes apart in the end, would use a healed line much too late.
  private static final int UNACKNOWLEDGED_MS_MAX = 10_000;

  /// Never less than a small write's frame: after a few short frames the guess would be that,
  /// and the write come by two calls.
  private static final int RECEIVE_BUFFER_BYTES_MIN = 16 * 1024;

  private static final int RECEIVE_BUFFER_BYTES_INITIAL = 64 * 1024;
  private static final int RECEIVE_BUFFER_BYTES_MAX = 1024 * 1024;
  private static final int CANDIDATE_COUNT_MAX = 4;

  private final String name;
  private final Role role;
  private final InetSocketAddress address;
  private final IoEventLoop loop;
  private final Transport transport;
  private final Connection.Owner connectionOwner = new ConnectionOwner();

  /// Connections that were admitted and whose end was not yet told, in the order of their
  /// lives.
  private final ArrayDeque<Connection> told = new ArrayDeque<>();

  private final ArrayDeque<Connection> candidates = new ArrayDeque<>();
  private final LongArrayList freedTags = new LongArrayList();
  private int freedTagIndex;
  private Connection current;
  private Connection announced;
  private Channel opening;
  private int attempts;
  private ScheduledFuture<?> retry;
  private int retryMs = RETRY_MS_MIN;
  private String trouble = "";
  private boolean isCarrierEverTold;
  private boolean isOpened;
  private boolean isVariedOn = true;
  private long sentFrames;
  private long sentBytes;
  private long receivedFrames;
  private long receivedBytes;

  /// @param address where to listen, or where the peer listens; resolved, since looking a name
  ///     up blocks
  public TcpLink(
      String name, Role role, InetSocketAddress address, IoEventLoop loop, Transport transport) {
    if (address.isUnresolved()) {
      throw new IllegalArgumentException("link "
          + name
          + ": the host name "
          + address.getHostString()
          + " has no address. Correct it in the rig, or give the address itself.");
    }
    this.name = name;
    this.role = role;
    this.address = address;
    this.loop = loop;
    this.transport = transport;
  }

  /// True if a link with this end there and this one cannot both work.
  boolean clashesWith(boolean listens, InetSocketAddress there) {
    if (listens != (role == Role.LISTEN) || there.getPort() != address.getPort()) {
      return false;
    }
    return there.getAddress().equals(address.getAddress())
        || listens
            && (there.getAddress().isAnyLocalAddress() || address.getAddress().isAnyLocalAddress());
  }

  /// True if whoever calls there calls this very end.
  boolean isCalledAt(InetSocketAddress there) {
    return role == Role.LISTEN
        && there.getPort() == address.getPort()
        && (there.getAddress().equals(address.getAddress())
            || address.getAddress().isAnyLocalAddress() && there.getAddress().isLoopbackAddress());
  }

  /// Begins to listen or to connect.
  public void open() {
    isOpened = true;
    if (isVariedOn) {
      begin();
    }
  }

  /// Ends everything, for good. Payload in flight is free once the loop has run again.
  public void close() {
    isOpened = false;
    stop("the link was closed");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean hasCarrier() {
    return current != null && current.isOpen();
  }

  @Override
  public int submit(
      DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
    if (!hasCarrier()) {
      return SENT;
    }
    int answer = current.submit(header, headerBytes, payloadAddress, payloadBytes, tag);
    if (answer != FULL) {
      sentFrames++;
      sentBytes += headerBytes + payloadBytes;
    }
    return answer;
  }

  @Override
  public void flushRound() {
    if (current != null) {
      current.flushRound();
    }
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    int drained = drainFreedTags(sink, limit);
    while (drained < limit && !told.isEmpty()) {
      Connection first = told.peekFirst();
      if (announced != first) {
        announced = first;
        isCarrierEverTold = true;
        sink.onCarrier(true, "connected with " + first.remote());
        drained++;
      }
      drained += first.drain(sink, limit - drained, this::onFrameReceived);
      if (drained >= limit || !first.isEnded()) {
        return drained;
      }
      told.pollFirst();
      first.discardReceived();
      first.freePlace(sink);
      sink.onCarrier(false, first.endReason());
      drained++;
    }
    if (drained < limit && !isCarrierEverTold && !trouble.isEmpty()) {
      isCarrierEverTold = true;
      sink.onCarrier(false, trouble);
      drained++;
    }
    return drained;
  }

  private int drainFreedTags(LinkSink sink, int limit) {
    int drained = 0;
    while (drained < limit && freedTagIndex < freedTags.size()) {
      sink.onSent(freedTags.getLong(freedTagIndex++));
      drained++;
    }
    if (freedTagIndex == freedTags.size()) {
      freedTags.clear();
      freedTagIndex = 0;
    }
    return drained;
  }

  private void onFrameReceived(int frameBytes) {
    receivedFrames++;
    receivedBytes += frameBytes;
    // A peer that accepts and hangs up at once has not answered: only a frame ends the waiting.
    retryMs = RETRY_MS_MIN;
  }

  @Override
  public void vary(boolean on) {
    if (on == isVariedOn) {
      return;
    }
    isVariedOn = on;
    if (!on) {
      stop("varied off");
    } else if (isOpened) {
      retryMs = RETRY_MS_MIN;
      begin();
    }
  }

  @Override
  public boolean isVariedOn() {
    return isVariedOn;
  }

  /// The connecting side calls again; the listening side waits to be called.
  @Override
  public void hangUp(String reason) {
    if (current != null) {
      current.end(reason);
    }
  }

  @Override
  public long sentFrames() {
    return sentFrames;
  }

  @Override
  public long sentBytes() {
    return sentBytes;
  }

  @Override
  public long receivedFrames() {
    return receivedFrames;
  }

  @Override
  public long receivedBytes() {
    return receivedBytes;
  }

  @Override
  public String description() {
    String where = "tcp "
        + (role == Role.LISTEN ? "listen " : "connect ")
        + address.getHostString()
        + ":"
        + address.getPort();
    return trouble.isEmpty() ? where : where + " (" + trouble + ")";
  }

  private boolean isWanted() {
    return isOpened && isVariedOn;
  }

  private void begin() {
    if (role == Role.LISTEN) {
      listen();
    } else {
      connect();
    }
  }

  private void listen() {
    ChannelFuture bound = new ServerBootstrap()
        .group(loop)
        .channel(transport.serverChannelClass())
        .option(ChannelOption.SO_REUSEADDR, true)
        .handler(new ListenerInitializer())
        .childHandler(new ConnectionInitializer())
        .bind(address);
    awaitOpening(bound, "cannot listen on ");
  }

  private void connect() {
    ChannelFuture connected = new Bootstrap()
        .group(loop)
        .channel(transport.channelClass())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
        .handler(new ConnectionInitializer())
        .connect(address);
    awaitOpening(connected, "cannot connect to ");
  }

  private void awaitOpening(ChannelFuture opened, String whatFailed) {
    int attempt = ++attempts;
    opening = opened.channel();
    opened.addListener(outcome -> {
      if (attempt != attempts) {
        opened.channel().close();
      } else if (!outcome.isSuccess()) {
        trouble = whatFailed
            + address.getHostString()
            + ":"
            + address.getPort()
            + ": "
            + Connection.reasonOf(outcome.cause());
        beginLater();
      } else if (role == Role.LISTEN) {
        trouble = "";
      }
    });
  }

  private void beginLater() {
    opening = null;
    retry = loop.schedule(this::beginAgain, retryMs, TimeUnit.MILLISECONDS);
    retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
  }

  private void beginAgain() {
    if (isWanted()) {
      begin();
    }
  }

  private void stop(String reason) {
    if (retry != null) {
      retry.cancel(false);
    }
    attempts++;
    Channel closing = opening;
    opening = null;
    if (closing != null) {
      closing.close();
    }
    while (!candidates.isEmpty()) {
      candidates.peekFirst().end(reason);
    }
    if (current != null) {
      current.end(reason);
    }
    told.forEach(Connection::discardReceived);
  }

  private void admit(Connection connection) {
    Connection replaced = current;
    current = connection;
    candidates.remove(connection);
    connection.admit();
    told.addLast(connection);
    trouble = "";
    if (replaced != null) {
      replaced.end("the peer connected anew, from " + connection.remote());
    }
  }

  /// What connections tell their link.
  private final class ConnectionOwner implements Connection.Owner {
    @Override
    public void onActive(Connection connection) {
      if (!isWanted()) {
        connection.end("varied off");
      } else if (connection.isConnectedToItself()) {
        // A connecting socket is given a free port; when it is the peer's own, TCP connects it
        // to itself.
        connection.end("nobody listens there");
      } else if (!hasCarrier()) {
        admit(connection);
      } else {
        candidates.addLast(connection);
        if (candidates.size() > CANDIDATE_COUNT_MAX) {
          candidates.peekFirst().end("too many connections");
        }
      }
    }

    @Override
    public void onFirstBytes(Connection connection) {
      if (connection.beganWithAFrame()) {
        admit(connection);
      } else if (!connection.cutFault().isEmpty()) {
        connection.end(connection.cutFault());
      }
    }

    @Override
    public void onEnded(Connection connection) {
      boolean wasCandidate = candidates.remove(connection);
      boolean wasCurrent = connection == current;
      if (wasCandidate) {
        connection.discardReceived();
      }
      if (wasCurrent) {
        current = null;
      }
      if (wasCurrent && !candidates.isEmpty()) {
        admit(candidates.peekLast());
      }
      if (role == Role.CONNECT && current == null && isWanted()) {
        beginLater();
      }
    }

    @Override
    public void onPayloadFree(long tag) {
      freedTags.addLong(tag);
    }
  }

  private final class ListenerInitializer extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel channel) {
      Pacing.avoid(channel, address);
    }
  }

  private final class ConnectionInitializer extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel channel) {
      // Netty's adaptive allocator does not pool large buffers in a small heap: each would be
      // allocated anew, and filled with zeros.
      channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
      channel.config().setOption(ChannelOption.TCP_NODELAY, true);
      channel.config().setOption(ChannelOption.SO_KEEPALIVE, false);
      // Each answers false where the transport does not have it.
      channel.config().setOption(EpollChannelOption.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS_MAX);
      channel.config().setOption(IoUringChannelOption.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS_MAX);
      if (role == Role.CONNECT) {
        Pacing.avoid(channel, address);
      }
      Connection connection = new Connection(connectionOwner, channel);
      connection.prepareToReceive(new AdaptiveRecvByteBufAllocator(
          RECEIVE_BUFFER_BYTES_MIN, RECEIVE_BUFFER_BYTES_INITIAL, RECEIVE_BUFFER_BYTES_MAX));
      channel.pipeline().addLast(connection);
    }
  }
}
