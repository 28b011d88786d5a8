package farside.driver.posix;

import static farside.driver.posix.LibcCalls.intCall;
import static farside.driver.posix.LibcCalls.longCall;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The libc calls that the drivers make, with their constants. glibc on x86-64 and aarch64.
///
/// Every call answers as the kernel does: 0 or more, or minus an error number such as [#EIO].
/// Memory is handed over by address; whoever calls keeps it alive until the call, or the
/// transfer, ended.
public final class Posix {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EAGAIN = 11;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int ENOSYS = 38;
  public static final int ENODATA = 61;
  public static final int EILSEQ = 84;
  public static final int EOPNOTSUPP = 95;
  public static final int EDQUOT = 122;
  public static final int ECANCELED = 125;

  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_DSYNC = 0x1000;
  public static final int O_CLOEXEC = 0x80000;

  /// The one flag of ours whose number differs between the two machines that we run on.
  public static final int O_DIRECT = isArm64() ? 0x10000 : 0x4000;

  public static final int O_DIRECTORY = isArm64() ? 0x4000 : 0x10000;

  /// Of a write: it is stable when it has ended.
  public static final int RWF_DSYNC = 2;

  public static final int SEEK_DATA = 3;

  public static final int SEEK_HOLE = 4;

  public static final int LOCK_EX = 2;
  public static final int LOCK_NB = 4;

  public static final int FALLOC_FL_KEEP_SIZE = 1;
  public static final int FALLOC_FL_PUNCH_HOLE = 2;
  public static final int FALLOC_FL_ZERO_RANGE = 0x10;

  public static final int PROT_NONE = 0;
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int MAP_SHARED = 1;
  public static final int MAP_PRIVATE = 2;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int MAP_NORESERVE = 0x4000;
  public static final int MS_SYNC = 4;
  public static final int MADV_POPULATE_WRITE = 23;
  public static final int MADV_COLLAPSE = 25;

  /// Bytes of one `struct iovec`: an address, then a length, 8 bytes each.
  public static final int IOVEC_BYTES = 16;

  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_DIOALIGN = 0x2000;

  /// Of a block device: bytes of it all, a 64-bit number.
  public static final long BLKGETSIZE64 = 0x8008_1272L;

  /// Of a block device: bytes of a logical block, a 32-bit number.
  public static final long BLKSSZGET = 0x1268;

  /// Of a block device: bytes of a physical block, a 32-bit number.
  public static final long BLKPBSZGET = 0x127b;

  /// Of a block device: 1 if it may only be read, a 32-bit number.
  public static final long BLKROGET = 0x125e;

  /// Of a block device: adds or removes what the kernel takes for partitions of it.
  public static final long BLKPG = 0x1269;

  private static final MemorySegment OPEN = LibcCalls.function("open");
  private static final MemorySegment CLOSE = LibcCalls.function("close");
  private static final MemorySegment FLOCK = LibcCalls.function("flock");
  private static final MemorySegment IOCTL = LibcCalls.function("ioctl");
  private static final MemorySegment STATX = LibcCalls.function("statx");
  private static final MemorySegment FTRUNCATE = LibcCalls.function("ftruncate");
  private static final MemorySegment LSEEK = LibcCalls.function("lseek");
  private static final MemorySegment FALLOCATE = LibcCalls.function("fallocate");
  private static final MemorySegment PREAD = LibcCalls.function("pread");
  private static final MemorySegment PWRITE = LibcCalls.function("pwrite");
  private static final MemorySegment READV = LibcCalls.function("readv");
  private static final MemorySegment PREADV = LibcCalls.function("preadv");
  private static final MemorySegment PWRITEV = LibcCalls.function("pwritev");
  private static final MemorySegment PWRITEV2 = LibcCalls.function("pwritev2");
  private static final MemorySegment FDATASYNC = LibcCalls.function("fdatasync");
  private static final MemorySegment FSYNC = LibcCalls.function("fsync");
  private static final MemorySegment MMAP = LibcCalls.function("mmap");
  private static final MemorySegment MUNMAP = LibcCalls.function("munmap");
  private static final MemorySegment MLOCK = LibcCalls.function("mlock");
  private static final MemorySegment MSYNC = LibcCalls.function("msync");
  private static final MemorySegment MADVISE = LibcCalls.function("madvise");
  private static final MemorySegment SCHED_GETAFFINITY = LibcCalls.function("sched_getaffinity");
  private static final MemorySegment SCHED_SETAFFINITY = LibcCalls.function("sched_setaffinity");
  private static final MemorySegment STRERROR = LibcCalls.function("strerror");

  private Posix() {}

  private static boolean isArm64() {
    return System.getProperty("os.arch").equals("aarch64");
  }

