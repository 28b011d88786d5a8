package farside.driver.nbd;

import farside.driver.netty.Pacing;
import farside.driver.netty.RoundFlush;
import farside.driver.netty.Transport;
import farside.port.Extents;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.protocol.nbd.ExportDirectory;
import farside.protocol.nbd.NbdExport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Int2ObjectHashMap;

/// The NBD server of a cabinet. What of the protocol it serves is `specs/nbd.md`.
///
/// All methods run on the thread of the event loop that it was made with, [#listen] excepted.
/// Connections that have something to say stand in a line; each turn of one is short, then it
/// goes to the end of the line.
public final class NbdHead implements HostPort, RoundFlush {
  /// Connections at a time. One more takes the place of the oldest that has not opened an
  /// export yet; if all have, it is closed at once.
  public static final int CONNECTIONS_MAX = 128;

  /// Tries to bind, so far apart: after a `kill -9` the old socket may linger for milliseconds,
  /// never for 5 s.
  private static final int BIND_TRIES_MAX = 100;

  private static final int BIND_PAUSE_MS = 50;

  /// Steps of one connection before the next has its turn.
  private static final int TURN_STEPS_MAX = 16;

  /// Payload taken straight from sockets before the other directors have their turn.
  static final int STRAIGHT_BYTES_PER_ROUND = 1024 * 1024;

  private static final int PREFERRED_BYTES_MIN = 4096;

  private final CatchUp.Room catchUpRoom = new CatchUp.Room();
  private final EventLoop loop;
  private final Transport transport;
  private final InetSocketAddress address;
  private final NbdTls tls;
  private final int bindTriesMax;
  private final ExportDirectory exports = new ExportDirectory();
  private final Int2ObjectHashMap<NbdConnection> connections = new Int2ObjectHashMap<>();
  private final ArrayDeque<NbdConnection> ready = new ArrayDeque<>();
  private final ArrayDeque<NbdConnection> gone = new ArrayDeque<>();
  private final ArrayList<NbdConnection> refused = new ArrayList<>();
  private final ArrayList<NbdConnection> nextRound = new ArrayList<>();
  private final ArrayList<NbdConnection> unflushed = new ArrayList<>();
  private int bindTries;
  private Channel listener;
  private long straightLeftBytes = STRAIGHT_BYTES_PER_ROUND;
  private boolean isListeningStopped;
  private int lastNumber;
  private int liveCount;
  private long droppedCount;
  private String lastDropReason = "";

  /// @param tls null: hosts speak in the clear
  public NbdHead(EventLoop loop, Transport transport, InetSocketAddress address, NbdTls tls) {
    this(loop, transport, address, tls, BIND_TRIES_MAX);
  }

  NbdHead(
      EventLoop loop,
      Transport transport,
      InetSocketAddress address,
      NbdTls tls,
      int bindTriesMax) {
    this.loop = loop;
    this.transport = transport;
    this.address = address;
    this.tls = tls;
    this.bindTriesMax = bindTriesMax;
  }

  /// Binds the address and takes connections from then on. May be called from any thread,
  /// before the loop runs too; the loop must run for it to end. An address that is busy is
  /// tried again for 5 s.
  ///
  /// @return the address bound, with the port that was found if 0 was asked for; or a failure
  ///     whose message tells the cure
  public Future<InetSocketAddress> listen() {
    Promise<InetSocketAddress> bound = loop.newPromise();
    loop.execute(() -> bind(bound));
    return bound;
  }

