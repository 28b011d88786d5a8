package farside.port.powersafe;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import farside.port.Memory;
import org.agrona.concurrent.UnsafeBuffer;

/// One part of the log: what one write to the log's device carries.
///
/// | offset | length | field         | notes                                                  |
/// |-------:|-------:|---------------|--------------------------------------------------------|
/// |      0 |      8 | magic         | `FARNVLOG` in ASCII                                    |
/// |      8 |      8 | epoch         | of the process that writes; also in the NVRAM prologue |
/// |     16 |      8 | number        | 1, 2, 3, ... within the epoch                          |
/// |     24 |      8 | segment       | 0, 1, 2, ... within the epoch                          |
/// |     32 |      4 | length        | bytes, this header included, padding not               |
/// |     36 |      4 | flags         | [#GROUP_ENDS], [#IS_WHOLE]                             |
/// |     40 |      4 | pages         | of the region                                          |
/// |     44 |      4 | body CRC-32C  | of the bytes after the header                          |
/// |     48 |      4 | header CRC-32C | of bytes 0 to 47                                      |
/// |     52 |      8 | NVRAM id      | whose log it is; also in the NVRAM prologue            |
/// |     60 |      4 | id CRC-32C    | of bytes 0 to 59; if it is wrong there is no NVRAM id  |
/// |     64 |        | entries       | to the end                                             |
///
/// An entry is a page's number (8 bytes), a mask of its 64 lines of 64 bytes (8 bytes), and the
/// lines that the mask names, lowest first. A part begins at a multiple of 4096 of the log.
/// Little-endian. The header has its own CRC so that a part that was torn still tells its
/// number. The id came later: a program that does not know it leaves zeroes there.
final class LogPart {
  static final int ALIGN_BYTES = 4096;
  static final int PAGE_BYTES = 4096;
  static final int LINE_BYTES = 64;
  static final int HEADER_BYTES = 64;
  static final int ENTRY_HEADER_BYTES = 16;
  static final int ENTRY_BYTES_MAX = ENTRY_HEADER_BYTES + PAGE_BYTES;

  /// With this part the changes of whole rounds are complete.
  static final int GROUP_ENDS = 1;

  /// Up to this part its segment has held every page of the region.
  static final int IS_WHOLE = 2;

  private static final long MAGIC = 0x474F_4C56_4E52_4146L;
  private static final int MAGIC_OFFSET = 0;
  private static final int EPOCH_OFFSET = 8;
  private static final int NUMBER_OFFSET = 16;
  private static final int SEGMENT_OFFSET = 24;
  private static final int LENGTH_OFFSET = 32;
  private static final int FLAGS_OFFSET = 36;
  private static final int PAGES_OFFSET = 40;
  private static final int BODY_CRC_OFFSET = 44;
  private static final int HEADER_CRC_OFFSET = 48;
  private static final int NVRAM_ID_OFFSET = 52;
  private static final int ID_CRC_OFFSET = 60;

  private final UnsafeBuffer buffer;
  private final int capacityBytes;

  LogPart(long address, int capacityBytes) {
    this.buffer = new UnsafeBuffer(address, capacityBytes);
    this.capacityBytes = capacityBytes;
  }

  static boolean isMagicAt(long address) {
    return new UnsafeBuffer(address, Long.BYTES).getLong(0, LITTLE_ENDIAN) == MAGIC;
  }

  static int aligned(int lengthBytes) {
    return (lengthBytes + ALIGN_BYTES - 1) & -ALIGN_BYTES;
  }

  /// Bytes of the largest part of a log for a region.
  static int bytesMaxFor(long regionBytes) {
    long wanted = Math.clamp(regionBytes / 16, 1 << 16, 1 << 20);
    return (int) (wanted & -ALIGN_BYTES);
  }

  /// Bytes of one segment. While a segment is filled, at least as much of it goes to its copy
  /// of the region as to changes; so the copy is whole when twice the region is written, and
  /// two parts are room enough for the rounding.
  static long segmentBytesFor(long regionBytes) {
    long copyBytes = regionBytes / PAGE_BYTES * ENTRY_BYTES_MAX;
    long wanted = 2 * copyBytes + 4L * bytesMaxFor(regionBytes);
    return (wanted + ALIGN_BYTES - 1) & -ALIGN_BYTES;
  }

  UnsafeBuffer buffer() {
    return buffer;
  }

  // ---- writing ----

  /// Appends the lines of a page that the mask names; returns where the next entry begins.
  int putEntry(int atBytes, int page, long mask, long pageAddress) {
    buffer.putLong(atBytes, page, LITTLE_ENDIAN);
    buffer.putLong(atBytes + 8, mask, LITTLE_ENDIAN);
    int at = atBytes + ENTRY_HEADER_BYTES;
    long left = mask;
    while (left != 0) {
      int first = Long.numberOfTrailingZeros(left);
      int count = Long.numberOfTrailingZeros(~(left >>> first));
      int bytes = count * LINE_BYTES;
      Memory.copy(pageAddress + (long) first * LINE_BYTES, buffer.addressOffset() + at, bytes);
      at += bytes;
      left = first + count == 64 ? 0 : left & (-1L << (first + count));
    }
    return at;
  }

