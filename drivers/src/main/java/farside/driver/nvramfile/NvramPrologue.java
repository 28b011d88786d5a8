package farside.driver.nvramfile;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.UUID;
import java.util.zip.CRC32C;

/// The first page of an NVRAM file: what it is, and whether its region can be believed.
///
/// Two copies, at byte 0 and at byte 2048. A change goes to the copy that is not the newest, so
/// that a process that dies in the middle of it leaves the other whole; the newest whole one
/// counts.
///
/// | offset | length | field       | notes                                                       |
/// |-------:|-------:|-------------|-------------------------------------------------------------|
/// |      0 |      8 | magic       | `FARNVRAM` in ASCII                                         |
/// |      8 |      4 | version     | 1                                                           |
/// |     12 |      4 | condition   | see `Condition`; the numbers are for ever                   |
/// |     16 |      8 | regionBytes | size of the region that begins at byte 4096 of the file     |
/// |     24 |      8 | change      | rises by one per change of the prologue                     |
/// |     32 |     16 | bootId      | the kernel of the last user, high half first                |
/// |     48 |      4 | CRC-32C     | of bytes 0 to 47                                            |
/// |     56 |      8 | logEpoch    | of the log that keeps the region over a loss of power       |
/// |     64 |      4 | CRC-32C     | of bytes 0 to 63; if it is wrong there is no such log       |
/// |     72 |      8 | nvramId     | random, of this file for ever; its log names it too         |
/// |     80 |      4 | CRC-32C     | of bytes 72 to 79; if it is wrong there is no such id       |
///
/// Little-endian. What comes after byte 51 came later: a program that does not know the log
/// changes the copy without it, and its CRC then says so; the id it leaves as it is. The CRC tells
/// a torn copy from a whole one, nothing more: it covers no byte of the region, whose records
/// have checksums of their own.
final class NvramPrologue {
  static final int PROLOGUE_BYTES = 4096;
  static final int VERSION = 1;
  static final long MAGIC = 0x4d41_5256_4e52_4146L;

  private static final int COPY_BYTES = 2048;
  private static final int MAGIC_OFFSET = 0;
  private static final int VERSION_OFFSET = 8;
  private static final int CONDITION_OFFSET = 12;
  private static final int REGION_BYTES_OFFSET = 16;
  private static final int CHANGE_OFFSET = 24;
  private static final int BOOT_ID_HIGH_OFFSET = 32;
  private static final int BOOT_ID_LOW_OFFSET = 40;
  private static final int CRC_OFFSET = 48;
  private static final int LOG_EPOCH_OFFSET = 56;
  private static final int LOG_CRC_OFFSET = 64;
  private static final int NVRAM_ID_OFFSET = 72;
  private static final int NVRAM_ID_CRC_OFFSET = 80;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(LITTLE_ENDIAN);

  /// What the last one who had the file left.
  enum Condition {
    /// In use, or its user was killed: good for as long as the kernel lives.
    IN_USE(1),
    /// Ended in order and pushed to the backing store: good under any kernel.
    CLEAN(2),
    /// Found without either; the region was zeroed, and microcode has not yet written into it.
    /// Kept until it does, so that a process that dies before then cannot turn lost memory into
    /// new memory.
    LOST(3);

    private final int number;

    Condition(int number) {
      this.number = number;
    }

    static Condition of(int number) {
      for (Condition condition : values()) {
        if (condition.number == number) {
          return condition;
        }
      }
      return null;
    }
  }

  private final MemorySegment page;

  NvramPrologue(MemorySegment page) {
    this.page = page;
  }

  /// True if there never was a prologue.
  boolean isBlank() {
    return page.mismatch(MemorySegment.ofArray(new byte[PROLOGUE_BYTES])) == -1;
  }

  /// True if one of the copies is whole, whatever its version.
  boolean isWhole() {
    return newestCopy() != null;
  }

  int version() {
    return newest().get(INT, VERSION_OFFSET);
  }

  long regionBytes() {
    return newest().get(LONG, REGION_BYTES_OFFSET);
  }

  UUID bootId() {
    MemorySegment copy = newest();
    return new UUID(copy.get(LONG, BOOT_ID_HIGH_OFFSET), copy.get(LONG, BOOT_ID_LOW_OFFSET));
  }

