package farside.director.blackbox;

import static farside.director.blackbox.EntryFormat.ENTRY_BYTES;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.zip.CRC32C;

/// What a ring tells, oldest entry first. Any bytes are read: what is not a whole entry is left
/// out.
///
/// @param entryMax how many the ring has room for
/// @param damaged places that hold something, but no whole entry
public record Recording(List<RecordedEntry> entries, int entryMax, int damaged) {
  public Recording {
    entries = List.copyOf(entries);
  }

  /// @param ring as it was found, perhaps while a cabinet was writing
  public static Recording of(byte[] ring) {
    ByteBuffer bytes = ByteBuffer.wrap(ring);
    ByteBuffer entry = EntryFormat.room();
    CRC32C crc = new CRC32C();
    List<RecordedEntry> entries = new ArrayList<>();
    int entryMax = ring.length / ENTRY_BYTES;
    int damaged = 0;
    for (int slot = 0; slot < entryMax; slot++) {
      int slotOffset = slot * ENTRY_BYTES;
      entry.clear().put(bytes.slice(slotOffset, ENTRY_BYTES));
      if (EntryFormat.isWhole(entry, slotOffset, entryMax, crc)) {
        entries.add(RecordedEntry.of(entry));
      } else if (!isZero(ring, slotOffset)) {
        damaged++;
      }
    }
    entries.sort(Comparator.comparingLong(RecordedEntry::sequence));
    return new Recording(entries, entryMax, damaged);
  }

  private static boolean isZero(byte[] ring, int slotOffset) {
    for (int i = slotOffset; i < slotOffset + ENTRY_BYTES; i++) {
      if (ring[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /// How many entries are missing right before one of them.
  public long missingBefore(int index) {
    long previous = index == 0 ? 0 : entries.get(index - 1).sequence();
    return entries.get(index).sequence() - previous - 1;
  }

  /// For people: a line for each entry, for each boot, and wherever entries are missing.
  ///
  /// @param clock what an entry's line begins with
  public List<String> lines(Function<RecordedEntry, String> clock) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      RecordedEntry entry = entries.get(i);
      long missing = missingBefore(i);
      if (missing > 0) {
        lines.add(
            "-- entries " + (i == 0 ? "overwritten or lost before: " : "missing here: ") + missing);
      }
      if (i == 0 || entry.boot() != entries.get(i - 1).boot()) {
        lines.add("-- boot " + entry.boot());
      }
      lines.add(clock.apply(entry) + " " + entry.text());
    }
    if (damaged > 0) {
      lines.add("-- entries torn or damaged, and left out: " + damaged);
    }
    if (entries.isEmpty()) {
      lines.add("-- nothing is recorded");
    }
    return lines;
  }
}
