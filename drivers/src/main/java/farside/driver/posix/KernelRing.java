package farside.driver.posix;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/// A submission and a completion queue shared with the kernel: `io_uring(7)`.
///
/// Used by one thread. Its descriptor is readable while answers wait, so that an epoll loop may
/// watch it. Layouts and numbers are those of `<linux/io_uring.h>`, which the kernel promises to
/// keep.
public final class KernelRing {
  public static final byte OP_READV = 1;
  public static final byte OP_WRITEV = 2;
  public static final byte OP_FSYNC = 3;
  public static final byte OP_FALLOCATE = 17;
  public static final byte OP_READ = 22;
  public static final byte OP_WRITE = 23;
  public static final int FSYNC_DATASYNC = 1;

  // The newest calls of the kernel have one number on all machines.
  private static final long SYS_IO_URING_SETUP = 425;
  private static final long SYS_IO_URING_ENTER = 426;
  private static final int ENTER_GETEVENTS = 1;
  private static final int ENTER_EXT_ARG = 8;
  private static final int EXT_ARG_BYTES = 24;

  /// Both queues lie in one mapping; since Linux 5.4.
  private static final int FEATURE_SINGLE_MMAP = 1;

  /// Enter takes a time limit; since Linux 5.11.
  private static final int FEATURE_EXT_ARG = 1 << 8;

  /// What is done for an answer is done at the thread's next system call, without interrupting
  /// it; since Linux 5.19.
  private static final int SETUP_COOP_TASKRUN = 1 << 8;

  private static final long ENTRIES_AT = 0x1000_0000L;

  private static final int PARAMS_BYTES = 120;
  private static final int PARAMS_SQ_ENTRIES = 0;
  private static final int PARAMS_CQ_ENTRIES = 4;
  private static final int PARAMS_FLAGS = 8;
  private static final int PARAMS_FEATURES = 20;
  private static final int PARAMS_SQ_HEAD = 40;
  private static final int PARAMS_SQ_TAIL = 44;
  private static final int PARAMS_SQ_MASK = 48;
  private static final int PARAMS_SQ_ARRAY = 64;
  private static final int PARAMS_CQ_HEAD = 80;
  private static final int PARAMS_CQ_TAIL = 84;
  private static final int PARAMS_CQ_MASK = 88;
  private static final int PARAMS_CQ_ENTRIES_AT = 100;

  private static final int ENTRY_BYTES = 64;
  private static final int ENTRY_FD = 4;
  private static final int ENTRY_OFFSET = 8;
  private static final int ENTRY_ADDRESS = 16;
  private static final int ENTRY_LENGTH = 24;
  private static final int ENTRY_OPERATION_FLAGS = 28;
  private static final int ENTRY_DATA = 32;
  private static final int ENTRY_REST = 40;

  private static final int ANSWER_BYTES = 16;
  private static final int ANSWER_RESULT = 8;

  /// `syscall(2)`: glibc has no names for these two.
  private static final MemorySegment SYSCALL = LibcCalls.function("syscall");

  private final int fd;
  private final long queuesAddress;
  private final long queuesBytes;
  private final long entriesAddress;
  private final long entriesBytes;
  private final boolean hasTimeLimit;
  private final UnsafeBuffer queues;
  private final UnsafeBuffer entries;
  private final int sqHeadAt;
  private final int sqTailAt;
  private final int sqMask;
  private final int cqHeadAt;
  private final int cqTailAt;
  private final int cqMask;
  private final int answersAt;
  private final UnsafeBuffer limit = new UnsafeBuffer(ByteBuffer.allocateDirect(48));
  private int sqTail;
  private int cqHead;
  private int queuedCount;
  private int inFlightCount;
  private long data;
  private int result;
  private boolean isClosed;

  /// @param entryCount requests that may be under way at once
  /// @throws IOException if the kernel has no such ring, or does not let this process have one
  public KernelRing(int entryCount) throws IOException {
    UnsafeBuffer params = new UnsafeBuffer(ByteBuffer.allocateDirect(PARAMS_BYTES));
    params.putInt(PARAMS_FLAGS, SETUP_COOP_TASKRUN);
    int answer = setup(entryCount, params);
    if (answer == -Posix.EINVAL) {
      params.setMemory(0, PARAMS_BYTES, (byte) 0);
      answer = setup(entryCount, params);
    }
    if (answer < 0) {
      throw new IOException("io_uring cannot be had: " + Posix.strerror(answer));
    }
    fd = answer;
    int features = params.getInt(PARAMS_FEATURES);
    hasTimeLimit = (features & FEATURE_EXT_ARG) != 0;
    int sqEntryCount = params.getInt(PARAMS_SQ_ENTRIES);
    int cqEntryCount = params.getInt(PARAMS_CQ_ENTRIES);
    answersAt = params.getInt(PARAMS_CQ_ENTRIES_AT);
    int sqArrayAt = params.getInt(PARAMS_SQ_ARRAY);
    queuesBytes = Math.max(
        answersAt + (long) cqEntryCount * ANSWER_BYTES,
        sqArrayAt + (long) sqEntryCount * Integer.BYTES);
    entriesBytes = (long) sqEntryCount * ENTRY_BYTES;
    boolean isOneMapping = (features & FEATURE_SINGLE_MMAP) != 0;
    queuesAddress = isOneMapping ? map(queuesBytes, 0) : -Posix.ENOSYS;
    entriesAddress = queuesAddress > 0 ? map(entriesBytes, ENTRIES_AT) : -Posix.ENOSYS;
    if (entriesAddress <= 0) {
      if (queuesAddress > 0) {
        Posix.munmap(queuesAddress, queuesBytes);
      }
      Posix.close(fd);
      throw new IOException("io_uring's memory cannot be mapped: "
          + Posix.strerror(Math.min(queuesAddress, entriesAddress)));
    }
    queues = new UnsafeBuffer(queuesAddress, (int) queuesBytes);
    entries = new UnsafeBuffer(entriesAddress, (int) entriesBytes);
    sqHeadAt = params.getInt(PARAMS_SQ_HEAD);
    sqTailAt = params.getInt(PARAMS_SQ_TAIL);
    sqMask = queues.getInt(params.getInt(PARAMS_SQ_MASK));
    cqHeadAt = params.getInt(PARAMS_CQ_HEAD);
    cqTailAt = params.getInt(PARAMS_CQ_TAIL);
    cqMask = queues.getInt(params.getInt(PARAMS_CQ_MASK));
    for (int entry = 0; entry < sqEntryCount; entry++) {
      queues.putInt(sqArrayAt + entry * Integer.BYTES, entry);
    }
  }

