package farside.driver.netty;

import farside.driver.posix.Posix;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.UncheckedBooleanSupplier;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Takes long payload from a connection's socket straight to where it stays, past the pipeline
/// and without a buffer between.
///
/// As the allocator of a connection's receive buffers it keeps the pipeline to what tells that
/// something came, while its owner expects long payload: a buffer of [#GLANCE_BYTES], and no
/// second one before the owner has looked. The owner then takes the rest by [#take]. Both
/// happen on the loop's thread, so the bytes stay in order: what the pipeline has received is
/// older than what the socket holds.
public final class StraightReceive implements RecvByteBufAllocator {
  /// Enough for the head of a message, and little enough to be copied.
  public static final int GLANCE_BYTES = 4096;

  /// Says whether what comes next is likely to be long.
  @FunctionalInterface
  public interface Expectation {
    boolean isLongPayload();
  }

  private final AdaptiveRecvByteBufAllocator usual;
  private final Expectation expectation;

  private StraightReceive(AdaptiveRecvByteBufAllocator usual, Expectation expectation) {
    this.usual = usual;
    this.expectation = expectation;
  }

  /// Prepares a connection whose owner takes long payload by itself. Where that is not
  /// possible, nothing changes.
  public static void prepare(
      Channel channel, AdaptiveRecvByteBufAllocator usual, Expectation expectation) {
    channel
        .config()
        .setRecvByteBufAllocator(
            socketOf(channel) == null ? usual : new StraightReceive(usual, expectation));
  }

  /// Takes up to so many bytes from the socket. Nothing of it may wait in the pipeline's
  /// buffers.
  ///
  /// @return how many; 0 if none are there, and also when the connection has ended or failed, or
  ///     its transport cannot do this: the pipeline meets all of that in its own time
  public static int take(Channel channel, long address, int lengthBytes) {
    Socket socket = socketOf(channel);
    if (socket == null || !channel.isOpen()) {
      return 0;
    }
    try {
      return Math.max(0, socket.recvAddress(address, 0, lengthBytes));
    } catch (IOException metAgain) {
      return 0;
    }
  }

  /// As [#take], to two places at once: what is left when the first is full goes to the second.
  /// What follows a payload costs no system call of its own then.
  public static int takeBoth(Channel channel, TwoPlaces places) {
    Socket socket = socketOf(channel);
    if (socket == null || !channel.isOpen()) {
      return 0;
    }
    // An error is met again, or the end of the stream is.
    return (int) Math.max(0, Posix.readv(socket.intValue(), places.iovecAddress(), 2));
  }

  /// Where a direct buffer's byte 0 lies.
  public static long addressOf(ByteBuf bytes) {
    return bytes.hasMemoryAddress()
        ? bytes.memoryAddress()
        : MemorySegment.ofBuffer(bytes.nioBuffer(0, bytes.capacity())).address();
  }

  /// Only a socket that is read at once will do. A ring would have a receive under way already.
  private static Socket socketOf(Channel channel) {
    return channel instanceof UnixChannel unix
            && unix.fd() instanceof Socket socket
            && Transport.EPOLL.isOf(channel)
        ? socket
        : null;
  }

  @Override
  public ExtendedHandle newHandle() {
    return new Handle((ExtendedHandle) usual.newHandle(), expectation);
  }

  private static final class Handle extends DelegatingHandle implements ExtendedHandle {
    private final ExtendedHandle usual;
    private final Expectation expectation;

    Handle(ExtendedHandle usual, Expectation expectation) {
      super(usual);
      this.usual = usual;
      this.expectation = expectation;
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      return expectation.isLongPayload()
          ? allocator.ioBuffer(GLANCE_BYTES)
          : usual.allocate(allocator);
    }

    @Override
    public boolean continueReading() {
      return !expectation.isLongPayload() && usual.continueReading();
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
      return !expectation.isLongPayload() && usual.continueReading(maybeMoreData);
    }
  }
}
