package farside.volume;

import farside.port.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// The label of a drive: whose it is, what lies on it, and how that stands. Two copies of 4096
/// bytes in the last MiB of the drive, written in turn, each with its own checksum; the whole
/// one with the higher sequence counts.
///
/// | offset | length | field | notes |
/// |-------:|-------:|-------|-------|
/// | 0 | 8 | magic | ASCII `FARSIDE1` |
/// | 8 | 4 | version | 1 |
/// | 12 | 4 | flags | bit 0: ended cleanly |
/// | 16 | 8 | sequence | rises by one per label written |
/// | 24 | 8 | label id | random, given when the drive was labelled |
/// | 32 | 8 | NVRAM incarnation | of the cabinet that wrote it |
/// | 40 | 8 | written at | milliseconds since 1970 UTC, for people |
/// | 48 | 16 | cabinet serial | ASCII, zero-padded |
/// | 64 | 16 | drive name | ASCII, zero-padded |
/// | 80 | 4 | extents | 1: more are for later versions |
/// | 88 | 4 | volume number | |
/// | 92 | 4 | role | code of `VolumeRole` |
/// | 96 | 8 | volume size | bytes, from block 0 of the drive |
/// | 104 | 4 | block size | bytes |
/// | 112 | 80 | standing | as in NVRAM |
/// | 4092 | 4 | CRC-32C | of bytes 0 to 4091 |
///
/// Little-endian. The rest is zero.
///
/// @param clean the cabinet ended in order: nothing of the volume was left in NVRAM
public record DriveLabel(
    boolean clean,
    long sequence,
    long labelId,
    long incarnation,
    long writtenMs,
    String serial,
    String driveName,
    int volumeNumber,
    VolumeRole role,
    long volumeBytes,
    int blockBytes,
    Standing standing) {

  /// Bytes at the end of a drive that no volume may use.
  public static final int RESERVED_BYTES = 1 << 20;

  public static final int BYTES = 4096;

  public static final int VERSION = 1;

  private static final long MAGIC = 0x3145_4449_5352_4146L;
  private static final int CRC = 4092;
  private static final int STANDING = 112;
  private static final int NAME_BYTES = 16;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Where copy 0 or 1 lies on a drive of this size.
  public static long offsetOf(int copy, long driveBytes) {
    return driveBytes - RESERVED_BYTES + (long) copy * (RESERVED_BYTES / 2);
  }

  public void encode(long address) {
    Memory.zero(address, BYTES);
    MemorySegment m = Memory.at(address, BYTES);
    m.set(LONG, 0, MAGIC);
    m.set(INT, 8, VERSION);
    m.set(INT, 12, clean ? 1 : 0);
    m.set(LONG, 16, sequence);
    m.set(LONG, 24, labelId);
    m.set(LONG, 32, incarnation);
    m.set(LONG, 40, writtenMs);
    putName(m, 48, serial);
    putName(m, 64, driveName);
    m.set(INT, 80, 1);
    m.set(INT, 88, volumeNumber);
    m.set(INT, 92, role.code());
    m.set(LONG, 96, volumeBytes);
    m.set(INT, 104, blockBytes);
    standing.encode((at, word) -> m.set(LONG, STANDING + at, word));
    m.set(INT, CRC, Memory.crc32c(address, CRC));
  }

  /// What the bytes hold.
  public sealed interface Found {
    /// No label of ours: another magic.
    record None(boolean allZero) implements Found {}

    /// Ours, but not to be used: torn, or of a version that this build does not know.
    record Unusable(String reason) implements Found {}

    record Whole(DriveLabel label) implements Found {}
  }

  public static Found decode(long address) {
    MemorySegment m = Memory.at(address, BYTES);
    if (m.get(LONG, 0) != MAGIC) {
      boolean zero = true;
      for (int i = 0; i < BYTES && zero; i += 8) {
        zero = m.get(LONG, i) == 0;
      }
      return new Found.None(zero);
    }
    if (m.get(INT, CRC) != Memory.crc32c(address, CRC)) {
      return new Found.Unusable("its checksum is wrong");
    }
    int version = m.get(INT, 8);
    if (version != VERSION) {
      return new Found.Unusable("its version is " + version + ", this build reads " + VERSION);
    }
    VolumeRole role = VolumeRole.of(m.get(INT, 92));
    Standing standing = Standing.decode(at -> m.get(LONG, STANDING + at));
    if (role == null || standing == null) {
      return new Found.Unusable("its fields make no sense");
    }
    return new Found.Whole(new DriveLabel(
        (m.get(INT, 12) & 1) != 0,
        m.get(LONG, 16),
        m.get(LONG, 24),
        m.get(LONG, 32),
        m.get(LONG, 40),
        name(m, 48),
        name(m, 64),
        m.get(INT, 88),
        role,
        m.get(LONG, 96),
        m.get(INT, 104),
        standing));
  }

  private static void putName(MemorySegment m, int at, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < Math.min(bytes.length, NAME_BYTES); i++) {
      m.set(ValueLayout.JAVA_BYTE, at + i, bytes[i]);
    }
  }

  private static String name(MemorySegment m, int at) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < NAME_BYTES && m.get(ValueLayout.JAVA_BYTE, at + i) != 0; i++) {
      text.append((char) (m.get(ValueLayout.JAVA_BYTE, at + i) & 0x7F));
    }
    return text.toString();
  }
}
