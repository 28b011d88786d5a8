package farside.driver.netty;

import farside.driver.posix.KernelRing;
import farside.driver.posix.Posix;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;

/// Disk requests on a ring of the drive's own, which the loop's epoll watches: no other thread
/// here, and none in the kernel for direct I/O.
///
/// A round's requests go to the kernel by one call, and answers are read where the kernel wrote
/// them. The loop is only woken by the ring; what it brought is taken in the round that follows.
final class EpollRingDiskIo implements DiskIo, EpollIoHandle {
  /// As long as [PooledDiskIo] waits at its end, for the same reason.
  private static final long CLOSE_WAIT_MS = PooledDiskIo.CLOSE_WAIT_MS;

  private final Runnable wake;
  private final int fd;
  private final Answers answers;
  private final KernelRing ring;
  private final FileDescriptor ringDescriptor;
  private IoRegistration registration;
  private Throwable failure;
  private boolean isClosed;

  /// @param ring with room for all requests that may be under way at once
  EpollRingDiskIo(IoEventLoop loop, Runnable wake, int fd, KernelRing ring, Answers answers) {
    this.wake = wake;
    this.fd = fd;
    this.answers = answers;
    this.ring = ring;
    ringDescriptor = new FileDescriptor(ring.fd());
    loop.register(this).addListener((Future<IoRegistration> registered) -> {
      if (registered.isSuccess()) {
        registration = registered.getNow();
        registration.submit(EpollIoOps.EPOLLIN);
      } else {
        failure = registered.cause();
      }
    });
  }

  @Override
  public void read(int slot, long offsetBytes, long address, int lengthBytes) {
    ring.queue(KernelRing.OP_READ, fd, offsetBytes, address, lengthBytes, 0, slot);
  }

  @Override
  public void readVector(int slot, long offsetBytes, long iovecAddress, int count) {
    ring.queue(KernelRing.OP_READV, fd, offsetBytes, iovecAddress, count, 0, slot);
  }

  @Override
  public void write(int slot, long offsetBytes, long address, int lengthBytes) {
    ring.queue(KernelRing.OP_WRITE, fd, offsetBytes, address, lengthBytes, 0, slot);
  }

  @Override
  public void writeVector(int slot, long offsetBytes, long iovecAddress, int count) {
    ring.queue(KernelRing.OP_WRITEV, fd, offsetBytes, iovecAddress, count, 0, slot);
  }

  @Override
  public void writeVectorThrough(int slot, long offsetBytes, long iovecAddress, int count) {
    ring.queue(KernelRing.OP_WRITEV, fd, offsetBytes, iovecAddress, count, Posix.RWF_DSYNC, slot);
  }

  @Override
  public void syncData(int slot) {
    ring.queue(KernelRing.OP_FSYNC, fd, 0, 0, 0, KernelRing.FSYNC_DATASYNC, slot);
  }

  @Override
  public void allocate(int slot, int mode, long offsetBytes, long lengthBytes) {
    // The entry has the length where others have the address, and the mode where others have
    // the length.
    ring.queue(KernelRing.OP_FALLOCATE, fd, offsetBytes, lengthBytes, mode, 0, slot);
  }

  @Override
  public void flushRound() {
    if (!ring.submit()) {
      // What the kernel was too busy to take is handed over after the next round, which must not
      // wait for an answer: there may be none to come.
      wake.run();
    }
  }

  @Override
  public void poll() {
    if (failure != null) {
      throw new IllegalStateException("the loop does not watch the drive's ring", failure);
    }
    while (ring.next()) {
      answers.onAnswer((int) ring.tag(), ring.result());
    }
  }

  @Override
  public FileDescriptor fd() {
    return ringDescriptor;
  }

  @Override
  public void handle(IoRegistration from, IoEvent event) {
    // The loop is awake; the round that follows takes the answers.
  }

  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    if (registration != null && registration.isValid()) {
      registration.cancel();
    }
    ring.close(CLOSE_WAIT_MS);
  }
}
