package farside.driver.rawdisk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import farside.driver.posix.FileFacts;
import farside.driver.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// A block device that is open, and what it says of itself.
///
/// Reads go past the page cache, so that what is judged is what is on the disk.
final class BlockDevice {
  private static final int CHUNK_BYTES = 65_536;
  private static final int CHUNK_ALIGN_BYTES = 4096;
  private static final int PARTITION_DELETE = 2;

  // `struct blkpg_ioctl_arg` and `struct blkpg_partition`, see <linux/blkpg.h>.
  private static final int REQUEST_BYTES = 24;
  private static final int REQUEST_LENGTH_OFFSET = 8;
  private static final int REQUEST_DATA_OFFSET = 16;
  private static final int PARTITION_BYTES = 152;
  private static final int PARTITION_NUMBER_OFFSET = 16;

  private final int fd;
  private final FileFacts facts;
  private final long sizeBytes;
  private final int blockBytes;
  private final int physicalBlockBytes;
  private final boolean readOnly;
  private final Map<Long, byte[]> chunks = new HashMap<>();

  /// @param fd of a block device, opened with [Posix#O_DIRECT]
  BlockDevice(int fd) throws IOException {
    this.fd = fd;
    facts = Posix.fstat(fd);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(Long.BYTES, Long.BYTES);
      ask(Posix.BLKGETSIZE64, number, "its size");
      sizeBytes = number.get(JAVA_LONG, 0);
      ask(Posix.BLKSSZGET, number, "its block size");
      blockBytes = number.get(JAVA_INT, 0);
      ask(Posix.BLKPBSZGET, number, "its physical block size");
      physicalBlockBytes = number.get(JAVA_INT, 0);
      ask(Posix.BLKROGET, number, "whether it may be written");
      readOnly = number.get(JAVA_INT, 0) != 0;
    }
  }

  private void ask(long request, MemorySegment answer, String what) throws IOException {
    int result = Posix.ioctl(fd, request, answer.address());
    if (result < 0) {
      throw new IOException("it does not tell " + what + ": " + Posix.strerror(result));
    }
  }

  int fd() {
    return fd;
  }

  FileFacts facts() {
    return facts;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  int blockBytes() {
    return blockBytes;
  }

  int physicalBlockBytes() {
    return physicalBlockBytes;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  /// The bytes there; zeroes for what lies before the beginning or behind the end.
  byte[] read(long offsetBytes, int lengthBytes) throws IOException {
    byte[] bytes = new byte[lengthBytes];
    for (int index = 0; index < lengthBytes; index++) {
      long at = offsetBytes + index;
      if (at >= 0 && at < sizeBytes) {
        bytes[index] = chunk(at - at % CHUNK_BYTES)[(int) (at % CHUNK_BYTES)];
      }
    }
    return bytes;
  }

  private byte[] chunk(long startBytes) throws IOException {
    byte[] known = chunks.get(startBytes);
    if (known != null) {
      return known;
    }
    int lengthBytes = (int) Math.min(CHUNK_BYTES, sizeBytes - startBytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(lengthBytes, CHUNK_ALIGN_BYTES);
      long doneBytes = 0;
      while (doneBytes < lengthBytes) {
        long result = Posix.pread(
            fd, memory.address() + doneBytes, lengthBytes - doneBytes, startBytes + doneBytes);
        if (result == 0 || result < 0 && result != -Posix.EINTR) {
          throw new IOException("byte " + (startBytes + doneBytes) + " cannot be read: "
              + Posix.strerror(result == 0 ? Posix.EIO : result));
        }
        doneBytes += Math.max(0, result);
      }
      byte[] bytes = memory.toArray(JAVA_BYTE);
      chunks.put(startBytes, bytes);
      return bytes;
    }
  }

  /// Makes the kernel forget one partition; nothing is changed on the disk. 0 or minus an error
  /// number.
  int forgetPartition(int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment partition = arena.allocate(PARTITION_BYTES, Long.BYTES);
      partition.set(JAVA_INT, PARTITION_NUMBER_OFFSET, number);
      MemorySegment request = arena.allocate(REQUEST_BYTES, Long.BYTES);
      request.set(JAVA_INT, 0, PARTITION_DELETE);
      request.set(JAVA_INT, REQUEST_LENGTH_OFFSET, PARTITION_BYTES);
      request.set(JAVA_LONG, REQUEST_DATA_OFFSET, partition.address());
      return Posix.ioctl(fd, Posix.BLKPG, request.address());
    }
  }

  void close() {
    Posix.close(fd);
  }
}
