package farside.director.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import farside.director.Severity;
import java.nio.ByteBuffer;
import java.util.Locale;

/// One entry, as it was read from a ring.
///
/// @param boot which start of the cabinet it is of, counted as far back as the ring knows
/// @param wallMs milliseconds since 1970 UTC, for people
/// @param atNs of the processor's clock, which begins anew with each boot
/// @param severity null if it is no event
/// @param number of the event or the volume; else 0
/// @param words as they were recorded; nothing in them that a terminal might obey
/// @param isCut the text was longer
public record RecordedEntry(
    long sequence,
    int boot,
    long wallMs,
    long atNs,
    EntryKind kind,
    Severity severity,
    int number,
    long generation,
    long base,
    long offered,
    String words,
    boolean isCut) {
  /// @param entry a whole one
  static RecordedEntry of(ByteBuffer entry) {
    int kind = Byte.toUnsignedInt(entry.get(EntryFormat.KIND_OFFSET));
    boolean isStanding = kind == EntryKind.STANDING.number();
    byte[] text = new byte[Byte.toUnsignedInt(entry.get(EntryFormat.TEXT_LENGTH_OFFSET))];
    entry.get(EntryFormat.textOffset(kind), text);
    return new RecordedEntry(
        entry.getLong(EntryFormat.SEQUENCE_OFFSET),
        entry.getInt(EntryFormat.BOOT_OFFSET),
        entry.getLong(EntryFormat.WALL_MS_OFFSET),
        entry.getLong(EntryFormat.AT_NS_OFFSET),
        EntryKind.of(kind),
        severityOf(kind, entry.get(EntryFormat.SEVERITY_OFFSET)),
        entry.getInt(EntryFormat.NUMBER_OFFSET),
        isStanding ? entry.getLong(EntryFormat.GENERATION_OFFSET) : 0,
        isStanding ? entry.getLong(EntryFormat.BASE_OFFSET) : 0,
        isStanding ? entry.getLong(EntryFormat.OFFERED_OFFSET) : 0,
        printable(new String(text, UTF_8)),
        entry.get(EntryFormat.CUT_OFFSET) != 0);
  }

  private static Severity severityOf(int kind, int number) {
    boolean known = kind == EntryKind.EVENT.number() && number >= 1 && number <= 3;
    return known ? Severity.values()[number - 1] : null;
  }

  private static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().forEach(point -> shown.appendCodePoint(isHarmless(point) ? point : ' '));
    return shown.toString();
  }

  private static boolean isHarmless(int point) {
    int type = Character.getType(point);
    return type != Character.CONTROL
        && type != Character.FORMAT
        && type != Character.LINE_SEPARATOR
        && type != Character.PARAGRAPH_SEPARATOR;
  }

  /// One line without the time: of an event, what the log has.
  public String text() {
    String whole = isCut ? words + "..." : words;
    return switch (kind) {
      case EVENT -> number + " " + (severity == null ? "?" : severity.name()) + " " + whole;
      case STANDING ->
        String.format(
            Locale.ROOT,
            "NVRAM: volume %04X %s; generation %016x, base %016x, offered %016x",
            number,
            whole,
            generation,
            base,
            offered);
      case START -> whole + " starts";
      case PHASE -> "phase: " + whole;
      case UNKNOWN -> "an entry of a kind that this program does not know: " + whole;
    };
  }
}