  private void bind(Promise<InetSocketAddress> bound) {
    bindTries++;
    ServerBootstrap bootstrap = new ServerBootstrap()
        .group(loop)
        .channel(transport.serverChannelClass())
        .option(ChannelOption.SO_REUSEADDR, true)
        .option(ChannelOption.SO_BACKLOG, CONNECTIONS_MAX)
        .handler(new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            Pacing.avoid(channel, address);
          }
        })
        // Netty's adaptive allocator does not pool large buffers in a small heap: each would be
        // allocated anew, and filled with zeros.
        .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.SO_KEEPALIVE, true)
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .childHandler(new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            onAccepted(channel);
          }
        });
    bootstrap.bind(address).addListener((ChannelFuture result) -> onBound(bound, result));
  }

  private void onBound(Promise<InetSocketAddress> bound, ChannelFuture result) {
    if (result.isSuccess() && isListeningStopped) {
      result.channel().close();
      bound.setFailure(
          new IOException("NBD: " + hostAndPort(address) + " was given up before it listened."));
    } else if (result.isSuccess()) {
      listener = result.channel();
      bound.setSuccess((InetSocketAddress) listener.localAddress());
    } else if (!isBusy(result.cause())) {
      bound.setFailure(new IOException(
          "NBD: cannot listen on " + hostAndPort(address) + ": "
              + result.cause().getMessage()
              + ". Give the site an address of this machine and a port from 1024 on.",
          result.cause()));
    } else if (bindTries < bindTriesMax && !isListeningStopped) {
      var _ = loop.schedule(() -> bind(bound), BIND_PAUSE_MS, TimeUnit.MILLISECONDS);
    } else {
      bound.setFailure(new IOException(
          "NBD: " + hostAndPort(address) + " is busy, and stayed so for "
              + bindTriesMax * BIND_PAUSE_MS
              + " ms. End the program that listens there (`ss -ltnp` shows it), or give the site another port.",
          result.cause()));
    }
  }

  /// The transports say it in exceptions of their own; the words of the system are what they
  /// share.
  private static boolean isBusy(Throwable cause) {
    return cause instanceof IOException
        && cause.getMessage() != null
        && cause.getMessage().contains("in use");
  }

  private void onAccepted(Channel channel) {
    if (isListeningStopped || (liveCount >= CONNECTIONS_MAX && !dropOldestHaggler())) {
      onDropped(0, CONNECTIONS_MAX + " connections are open");
      channel.close();
      return;
    }
    NbdConnection connection = new NbdConnection(++lastNumber, this, channel, exports);
    connections.put(connection.number(), connection);
    liveCount++;
    channel.pipeline().addLast(connection);
  }

  private boolean dropOldestHaggler() {
    NbdConnection oldest = null;
    for (NbdConnection each : connections.values()) {
      if (each.isHaggling() && (oldest == null || each.number() < oldest.number())) {
        oldest = each;
      }
    }
    if (oldest == null) {
      return false;
    }
    onDropped(oldest.number(), "another connection needed its place");
    oldest.cut();
    return true;
  }

  /// False when so much payload was taken from sockets that links and drives have their turn
  /// first: a host that writes without end must not hold them up.
  boolean mayTakeStraight() {
    return straightLeftBytes > 0;
  }

  void onTakenStraight(int bytes) {
    straightLeftBytes -= bytes;
  }

  void markForNextRound(NbdConnection connection) {
    nextRound.add(connection);
  }

  /// Puts the connection into the line of those that have something to say.
  void mark(NbdConnection connection) {
    if (!connection.isMarked) {
      connection.isMarked = true;
      ready.addLast(connection);
    }
  }

  NbdTls tls() {
    return tls;
  }

  void markForFlush(NbdConnection connection) {
    if (!connection.isMarkedForFlush) {
      connection.isMarkedForFlush = true;
      unflushed.add(connection);
    }
  }

  void onGone(NbdConnection connection) {
    liveCount--;
    gone.add(connection);
  }

  /// Earlier connections of the export that it has opened, if their hosts may have gone.
  List<NbdConnection> eldersOf(NbdConnection connection) {
    List<NbdConnection> elders = new ArrayList<>();
    for (NbdConnection each : connections.values()) {
      if (each.number() < connection.number() && connection.hasSameExportAs(each)) {
        each.beginCatchUp();
        if (each.mayHoldUpItsSuccessors()) {
          elders.add(each);
        }
      }
    }
    return elders;
  }

  CatchUp.Room catchUpRoom() {
    return catchUpRoom;
  }

  /// Something has happened that connections may wait for which are held up by earlier ones.
  void markHeld() {
    for (NbdConnection each : connections.values()) {
      if (each.isHeld()) {
        mark(each);
      }
    }
  }

  void forget(NbdConnection connection) {
    connections.remove(connection.number());
  }

  void onDropped(int number, String reason) {
    droppedCount++;
    lastDropReason = "connection " + number + ": " + reason;
  }

  /// Connections that this end gave up, since the start.
  public long droppedCount() {
    return droppedCount;
  }

  /// Which connection was given up last, and why; empty if none was.
  public String lastDropReason() {
    return lastDropReason;
  }

  static String remoteOf(Channel channel) {
    SocketAddress remote = channel.remoteAddress();
    return remote instanceof InetSocketAddress inet ? hostAndPort(inet) : String.valueOf(remote);
  }

  private static String hostAndPort(InetSocketAddress inet) {
    String host = inet.isUnresolved() ? inet.getHostString() : inet.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
  }

  @Override
  public void offer(HostExport export) {
    exports.put(new NbdExport(
        export.name(),
        export.description(),
        export.sizeBytes(),
        preferredBytes(export.blockBytes()),
        export.readOnly(),
        export.ready(),
        export.reason()));
  }

  /// A power of two, as the protocol wants it.
  private static int preferredBytes(int blockBytes) {
    return Math.max(PREFERRED_BYTES_MIN, Integer.highestOneBit(2 * blockBytes - 1));
  }

  @Override
  public int drain(HostSink sink, int limit) {
    int done = 0;
    straightLeftBytes = STRAIGHT_BYTES_PER_ROUND;
    nextRound.forEach(this::mark);
    nextRound.clear();
    while (!gone.isEmpty()) {
      done += gone.removeFirst().turn(sink, 1);
    }
    while (done < limit && !ready.isEmpty()) {
      NbdConnection connection = ready.removeFirst();
      connection.isMarked = false;
      int turnMax = Math.min(TURN_STEPS_MAX, limit - done);
      int steps = connection.turn(sink, turnMax);
      done += steps;
      if (connection.isRefused()) {
        refused.add(connection);
      } else if (steps == turnMax) {
        mark(connection);
      }
    }
    for (NbdConnection connection : refused) {
      mark(connection);
    }
    refused.clear();
    return done;
  }

  @Override
  public boolean receive(int connection, long address, int lengthBytes) {
    NbdConnection found = connections.get(connection);
    return found != null && found.receive(address, lengthBytes);
  }

  @Override
  public void discard(int connection, long lengthBytes) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.discard(lengthBytes);
    }
  }

  @Override
  public void reply(int connection, long cookie, HostStatus status) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.reply(cookie, status);
    }
  }

  @Override
  public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.beginData(cookie, offsetBytes, lengthBytes);
    }
  }

  @Override
  public void dataExtent(int connection, long lengthBytes) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.dataExtent(lengthBytes);
    }
  }

  @Override
  public void zeroExtent(int connection, long lengthBytes) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.zeroExtent(lengthBytes);
    }
  }

  @Override
  public void data(int connection, long address, int lengthBytes) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.data(address, lengthBytes);
    }
  }

  @Override
  public void failData(int connection, HostStatus status) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.failData(status);
    }
  }

  @Override
  public void blockStatus(int connection, long cookie, Extents extents) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.blockStatus(cookie, extents);
    }
  }

  /// True for a connection that is gone: whatever is made for it disappears at once.
  @Override
  public boolean isWritable(int connection) {
    NbdConnection found = connections.get(connection);
    return found == null || found.isWritable();
  }

  @Override
  public void close(int connection, String reason) {
    NbdConnection found = connections.get(connection);
    if (found != null) {
      found.close();
    }
  }

  @Override
  public void stopListening() {
    isListeningStopped = true;
    if (listener != null) {
      listener.close();
    }
  }

  /// True if all replies have been sent: the sign that a processor which ends may wait for.
  public boolean isQuiet() {
    for (NbdConnection each : connections.values()) {
      if (!each.isQuiet()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void flushRound() {
    // A flush may end a connection, which marks nothing for flushing: the list does not grow
    // meanwhile.
    for (int index = 0; index < unflushed.size(); index++) {
      NbdConnection connection = unflushed.get(index);
      connection.isMarkedForFlush = false;
      connection.flush();
    }
    unflushed.clear();
  }

  /// How often the address was tried.
  int bindTries() {
    return bindTries;
  }

  /// What the connection has sent and nobody has looked at yet; 0 if it is gone.
  boolean isInputPaused(int connection) {
    NbdConnection found = connections.get(connection);
    return found != null && found.isInputPaused();
  }

  long queuedBytes(int connection) {
    NbdConnection found = connections.get(connection);
    return found == null ? 0 : found.queuedBytes();
  }

  /// What was replied on the connection and the host has not taken yet; 0 if it is gone.
  long unsentBytes(int connection) {
    NbdConnection found = connections.get(connection);
    return found == null ? 0 : found.unsentBytes();
  }

  /// Numbers of the connections that are open, in the order in which they came; for the console
  /// and tests.
  public List<Integer> openConnections() {
    return connections.values().stream().map(NbdConnection::number).sorted().toList();
  }
}
