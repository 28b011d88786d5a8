package farside.director.blackbox;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// One entry of the ring. Spec: `specs/nvram.md`, *The flight recorder*.
///
/// | offset | length | field        | notes                                                     |
/// |-------:|-------:|--------------|-----------------------------------------------------------|
/// |      0 |      4 | CRC-32C      | of bytes 4 to 255; stored last, with the word it is in    |
/// |      4 |      1 | kind         | see `EntryKind`; the numbers are for ever                 |
/// |      5 |      1 | severity     | of an event: 1 INFO, 2 WARNING, 3 ERROR; else 0           |
/// |      6 |      1 | text length  | bytes                                                     |
/// |      7 |      1 | cut          | 1: the text was longer                                    |
/// |      8 |      8 | sequence     | rises by one per entry from 1; says in which slot it lies |
/// |     16 |      8 | wall clock   | milliseconds since 1970 UTC                               |
/// |     24 |      8 | clock        | nanoseconds of the processor's clock                      |
/// |     32 |      4 | boot         | rises by one per start of the cabinet                     |
/// |     36 |      4 | number       | of the event, or of the volume; else 0                    |
/// |     40 |      8 | generation   | of a standing; in any other kind the text begins here     |
/// |     48 |      8 | base         | of a standing                                             |
/// |     56 |      8 | offered      | of a standing                                             |
/// |     64 |    192 | text         | UTF-8, then zeroes                                        |
///
/// Little-endian. The checksum covers the sequence, so an old entry of which a crash changed some
/// words is neither the old one nor the new one.
final class EntryFormat {
  static final int ENTRY_BYTES = 256;

  static final int CRC_OFFSET = 0;
  static final int GUARDED_OFFSET = 4;
  static final int KIND_OFFSET = 4;
  static final int SEVERITY_OFFSET = 5;
  static final int TEXT_LENGTH_OFFSET = 6;
  static final int CUT_OFFSET = 7;
  static final int SEQUENCE_OFFSET = 8;
  static final int WALL_MS_OFFSET = 16;
  static final int AT_NS_OFFSET = 24;
  static final int BOOT_OFFSET = 32;
  static final int NUMBER_OFFSET = 36;
  static final int GENERATION_OFFSET = 40;
  static final int BASE_OFFSET = 48;
  static final int OFFERED_OFFSET = 56;

  /// No cabinet gets so far; one that reads a larger number reads garbage.
  static final long SEQUENCE_MAX = Long.MAX_VALUE / 2;

  private EntryFormat() {}

  /// Room for one entry, outside the Java heap.
  static ByteBuffer room() {
    return ByteBuffer.allocateDirect(ENTRY_BYTES).order(LITTLE_ENDIAN);
  }

  static int textOffset(int kind) {
    return kind == EntryKind.STANDING.number() ? 64 : 40;
  }

  static int slotOffset(long sequence, int entryCount) {
    return (int) ((sequence - 1) % entryCount) * ENTRY_BYTES;
  }

  /// The checksum that an entry should have. Moves the position of the buffer.
  static int crcOf(ByteBuffer entry, CRC32C crc) {
    crc.reset();
    entry.limit(ENTRY_BYTES).position(GUARDED_OFFSET);
    crc.update(entry);
    return (int) crc.getValue();
  }

  /// True if it was written whole, for the slot in which it was found.
  static boolean isWhole(ByteBuffer entry, int slotOffset, int entryCount, CRC32C crc) {
    long sequence = entry.getLong(SEQUENCE_OFFSET);
    int kind = Byte.toUnsignedInt(entry.get(KIND_OFFSET));
    return entry.getInt(CRC_OFFSET) == crcOf(entry, crc)
        && sequence > 0
        && sequence <= SEQUENCE_MAX
        && slotOffset(sequence, entryCount) == slotOffset
        && textOffset(kind) + Byte.toUnsignedInt(entry.get(TEXT_LENGTH_OFFSET)) <= ENTRY_BYTES;
  }
}
