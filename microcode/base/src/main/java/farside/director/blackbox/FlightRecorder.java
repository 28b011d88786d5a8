package farside.director.blackbox;

import static farside.director.blackbox.EntryFormat.ENTRY_BYTES;

import farside.director.Severity;
import farside.port.RecorderPort;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Writes the last facts and state changes of a cabinet into a ring in NVRAM.
///
/// An entry is made in a room of its own and then stored word by word over the oldest one, its
/// checksum last. It is a few dozen plain stores and allocates nothing, and it is never made for
/// a host's write, only for what an operator would want to hear of.
///
/// The ring is read once, when a cabinet is made: to write on where the last one ended.
public final class FlightRecorder {
  private static final int WORD_BYTES = Long.BYTES;

  private final RecorderPort ring;
  private final int entryCount;
  private final ByteBuffer entry = EntryFormat.room();
  private final CRC32C crc = new CRC32C();
  private long sequence;
  private int boot;

  public FlightRecorder(RecorderPort ring) {
    this.ring = ring;
    entryCount = ring.sizeBytes() / ENTRY_BYTES;
    findEnd();
  }

  /// Looks at the sequence numbers alone, and then at the newest entry that is whole: a cabinet
  /// that starts has not compiled any of this yet, and to read all of the ring took 46 ms.
  private void findEnd() {
    long candidate = newestBelow(EntryFormat.SEQUENCE_MAX);
    while (candidate > 0 && sequence == 0) {
      int slotOffset = EntryFormat.slotOffset(candidate, entryCount);
      for (int i = 0; i < ENTRY_BYTES; i += WORD_BYTES) {
        entry.putLong(i, ring.getLong(slotOffset + i));
      }
      if (EntryFormat.isWhole(entry, slotOffset, entryCount, crc)) {
        sequence = candidate;
        boot = entry.getInt(EntryFormat.BOOT_OFFSET);
      }
      candidate = newestBelow(candidate);
    }
    boot = Math.max(1, boot + 1);
  }

  /// The highest sequence number below another that lies where it should; 0: none.
  private long newestBelow(long bound) {
    long newest = 0;
    for (int slot = 0; slot < entryCount; slot++) {
      int slotOffset = slot * ENTRY_BYTES;
      long found = ring.getLong(slotOffset + EntryFormat.SEQUENCE_OFFSET);
      if (found > newest
          && found < bound
          && EntryFormat.slotOffset(found, entryCount) == slotOffset) {
        newest = found;
      }
    }
    return newest;
  }

  /// The first thing that a cabinet says.
  public void start(long atNs, long wallMs, String who) {
    write(EntryKind.START, 0, atNs, wallMs, 0, who);
  }

  /// An event, with the text that goes to the log.
  public void event(long atNs, long wallMs, int number, Severity severity, String text) {
    write(EntryKind.EVENT, severity.ordinal() + 1, atNs, wallMs, number, text);
  }

  /// The cabinet enters a part of its life.
  public void phase(long atNs, long wallMs, String phase) {
    write(EntryKind.PHASE, 0, atNs, wallMs, 0, phase);
  }

  /// A volume's standing has gone to NVRAM.
  ///
  /// @param text its pair state, and why
  public void standing(
      long atNs, long wallMs, int volume, long generation, long base, long offered, String text) {
    entry.putLong(EntryFormat.GENERATION_OFFSET, generation);
    entry.putLong(EntryFormat.BASE_OFFSET, base);
    entry.putLong(EntryFormat.OFFERED_OFFSET, offered);
    write(EntryKind.STANDING, 0, atNs, wallMs, volume, text);
  }

  private void write(
      EntryKind kind, int severity, long atNs, long wallMs, int number, String text) {
    if (entryCount == 0) {
      return;
    }
    sequence++;
    entry.put(EntryFormat.KIND_OFFSET, (byte) kind.number());
    entry.put(EntryFormat.SEVERITY_OFFSET, (byte) severity);
    entry.putLong(EntryFormat.SEQUENCE_OFFSET, sequence);
    entry.putLong(EntryFormat.WALL_MS_OFFSET, wallMs);
    entry.putLong(EntryFormat.AT_NS_OFFSET, atNs);
    entry.putInt(EntryFormat.BOOT_OFFSET, boot);
    entry.putInt(EntryFormat.NUMBER_OFFSET, number);
    putText(EntryFormat.textOffset(kind.number()), text);
    entry.putInt(EntryFormat.CRC_OFFSET, EntryFormat.crcOf(entry, crc));
    int slotOffset = EntryFormat.slotOffset(sequence, entryCount);
    for (int i = WORD_BYTES; i < ENTRY_BYTES; i += WORD_BYTES) {
      ring.putLong(slotOffset + i, entry.getLong(i));
    }
    ring.putLong(slotOffset, entry.getLong(0));
  }

  /// As much of the text as there is room for, in whole characters. By hand, since the library's
  /// encoders allocate.
  private void putText(int textOffset, String text) {
    int at = textOffset;
    int i = 0;
    while (i < text.length()) {
      int point = text.codePointAt(i);
      if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
        point = '?';
      }
      if (at + utf8Bytes(point) > ENTRY_BYTES) {
        break;
      }
      at = putUtf8(at, point);
      i += Character.charCount(point);
    }
    entry.put(EntryFormat.TEXT_LENGTH_OFFSET, (byte) (at - textOffset));
    entry.put(EntryFormat.CUT_OFFSET, (byte) (i < text.length() ? 1 : 0));
    while (at < ENTRY_BYTES) {
      entry.put(at++, (byte) 0);
    }
  }

  private static int utf8Bytes(int point) {
    if (point < 0x80) {
      return 1;
    }
    if (point < 0x800) {
      return 2;
    }
    return point < 0x10000 ? 3 : 4;
  }

  private int putUtf8(int at, int point) {
    int length = utf8Bytes(point);
    if (length == 1) {
      entry.put(at, (byte) point);
      return at + 1;
    }
    // The first byte begins with as many ones as there are bytes, each other with a one.
    int rest = point;
    for (int i = length - 1; i > 0; i--) {
      entry.put(at + i, (byte) (0x80 | rest & 0x3F));
      rest >>>= 6;
    }
    entry.put(at, (byte) (0xF00 >>> length | rest));
    return at + length;
  }
}
