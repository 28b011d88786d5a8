package farside.driver.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// What the kernel knows of an open file.
///
/// @param errorNumber 0, or minus the error number if nothing could be learned; the rest is 0
///     then
/// @param specialDeviceNumber of a device node: major in the upper, minor in the lower half
/// @param linkCount names that the file has; 0 when it was removed while we opened it
/// @param allocatedBytes bytes that the file takes on its file system; a hole takes none
/// @param directMemoryAlignBytes alignment of memory for direct I/O, 0 if the kernel does not
///     tell
/// @param directOffsetAlignBytes alignment of offset and length for direct I/O, 0 if the kernel
///     does not tell
public record FileFacts(
    int errorNumber,
    boolean isRegularFile,
    boolean isBlockDevice,
    long specialDeviceNumber,
    int linkCount,
    long deviceNumber,
    long inode,
    long sizeBytes,
    long allocatedBytes,
    int directMemoryAlignBytes,
    int directOffsetAlignBytes) {

  // Offsets in `struct statx`, see statx(2).
  static final int STATX_BYTES = 256;
  private static final int LINK_COUNT_OFFSET = 16;
  private static final int MODE_OFFSET = 28;
  private static final int INODE_OFFSET = 32;
  private static final int SIZE_OFFSET = 40;
  private static final int BLOCKS_OFFSET = 48;
  private static final int SPECIAL_MAJOR_OFFSET = 128;
  private static final int SPECIAL_MINOR_OFFSET = 132;
  private static final int DEVICE_MAJOR_OFFSET = 136;
  private static final int DEVICE_MINOR_OFFSET = 140;
  private static final int DIRECT_MEMORY_ALIGN_OFFSET = 152;
  private static final int DIRECT_OFFSET_ALIGN_OFFSET = 156;

  private static final int FILE_TYPE_MASK = 0xf000;
  private static final int FILE_TYPE_REGULAR = 0x8000;
  private static final int FILE_TYPE_BLOCK_DEVICE = 0x6000;
  private static final int BLOCK_BYTES = 512;

  static FileFacts of(int result, MemorySegment statx) {
    if (result < 0) {
      return new FileFacts(result, false, false, 0, 0, 0, 0, 0, 0, 0, 0);
    }
    int mode = statx.get(JAVA_SHORT, MODE_OFFSET) & 0xffff;
    return new FileFacts(
        0,
        (mode & FILE_TYPE_MASK) == FILE_TYPE_REGULAR,
        (mode & FILE_TYPE_MASK) == FILE_TYPE_BLOCK_DEVICE,
        number(statx, SPECIAL_MAJOR_OFFSET, SPECIAL_MINOR_OFFSET),
        statx.get(JAVA_INT, LINK_COUNT_OFFSET),
        number(statx, DEVICE_MAJOR_OFFSET, DEVICE_MINOR_OFFSET),
        statx.get(JAVA_LONG, INODE_OFFSET),
        statx.get(JAVA_LONG, SIZE_OFFSET),
        statx.get(JAVA_LONG, BLOCKS_OFFSET) * BLOCK_BYTES,
        statx.get(JAVA_INT, DIRECT_MEMORY_ALIGN_OFFSET),
        statx.get(JAVA_INT, DIRECT_OFFSET_ALIGN_OFFSET));
  }

  private static long number(MemorySegment statx, int majorOffset, int minorOffset) {
    long major = Integer.toUnsignedLong(statx.get(JAVA_INT, majorOffset));
    return major << 32 | Integer.toUnsignedLong(statx.get(JAVA_INT, minorOffset));
  }

  /// Device number as the tools write it, such as `254:3`.
  public String device() {
    return (deviceNumber >>> 32) + ":" + (deviceNumber & 0xffffffffL);
  }
}
