package farside.driver.netty;

import farside.driver.posix.KernelRing;
import io.netty.channel.IoEventLoop;
import java.io.IOException;

/// Requests to one open file, made and answered on the processor's thread.
///
/// The owner numbers its requests in slots from 0; a slot carries one request at a time.
/// Nothing is decided here: a result is what the kernel answered, bytes moved or minus an error
/// number, and a transfer may well have moved less than was asked. Memory that a request names
/// must stay until it is answered, the array of a vectored request too.
///
/// Requests of a round go to the kernel together, at the latest with [#flushRound].
public interface DiskIo extends RoundFlush {
  /// Takes answers, on the processor's thread.
  interface Answers {
    void onAnswer(int slot, int result);
  }

  void read(int slot, long offsetBytes, long address, int lengthBytes);

  /// @param iovecAddress of `count` pairs of address and length, 8 bytes each
  void readVector(int slot, long offsetBytes, long iovecAddress, int count);

  void write(int slot, long offsetBytes, long address, int lengthBytes);

  /// @param iovecAddress of `count` pairs of address and length, 8 bytes each
  void writeVector(int slot, long offsetBytes, long iovecAddress, int count);

  /// As [#writeVector], and what it wrote is stable when it is answered.
  void writeVectorThrough(int slot, long offsetBytes, long iovecAddress, int count);

  /// Makes what was written stable; of the file's own facts only what is needed to read it
  /// back.
  void syncData(int slot);

  /// `fallocate` with the modes of [farside.driver.posix.Posix].
  void allocate(int slot, int mode, long offsetBytes, long lengthBytes);

  /// Hands over the answers that have come. Throws what an earlier hand-over threw where the
  /// loop, not the owner, was the caller.
  void poll();

  /// Takes no more requests. Requests under way still come to an end, but nobody is told.
  void close();

  /// The kind that suits the transport.
  ///
  /// @param wake wakes the loop from any thread
  /// @param slotCount requests that may be under way at once
  /// @param isDirect the file was opened for direct I/O: the kernel can carry requests to it
  ///     without blocking a thread
  static DiskIo on(
      Transport transport,
      IoEventLoop loop,
      Runnable wake,
      int fd,
      int slotCount,
      boolean isDirect,
      Answers answers) {
    if (transport == Transport.URING) {
      return new RingDiskIo(loop, fd, answers);
    }
    if (transport == Transport.EPOLL && isDirect) {
      try {
        return new EpollRingDiskIo(loop, wake, fd, new KernelRing(slotCount), answers);
      } catch (IOException noRing) {
        // Containers often forbid it; threads do the same, at more cost.
        return new PooledDiskIo(wake, fd, slotCount, false, answers);
      }
    }
    return new PooledDiskIo(wake, fd, slotCount, !isDirect, answers);
  }
}
