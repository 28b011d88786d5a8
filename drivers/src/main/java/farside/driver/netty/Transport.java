package farside.driver.netty;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// How a processor's thread waits for the world. All sockets of one processor use the same one.
///
/// Measured on two shared cores, as ratios in one run: a write that is mirrored over two
/// sockets costs on epoll 0.8 of the processor time that it costs on io_uring; a request to a
/// drive costs on the ring 0.65 to 0.85 of what it costs by threads beside the loop, and at
/// depth 1 answers three times as often. A host waits for sockets, so epoll comes first; and a
/// disk that is opened for direct I/O has a ring of its own beside it, which costs half of
/// what threads cost for a random read. Drives that are files go through the page cache, where
/// a ring would use threads too, of the kernel.
public enum Transport {
  /// Sockets and disks on one ring, no other thread. Containers often forbid it.
  URING,
  /// Sockets by epoll, disks on rings that it watches; files by a few threads beside the loop.
  EPOLL,
  /// The JDK's own selector; runs wherever Java does.
  NIO;

  /// Environment variable that pins the choice: `uring`, `epoll` or `nio`.
  public static final String PIN = "FARSIDE_TRANSPORT";

  private static final List<Transport> PREFERENCE = List.of(EPOLL, URING, NIO);

  // A host with 16 requests in flight, a link and three drives stay far below it.
  private static final int RING_SIZE = 512;

  /// True of a channel that this transport made.
  boolean isOf(Channel channel) {
    return channel.getClass() == channelClass();
  }

  /// True if this machine and this kernel can do it.
  public boolean isAvailable() {
    return switch (this) {
      case URING -> IoUring.isAvailable();
      case EPOLL -> Epoll.isAvailable();
      case NIO -> true;
    };
  }

  /// Why it is not available, for people; empty if it is.
  public String unavailability() {
    Throwable cause = switch (this) {
      case URING -> IoUring.unavailabilityCause();
      case EPOLL -> Epoll.unavailabilityCause();
      case NIO -> null;
    };
    return cause == null ? "" : String.valueOf(cause.getMessage());
  }

  /// The pinned one, else the first available of epoll, io_uring and Java's own.
  public static Transport best() {
    return chosenBy(System.getenv(PIN));
  }

  /// The choice for a value of [#PIN]; null or empty chooses freely.
  static Transport chosenBy(String pin) {
    if (pin == null || pin.isEmpty()) {
      return PREFERENCE.stream().filter(Transport::isAvailable).findFirst().orElse(NIO);
    }
    Transport pinned = Stream.of(values())
        .filter(transport -> transport.name().equalsIgnoreCase(pin))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(PIN + "=" + pin + " names no transport. Set it to "
                + Stream.of(values())
                    .map(t -> t.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "))
                + ", or unset it."));
    if (!pinned.isAvailable()) {
      throw new IllegalArgumentException(PIN + "=" + pin + " cannot be had here: "
          + pinned.unavailability() + ". Unset it, and the best available is taken.");
    }
    return pinned;
  }

  public IoHandlerFactory ioHandlerFactory() {
    return switch (this) {
      case URING ->
        IoUringIoHandler.newFactory(new IoUringIoHandlerConfig().setRingSize(RING_SIZE));
      case EPOLL -> EpollIoHandler.newFactory();
      case NIO -> NioIoHandler.newFactory();
    };
  }

  public Class<? extends ServerChannel> serverChannelClass() {
    return switch (this) {
      case URING -> IoUringServerSocketChannel.class;
      case EPOLL -> EpollServerSocketChannel.class;
      case NIO -> NioServerSocketChannel.class;
    };
  }

  public Class<? extends Channel> channelClass() {
    return switch (this) {
      case URING -> IoUringSocketChannel.class;
      case EPOLL -> EpollSocketChannel.class;
      case NIO -> NioSocketChannel.class;
    };
  }

  /// Class of a listening Unix-domain socket.
  public Class<? extends ServerChannel> domainServerChannelClass() {
    return switch (this) {
      case URING -> IoUringServerDomainSocketChannel.class;
      case EPOLL -> EpollServerDomainSocketChannel.class;
      case NIO -> NioServerDomainSocketChannel.class;
    };
  }

  /// Class of a connected Unix-domain socket.
  public Class<? extends Channel> domainChannelClass() {
    return switch (this) {
      case URING -> IoUringDomainSocketChannel.class;
      case EPOLL -> EpollDomainSocketChannel.class;
      case NIO -> NioDomainSocketChannel.class;
    };
  }

  /// The address of a Unix-domain socket in the type that this transport's channels take.
  public SocketAddress domainAddress(Path path) {
    return switch (this) {
      case URING, EPOLL -> new DomainSocketAddress(path.toFile());
      case NIO -> UnixDomainSocketAddress.of(path);
    };
  }
}