  /// Null for a number that this version does not know.
  Condition condition() {
    return Condition.of(newest().get(INT, CONDITION_OFFSET));
  }

  /// 0: the region has no log, and is lost with the power.
  long logEpoch() {
    MemorySegment copy = newest();
    return copy.get(INT, LOG_CRC_OFFSET) == crcOf(copy, LOG_CRC_OFFSET)
        ? copy.get(LONG, LOG_EPOCH_OFFSET)
        : 0;
  }

  /// 0: it has none, since it never had a log that asked for one.
  long nvramId() {
    long first = nvramId(copy(0));
    return first == 0 ? nvramId(copy(1)) : first;
  }

  private static long nvramId(MemorySegment copy) {
    MemorySegment id = copy.asSlice(NVRAM_ID_OFFSET);
    return isWhole(copy) && copy.get(INT, NVRAM_ID_CRC_OFFSET) == crcOf(id, Long.BYTES)
        ? copy.get(LONG, NVRAM_ID_OFFSET)
        : 0;
  }

  /// Writes the next copy; the caller pushes the page to the backing store.
  void write(Condition condition, long regionBytes, UUID bootId, long logEpoch) {
    write(condition, regionBytes, bootId, logEpoch, nvramId());
  }

  /// Gives the file its id, and changes nothing else. A file that nothing was ever stored in is
  /// good under any kernel.
  void identify(long nvramId, long regionBytes, UUID bootId) {
    if (isBlank()) {
      write(Condition.CLEAN, regionBytes, bootId, 0, nvramId);
    } else {
      write(condition(), regionBytes, bootId(), logEpoch(), nvramId);
    }
  }

  private void write(
      Condition condition, long regionBytes, UUID bootId, long logEpoch, long nvramId) {
    MemorySegment newest = newestCopy();
    long change = newest == null ? 1 : newest.get(LONG, CHANGE_OFFSET) + 1;
    MemorySegment copy = copy(newest == null || newest.address() != page.address() ? 0 : 1);
    copy.set(LONG, MAGIC_OFFSET, MAGIC);
    copy.set(INT, VERSION_OFFSET, VERSION);
    copy.set(INT, CONDITION_OFFSET, condition.number);
    copy.set(LONG, REGION_BYTES_OFFSET, regionBytes);
    copy.set(LONG, CHANGE_OFFSET, change);
    copy.set(LONG, BOOT_ID_HIGH_OFFSET, bootId.getMostSignificantBits());
    copy.set(LONG, BOOT_ID_LOW_OFFSET, bootId.getLeastSignificantBits());
    copy.set(INT, CRC_OFFSET, crcOf(copy, CRC_OFFSET));
    copy.set(LONG, LOG_EPOCH_OFFSET, logEpoch);
    copy.set(INT, LOG_CRC_OFFSET, crcOf(copy, LOG_CRC_OFFSET));
    if (nvramId != 0) {
      copy.set(LONG, NVRAM_ID_OFFSET, nvramId);
      copy.set(INT, NVRAM_ID_CRC_OFFSET, crcOf(copy.asSlice(NVRAM_ID_OFFSET), Long.BYTES));
    }
  }

  private MemorySegment newest() {
    MemorySegment copy = newestCopy();
    if (copy == null) {
      throw new IllegalStateException("no copy of the prologue is whole");
    }
    return copy;
  }

  private MemorySegment newestCopy() {
    MemorySegment first = copy(0);
    MemorySegment second = copy(1);
    if (!isWhole(first)) {
      return isWhole(second) ? second : null;
    }
    if (!isWhole(second)) {
      return first;
    }
    return first.get(LONG, CHANGE_OFFSET) - second.get(LONG, CHANGE_OFFSET) > 0 ? first : second;
  }

  private MemorySegment copy(int index) {
    return page.asSlice((long) index * COPY_BYTES, COPY_BYTES);
  }

  private static boolean isWhole(MemorySegment copy) {
    return copy.get(LONG, MAGIC_OFFSET) == MAGIC
        && copy.get(INT, CRC_OFFSET) == crcOf(copy, CRC_OFFSET);
  }

  private static int crcOf(MemorySegment copy, int lengthBytes) {
    CRC32C crc = new CRC32C();
    crc.update(copy.asSlice(0, lengthBytes).asByteBuffer());
    return (int) crc.getValue();
  }
}