  void seal(
      long nvramId, long epoch, long number, long segment, int lengthBytes, int flags, int pages) {
    buffer.putLong(MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
    buffer.putLong(EPOCH_OFFSET, epoch, LITTLE_ENDIAN);
    buffer.putLong(NUMBER_OFFSET, number, LITTLE_ENDIAN);
    buffer.putLong(SEGMENT_OFFSET, segment, LITTLE_ENDIAN);
    buffer.putInt(LENGTH_OFFSET, lengthBytes, LITTLE_ENDIAN);
    buffer.putInt(FLAGS_OFFSET, flags, LITTLE_ENDIAN);
    buffer.putInt(PAGES_OFFSET, pages, LITTLE_ENDIAN);
    buffer.putInt(BODY_CRC_OFFSET, bodyCrc(lengthBytes), LITTLE_ENDIAN);
    buffer.putInt(HEADER_CRC_OFFSET, headerCrc(0), LITTLE_ENDIAN);
    buffer.putLong(NVRAM_ID_OFFSET, nvramId, LITTLE_ENDIAN);
    buffer.putInt(
        ID_CRC_OFFSET, Memory.crc32c(buffer.addressOffset(), ID_CRC_OFFSET), LITTLE_ENDIAN);
  }

  private int headerCrc(int atBytes) {
    return Memory.crc32c(buffer.addressOffset() + atBytes, HEADER_CRC_OFFSET);
  }

  private int bodyCrc(int lengthBytes) {
    return Memory.crc32c(buffer.addressOffset() + HEADER_BYTES, lengthBytes - HEADER_BYTES);
  }

  // ---- reading ----

  /// True if a header of that epoch stands there, whatever follows it.
  boolean isHeaderAt(int atBytes, long epoch) {
    return buffer.getLong(atBytes + EPOCH_OFFSET, LITTLE_ENDIAN) == epoch && isHeaderAt(atBytes);
  }

  private boolean isHeaderAt(int atBytes) {
    return buffer.getLong(atBytes + MAGIC_OFFSET, LITTLE_ENDIAN) == MAGIC
        && buffer.getInt(atBytes + HEADER_CRC_OFFSET, LITTLE_ENDIAN) == headerCrc(atBytes);
  }

  /// True if a header of whatever epoch stands at the beginning.
  boolean isHeader() {
    return isHeaderAt(0);
  }

  /// 0: it does not say.
  long nvramId() {
    int crc = Memory.crc32c(buffer.addressOffset(), ID_CRC_OFFSET);
    return buffer.getInt(ID_CRC_OFFSET, LITTLE_ENDIAN) == crc
        ? buffer.getLong(NVRAM_ID_OFFSET, LITTLE_ENDIAN)
        : 0;
  }

  long numberAt(int atBytes) {
    return buffer.getLong(atBytes + NUMBER_OFFSET, LITTLE_ENDIAN);
  }

  long epoch() {
    return buffer.getLong(EPOCH_OFFSET, LITTLE_ENDIAN);
  }

  long segment() {
    return buffer.getLong(SEGMENT_OFFSET, LITTLE_ENDIAN);
  }

  int lengthBytes() {
    return buffer.getInt(LENGTH_OFFSET, LITTLE_ENDIAN);
  }

  boolean has(int flag) {
    return (buffer.getInt(FLAGS_OFFSET, LITTLE_ENDIAN) & flag) != 0;
  }

  int pages() {
    return buffer.getInt(PAGES_OFFSET, LITTLE_ENDIAN);
  }

  boolean isLengthPlausible() {
    return lengthBytes() >= HEADER_BYTES && lengthBytes() <= capacityBytes;
  }

  boolean isBodyWhole() {
    return bodyCrc(lengthBytes()) == buffer.getInt(BODY_CRC_OFFSET, LITTLE_ENDIAN);
  }

  /// Where the pages of a region are put together.
  interface Pages {
    /// 0: the page is not wanted.
    long addressOf(long page);
  }

  /// Puts there what the part holds.
  void applyTo(Pages pages) {
    int at = HEADER_BYTES;
    while (at < lengthBytes()) {
      long page = buffer.getLong(at, LITTLE_ENDIAN);
      long mask = buffer.getLong(at + 8, LITTLE_ENDIAN);
      at += ENTRY_HEADER_BYTES;
      long to = pages.addressOf(page);
      if (to == 0) {
        at += Long.bitCount(mask) * LINE_BYTES;
        continue;
      }
      for (int line = 0; line < 64; line++) {
        if ((mask >>> line & 1) != 0) {
          Memory.copy(buffer.addressOffset() + at, to + (long) line * LINE_BYTES, LINE_BYTES);
          at += LINE_BYTES;
        }
      }
    }
  }
}
