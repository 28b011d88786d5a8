package farside.protocol.nbd;

/// What a client may ask while it haggles, by the numbers of the protocol.
public enum NbdOption {
  EXPORT_NAME(1),
  ABORT(2),
  LIST(3),
  /// Withdrawn from the protocol; never served.
  PEEK_EXPORT(4),
  STARTTLS(5),
  INFO(6),
  GO(7),
  STRUCTURED_REPLY(8),
  LIST_META_CONTEXT(9),
  SET_META_CONTEXT(10),
  EXTENDED_HEADERS(11);

  private static final NbdOption[] ALL = values();

  private final int number;

  NbdOption(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /// The option of that number, or null: clients may ask for what was invented after us.
  public static NbdOption of(int number) {
    for (NbdOption option : ALL) {
      if (option.number == number) {
        return option;
      }
    }
    return null;
  }
}
