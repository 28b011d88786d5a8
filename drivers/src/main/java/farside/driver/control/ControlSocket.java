package farside.driver.control;

import farside.driver.netty.RoundFlush;
import farside.driver.netty.Transport;
import farside.port.ConsolePort;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// The console of a cabinet as a Unix-domain socket, for the owner of the rig only (mode 0600).
///
/// What a client sends and gets is in `specs/console.md`. At most [#SESSION_COUNT_MAX]
/// connections are held; one more turns out the oldest that is not waiting for an answer of the
/// service processor.
///
/// A socket file left by a cabinet that was killed is removed; one on which somebody answers,
/// or a file that is no socket, is a refusal.
public final class ControlSocket implements ConsolePort, RoundFlush {
  /// Most connections at a time.
  public static final int SESSION_COUNT_MAX = 32;

  private record Command(int session, String line, boolean json) {}

  private final Path path;
  private final IoEventLoop loop;
  private final Transport transport;
  private final ControlSession.Owner sessionOwner = new SessionOwner();
  private final Map<Integer, ControlSession> sessions = new LinkedHashMap<>();
  private final ArrayDeque<Command> commands = new ArrayDeque<>();
  private final List<ControlSession> unflushed = new ArrayList<>();
  private Channel listening;
  private Object fileKey;
  private int lastSession;
  private boolean isClosed;

  public ControlSocket(Path path, IoEventLoop loop, Transport transport) {
    this.path = path;
    this.loop = loop;
    this.transport = transport;
  }

  /// Begins to listen. The outcome comes on the loop's thread, so nobody may wait for it there,
  /// or before the loop runs; a failure is an `IOException` whose message says what to do.
  public CompletableFuture<Void> open() {
    CompletableFuture<Void> opened = new CompletableFuture<>();
    try {
      makeWay();
    } catch (IOException e) {
      opened.completeExceptionally(e);
      return opened;
    }
    ChannelFuture bound = new ServerBootstrap()
        .group(loop)
        .channel(transport.domainServerChannelClass())
        .childHandler(new SessionInitializer())
        .bind(transport.domainAddress(path));
    listening = bound.channel();
    bound.addListener(outcome -> onBound(outcome.cause(), opened));
    return opened;
  }

  private void makeWay() throws IOException {
    String fault = ControlProtocol.faultOf(path);
    if (!fault.isEmpty()) {
      throw new IOException(fault);
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!isSocket(path)) {
      throw new IOException("control socket " + path
          + ": a file that is no socket is there. Remove it, or give another run directory.");
    }
    if (isAnswered(path)) {
      throw new IOException("control socket "
          + path
          + ": another process answers there."
          + " Stop that rig first, or give this one another run directory.");
    }
    Files.delete(path);
  }

  private static boolean isSocket(Path path) throws IOException {
    int fileTypeMask = 0170000;
    int socketType = 0140000;
    int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return (mode & fileTypeMask) == socketType;
  }

  private static boolean isAnswered(Path path) throws IOException {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      // Not blocking: a listener that accepts nobody would hold us up for ever.
      probe.configureBlocking(false);
      probe.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (ConnectException e) {
      return false;
    }
  }

  private void onBound(Throwable cause, CompletableFuture<Void> opened) {
    if (cause != null) {
      opened.completeExceptionally(new IOException(
          "control socket "
              + path
              + " cannot be made: "
              + cause.getMessage()
              + ". Check that its directory is there and may be written.",
          cause));
      return;
    }
    try {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      fileKey = fileKeyOf(path);
      opened.complete(null);
    } catch (IOException e) {
      listening.close();
      opened.completeExceptionally(new IOException(
          "control socket " + path + " cannot be kept from others: " + e.getMessage() + ".", e));
    }
  }

  private static Object fileKeyOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  /// Stops listening, ends all connections, and removes the socket file if it still is the one
  /// made here.
  public void close() throws IOException {
    isClosed = true;
    if (listening != null) {
      listening.close();
    }
    List.copyOf(sessions.values()).forEach(ControlSession::close);
    if (fileKey != null
        && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && fileKey.equals(fileKeyOf(path))) {
      Files.delete(path);
    }
    fileKey = null;
  }

  /// True if every answer given has gone out.
  public boolean isQuiet() {
    return unflushed.isEmpty() && sessions.values().stream().noneMatch(ControlSession::isAnswering);
  }

  @Override
  public int drain(ConsoleSink sink, int limit) {
    int drained = 0;
    while (drained < limit && !commands.isEmpty()) {
      Command command = commands.poll();
      sink.onCommand(command.session, command.line, command.json);
      drained++;
    }
    return drained;
  }

  @Override
  public void answer(int session, String text, int exitCode) {
    ControlSession asker = sessions.get(session);
    if (asker != null) {
      asker.answer(exitCode, text);
    }
  }

  @Override
  public void flushRound() {
    // A flush may finish an answer and so bring the next line, whose refusal is written at
    // once.
    for (int i = 0; i < unflushed.size(); i++) {
      unflushed.get(i).flush();
    }
    unflushed.clear();
  }

  /// What sessions tell their socket.
  private final class SessionOwner implements ControlSession.Owner {
    @Override
    public void onOpened(ControlSession session) {
      if (isClosed) {
        session.close();
        return;
      }
      if (sessions.size() >= SESSION_COUNT_MAX) {
        sessions.values().stream()
            .filter(ControlSession::mayBeTurnedOut)
            .findFirst()
            .orElse(session)
            .close();
      }
      sessions.put(session.number(), session);
    }

    @Override
    public void onCommand(ControlSession session, String line, boolean json) {
      commands.add(new Command(session.number(), line, json));
    }

    @Override
    public void onWritten(ControlSession session) {
      unflushed.add(session);
    }

    @Override
    public void onClosed(ControlSession session) {
      sessions.remove(session.number());
    }
  }

  private final class SessionInitializer extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel channel) {
      // Only epoll does it; with the others a client that closes its half is hung up on.
      channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
      channel
          .config()
          .setRecvByteBufAllocator(new FixedRecvByteBufAllocator(ControlProtocol.LINE_BYTES_MAX));
      channel.pipeline().addLast(new ControlSession(sessionOwner, ++lastSession, channel));
    }
  }
}