  private static int setup(int entryCount, UnsafeBuffer params) {
    return (int) syscall(SYS_IO_URING_SETUP, entryCount, params.addressOffset(), 0, 0, 0, 0);
  }

  private long map(long lengthBytes, long offsetBytes) {
    return Posix.mmap(
        lengthBytes, Posix.PROT_READ | Posix.PROT_WRITE, Posix.MAP_SHARED, fd, offsetBytes);
  }

  private static long syscall(long number, long a, long b, long c, long d, long e, long f) {
    return LibcCalls.longCall(SYSCALL, number, a, b, c, d, e, f);
  }

  public int fd() {
    return fd;
  }

  /// Requests that were queued and not answered yet.
  public int inFlightCount() {
    return inFlightCount;
  }

  /// Queues a request; the kernel sees it with [#submit].
  ///
  /// @param tag comes back with the answer
  /// @throws IllegalStateException if more are under way than were asked for
  public void queue(
      byte operation,
      int file,
      long offsetBytes,
      long address,
      int length,
      int operationFlags,
      long tag) {
    if (isClosed || sqTail - queues.getIntVolatile(sqHeadAt) > sqMask) {
      throw new IllegalStateException(isClosed ? "the ring is closed" : "the ring is full");
    }
    int at = (sqTail & sqMask) * ENTRY_BYTES;
    entries.putLong(at, operation);
    entries.putInt(at + ENTRY_FD, file);
    entries.putLong(at + ENTRY_OFFSET, offsetBytes);
    entries.putLong(at + ENTRY_ADDRESS, address);
    entries.putInt(at + ENTRY_LENGTH, length);
    entries.putInt(at + ENTRY_OPERATION_FLAGS, operationFlags);
    entries.putLong(at + ENTRY_DATA, tag);
    entries.setMemory(at + ENTRY_REST, ENTRY_BYTES - ENTRY_REST, (byte) 0);
    sqTail++;
    queues.putIntRelease(sqTailAt, sqTail);
    queuedCount++;
    inFlightCount++;
  }

  /// Hands over what is queued. What the kernel is too busy to take stays queued for the next
  /// call.
  public void submit() {
    while (queuedCount > 0) {
      long taken = syscall(SYS_IO_URING_ENTER, fd, queuedCount, 0, 0, 0, 0);
      if (taken == -Posix.EINTR) {
        continue;
      }
      if (taken == -Posix.EAGAIN || taken == -Posix.EBUSY || taken == 0) {
        return;
      }
      if (taken < 0) {
        throw new IllegalStateException("io_uring_enter: " + Posix.strerror(taken));
      }
      queuedCount -= (int) taken;
    }
  }

  /// True if an answer was taken: [#tag] and [#result].
  public boolean next() {
    if (isClosed || cqHead == queues.getIntVolatile(cqTailAt)) {
      return false;
    }
    int at = answersAt + (cqHead & cqMask) * ANSWER_BYTES;
    data = queues.getLong(at);
    result = queues.getInt(at + ANSWER_RESULT);
    cqHead++;
    queues.putIntRelease(cqHeadAt, cqHead);
    inFlightCount--;
    return true;
  }

  public long tag() {
    return data;
  }

  /// What the call would have answered: 0 or more, or minus an error number.
  public int result() {
    return result;
  }

  /// Ends the ring. Waits for so long for requests under way; what is under way even then comes
  /// to its end in the kernel, which holds their files and memory, and nobody is told.
  public void close(long waitMs) {
    if (isClosed) {
      return;
    }
    long giveUpNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMs);
    submit();
    while (inFlightCount > queuedCount && hasTimeLimit && awaitAnswer(giveUpNs)) {
      while (next()) {
        // Nobody wants to know.
        data = 0;
      }
    }
    isClosed = true;
    Posix.munmap(entriesAddress, entriesBytes);
    Posix.munmap(queuesAddress, queuesBytes);
    Posix.close(fd);
  }

  /// False if the time is over.
  private boolean awaitAnswer(long giveUpNs) {
    long leftNs = giveUpNs - System.nanoTime();
    if (leftNs <= 0) {
      return false;
    }
    // struct io_uring_getevents_arg, then the time span that it points to.
    limit.setMemory(0, EXT_ARG_BYTES, (byte) 0);
    limit.putLong(16, limit.addressOffset() + EXT_ARG_BYTES);
    limit.putLong(EXT_ARG_BYTES, TimeUnit.NANOSECONDS.toSeconds(leftNs));
    limit.putLong(EXT_ARG_BYTES + 8, leftNs % TimeUnit.SECONDS.toNanos(1));
    syscall(
        SYS_IO_URING_ENTER,
        fd,
        0,
        1,
        ENTER_GETEVENTS | ENTER_EXT_ARG,
        limit.addressOffset(),
        EXT_ARG_BYTES);
    return true;
  }
}
