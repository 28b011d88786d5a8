package farside.director.blackbox;

/// What an entry tells. Numbers are for ever.
public enum EntryKind {
  /// A cabinet begins: the first entry of each boot.
  START(1),
  /// An event, as it went to the log.
  EVENT(2),
  /// A standing of a volume, as it went to NVRAM, its generations with it.
  STANDING(3),
  /// The cabinet goes from one part of its life to the next.
  PHASE(4),
  /// Written by a newer program.
  UNKNOWN(0);

  private final int number;

  EntryKind(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  static EntryKind of(int number) {
    for (EntryKind kind : values()) {
      if (kind.number == number) {
        return kind;
      }
    }
    return UNKNOWN;
  }
}
