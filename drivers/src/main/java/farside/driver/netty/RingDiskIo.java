package farside.driver.netty;

import farside.driver.posix.Posix;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import io.netty.util.concurrent.Future;

/// Disk requests on the ring that carries the sockets: no other thread, no wake-up, no extra
/// system call.
///
/// The ring takes what is queued when the loop next looks at it, which is right after the
/// round, so there is nothing to flush here. Answers come out of order, while the loop runs its
/// I/O.
final class RingDiskIo implements DiskIo, IoUringIoHandle {
  // Numbers of <linux/io_uring.h>; they are part of the kernel's promise and the same on every
  // machine.
  private static final byte OP_READV = 1;
  private static final byte OP_WRITEV = 2;
  private static final byte OP_FSYNC = 3;
  private static final byte OP_FALLOCATE = 17;
  private static final byte OP_READ = 22;
  private static final byte OP_WRITE = 23;
  private static final int FSYNC_DATASYNC = 1;

  private final int fd;
  private final Answers answers;
  private IoRegistration registration;
  private Throwable failure;
  private boolean closed;

  RingDiskIo(IoEventLoop loop, int fd, Answers answers) {
    this.fd = fd;
    this.answers = answers;
    loop.register(this).addListener((Future<IoRegistration> registered) -> {
      if (registered.isSuccess()) {
        registration = registered.getNow();
      } else {
        failure = registered.cause();
      }
    });
  }

  @Override
  public void read(int slot, long offsetBytes, long address, int lengthBytes) {
    submit(OP_READ, slot, offsetBytes, address, lengthBytes, 0);
  }

  @Override
  public void readVector(int slot, long offsetBytes, long iovecAddress, int count) {
    submit(OP_READV, slot, offsetBytes, iovecAddress, count, 0);
  }

  @Override
  public void write(int slot, long offsetBytes, long address, int lengthBytes) {
    submit(OP_WRITE, slot, offsetBytes, address, lengthBytes, 0);
  }

  @Override
  public void writeVector(int slot, long offsetBytes, long iovecAddress, int count) {
    submit(OP_WRITEV, slot, offsetBytes, iovecAddress, count, 0);
  }

  @Override
  public void writeVectorThrough(int slot, long offsetBytes, long iovecAddress, int count) {
    submit(OP_WRITEV, slot, offsetBytes, iovecAddress, count, Posix.RWF_DSYNC);
  }

  @Override
  public void syncData(int slot) {
    submit(OP_FSYNC, slot, 0, 0, 0, FSYNC_DATASYNC);
  }

  @Override
  public void allocate(int slot, int mode, long offsetBytes, long lengthBytes) {
    // The entry has the length where others have the address, and the mode where others have
    // the length.
    submit(OP_FALLOCATE, slot, offsetBytes, lengthBytes, mode, 0);
  }

  private void submit(
      byte operation, int slot, long offsetBytes, long address, int length, int operationFlags) {
    if (closed || registration == null) {
      throw new IllegalStateException(
          closed ? "disk I/O is closed" : "the processor has not started", failure);
    }
    registration.submit(new IoUringIoOps(
        operation,
        (byte) 0,
        (short) 0,
        fd,
        offsetBytes,
        address,
        length,
        operationFlags,
        (long) slot,
        (short) 0,
        (short) 0,
        0,
        0L));
  }

  @Override
  public void handle(IoRegistration from, IoEvent event) {
    IoUringIoEvent answer = (IoUringIoEvent) event;
    if (closed) {
      return;
    }
    try {
      answers.onAnswer((int) answer.userData(), answer.res());
    } catch (RuntimeException | Error thrown) {
      // The loop would log it and carry on; the cabinet must stop instead, so it is thrown from
      // poll().
      failure = thrown;
    }
  }

  @Override
  public void flushRound() {
    // The loop submits the ring's queue when it runs next, at once after this round.
  }

  @Override
  public void poll() {
    switch (failure) {
      case null -> {}
      case RuntimeException thrown -> throw thrown;
      case Error thrown -> throw thrown;
      default ->
        throw new IllegalStateException("the ring does not take the drive's file", failure);
    }
  }

  @Override
  public void close() {
    closed = true;
    if (registration != null && registration.isValid()) {
      registration.cancel();
    }
  }
}