  /// @param mode permissions of a file that is created, such as `0600` octal
  public static int open(String path, int flags, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      return intCall(OPEN, arena.allocateFrom(path).address(), flags, mode);
    }
  }

  public static int close(int fd) {
    return intCall(CLOSE, fd);
  }

  public static int flock(int fd, int operation) {
    return intCall(FLOCK, fd, operation, 0);
  }

  /// @param address of what the request reads or fills
  public static int ioctl(int fd, long request, long address) {
    return intCall(IOCTL, fd, request, address);
  }

  /// What is known of an open file, or minus an error number in [FileFacts#errorNumber].
  ///
  /// By `statx`, whose layout is the same on every machine; that of `struct stat` is not.
  public static FileFacts fstat(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment facts = arena.allocate(FileFacts.STATX_BYTES, Long.BYTES);
      long noPath = arena.allocateFrom("").address();
      int mask = STATX_BASIC_STATS | STATX_DIOALIGN;
      return FileFacts.of(intCall(STATX, fd, noPath, AT_EMPTY_PATH, mask, facts.address()), facts);
    }
  }

  public static int ftruncate(int fd, long sizeBytes) {
    return intCall(FTRUNCATE, fd, sizeBytes, 0);
  }

  /// @param whence such as [#SEEK_DATA]: the first byte from `offsetBytes` on that is no hole
  public static long lseek(int fd, long offsetBytes, int whence) {
    return longCall(LSEEK, fd, offsetBytes, whence, 0);
  }

  public static int fallocate(int fd, int mode, long offsetBytes, long lengthBytes) {
    return intCall(FALLOCATE, fd, mode, offsetBytes, lengthBytes, 0);
  }

  public static long pread(int fd, long address, long lengthBytes, long offsetBytes) {
    return longCall(PREAD, fd, address, lengthBytes, offsetBytes);
  }

  public static long pwrite(int fd, long address, long lengthBytes, long offsetBytes) {
    return longCall(PWRITE, fd, address, lengthBytes, offsetBytes);
  }

  /// Of a socket or a pipe, which have no offset.
  ///
  /// @param iovecAddress of `count` pairs of address and length, see [#IOVEC_BYTES]
  public static long readv(int fd, long iovecAddress, int count) {
    return longCall(READV, fd, iovecAddress, count, 0);
  }

  /// @param iovecAddress of `count` pairs of address and length, see [#IOVEC_BYTES]
  public static long preadv(int fd, long iovecAddress, int count, long offsetBytes) {
    return longCall(PREADV, fd, iovecAddress, count, offsetBytes);
  }

  /// @param iovecAddress of `count` pairs of address and length, see [#IOVEC_BYTES]
  /// @param flags such as [#RWF_DSYNC]
  public static long pwritev2(int fd, long iovecAddress, int count, long offsetBytes, int flags) {
    return longCall(PWRITEV2, fd, iovecAddress, count, offsetBytes, flags, 0, 0);
  }

  /// @param iovecAddress of `count` pairs of address and length, see [#IOVEC_BYTES]
  public static long pwritev(int fd, long iovecAddress, int count, long offsetBytes) {
    return longCall(PWRITEV, fd, iovecAddress, count, offsetBytes);
  }

  public static int fdatasync(int fd) {
    return intCall(FDATASYNC, fd);
  }

  public static int fsync(int fd) {
    return intCall(FSYNC, fd);
  }

  /// Maps a file; answers the address, or minus an error number.
  public static long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
    return mmapNear(0, lengthBytes, protection, flags, fd, offsetBytes);
  }

  /// As [#mmap], at `wantedAddress` if nothing is there.
  public static long mmapNear(
      long wantedAddress, long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
    return longCall(MMAP, wantedAddress, lengthBytes, protection, flags, fd, offsetBytes, 0);
  }

  public static int munmap(long address, long lengthBytes) {
    return intCall(MUNMAP, address, lengthBytes, 0);
  }

  public static int mlock(long address, long lengthBytes) {
    return intCall(MLOCK, address, lengthBytes, 0);
  }

  public static int msync(long address, long lengthBytes, int flags) {
    return intCall(MSYNC, address, lengthBytes, flags);
  }

  public static int madvise(long address, long lengthBytes, int advice) {
    return intCall(MADVISE, address, lengthBytes, advice);
  }

  /// The CPUs that the calling thread may run on, one bit for each, into `lengthBytes` bytes.
  public static int schedGetAffinity(long maskAddress, long lengthBytes) {
    return intCall(SCHED_GETAFFINITY, 0, lengthBytes, maskAddress);
  }

  /// Has the calling thread, and whatever threads it starts from now on, run on no others.
  public static int schedSetAffinity(long maskAddress, long lengthBytes) {
    return intCall(SCHED_SETAFFINITY, 0, lengthBytes, maskAddress);
  }

  /// The system's words for an error number; its sign does not matter.
  public static String strerror(long errorNumber) {
    return LibcCalls.textCall(STRERROR, Math.abs(errorNumber));
  }

  /// Memory that was mapped by [#mmap], with its bounds.
  public static MemorySegment view(long address, long lengthBytes) {
    return LibcCalls.view(address, lengthBytes);
  }

  /// Makes a directory entry of `path` survive the loss of power; 0 or minus an error number.
  public static int fsyncDirectory(String directory) {
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
      return fd;
    }
    int result = fsync(fd);
    close(fd);
    return result;
  }
}
