package farside.cache;

import farside.port.Memory;
import farside.port.NvramPort;

/// The headers of the write records, as they stand in NVRAM.
///
/// | header offset | length | field | notes |
/// |--------------:|-------:|-------|-------|
/// | 0 | 8 | commit word | header CRC, `0x5243`, pending bits; 0: the frame heads no record |
/// | 8 | 8 | number | order of writes in the cabinet that gave it |
/// | 16 | 8 | offset | bytes from the start of the volume |
/// | 24 | 4 | length | bytes |
/// | 28 | 4 | payload CRC-32C | 0 for a record of zeroes |
/// | 32 | 4 | volume index | |
/// | 36 | 4 | frames and flags | low half: frames; high half: flags, see the constants |
/// | 40 | 8 | arrival | order of commits here; IML's order |
///
/// The commit word holds the CRC-32C of bytes 8 to 47 in its low half, so a torn header is
/// never believed.
final class RecordHeaders {
  static final int FRAMES_MASK = 0xFFFF;
  static final int ZEROES = 1 << 16;
  static final int INCOMING = 1 << 17;
  static final int LAST_PIECE = 1 << 18;
  static final int COPY = 1 << 19;

  private static final int NUMBER = 8;
  private static final int OFFSET = 16;
  private static final int LENGTH = 24;
  private static final int PAYLOAD_CRC = 28;
  private static final int VOLUME = 32;
  private static final int FRAMES_AND_FLAGS = 36;
  private static final int ARRIVAL = 40;
  private static final int CRC_FROM = 8;
  private static final int CRC_BYTES = 40;

  private static final long COMMIT_MAGIC = 0x5243L << 32;
  private static final long COMMIT_MAGIC_MASK = 0xFFFFL << 32;
  private static final long LOCAL_PENDING = 1L << 48;
  private static final long REMOTE_PENDING = 1L << 49;

  private final NvramPort nvram;
  private final NvramLayout layout;

  RecordHeaders(NvramPort nvram, NvramLayout layout) {
    this.nvram = nvram;
    this.layout = layout;
  }

  int count() {
    return layout.frameCount();
  }

  /// Where the record's payload lies in memory.
  long payloadAddress(int record) {
    return nvram.address() + layout.frameOffset(record);
  }

  // ---- stores ----

  /// All fields but the commit word: they count for nothing until [#commit].
  void put(
      int record,
      long number,
      long offsetBytes,
      int lengthBytes,
      int payloadCrc,
      int volumeIndex,
      int framesAndFlags,
      long arrival) {
    if ((framesAndFlags & ZEROES) == 0) {
      nvram.onFilled(layout.frameOffset(record), lengthBytes);
    }
    long header = layout.headerOffset(record);
    nvram.putLong(header + NUMBER, number);
    nvram.putLong(header + OFFSET, offsetBytes);
    nvram.putInt(header + LENGTH, lengthBytes);
    nvram.putInt(header + PAYLOAD_CRC, payloadCrc);
    nvram.putInt(header + VOLUME, volumeIndex);
    nvram.putInt(header + FRAMES_AND_FLAGS, framesAndFlags);
    nvram.putLong(header + ARRIVAL, arrival);
  }

  /// Commits the record, or a change of its pending bits.
  void commit(int record, boolean localPending, boolean remotePending) {
    nvram.commit(layout.headerOffset(record), word(record, localPending, remotePending));
  }

  /// The frame heads no record any more.
  void clear(int record) {
    nvram.commit(layout.headerOffset(record), 0);
  }

  private long word(int record, boolean localPending, boolean remotePending) {
    long crc = Memory.crc32c(nvram.address() + layout.headerOffset(record) + CRC_FROM, CRC_BYTES)
        & 0xFFFF_FFFFL;
    return crc
        | COMMIT_MAGIC
        | (localPending ? LOCAL_PENDING : 0)
        | (remotePending ? REMOTE_PENDING : 0);
  }

  // ---- what stands there ----

  private long word(int record) {
    return nvram.getLong(layout.headerOffset(record));
  }

  boolean isCommitted(int record) {
    return (word(record) & COMMIT_MAGIC_MASK) == COMMIT_MAGIC;
  }

  boolean isLocalPending(int record) {
    return (word(record) & LOCAL_PENDING) != 0;
  }

  boolean isRemotePending(int record) {
    return (word(record) & REMOTE_PENDING) != 0;
  }

  /// True if the fields are those over which the commit word was made.
  boolean isWhole(int record) {
    return word(record, isLocalPending(record), isRemotePending(record)) == word(record);
  }

  /// True if the payload is the one that was committed.
  boolean isPayloadWhole(int record) {
    return (framesAndFlags(record) & ZEROES) != 0
        || Memory.crc32c(payloadAddress(record), lengthBytes(record)) == payloadCrc(record);
  }

  long number(int record) {
    return nvram.getLong(layout.headerOffset(record) + NUMBER);
  }

  long offsetBytes(int record) {
    return nvram.getLong(layout.headerOffset(record) + OFFSET);
  }

  int lengthBytes(int record) {
    return nvram.getInt(layout.headerOffset(record) + LENGTH);
  }

  int payloadCrc(int record) {
    return nvram.getInt(layout.headerOffset(record) + PAYLOAD_CRC);
  }

  int volumeIndex(int record) {
    return nvram.getInt(layout.headerOffset(record) + VOLUME);
  }

  int framesAndFlags(int record) {
    return nvram.getInt(layout.headerOffset(record) + FRAMES_AND_FLAGS);
  }

  long arrival(int record) {
    return nvram.getLong(layout.headerOffset(record) + ARRIVAL);
  }
}
