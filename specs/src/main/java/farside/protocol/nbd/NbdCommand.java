package farside.protocol.nbd;

/// What a client may ask once an export is open, and the command flags that we take with each.
public enum NbdCommand {
  READ(0, NbdCommand.FLAG_FUA | NbdCommand.FLAG_DF),
  WRITE(1, NbdCommand.FLAG_FUA),
  /// Leave. Whatever flags or fields it carries, the client is going.
  DISC(2, 0xFFFF),
  FLUSH(3, NbdCommand.FLAG_FUA),
  TRIM(4, NbdCommand.FLAG_FUA),
  /// Have the extent at hand: it will be read soon.
  CACHE(5, NbdCommand.FLAG_FUA),
  WRITE_ZEROES(6, NbdCommand.FLAG_FUA | NbdCommand.FLAG_NO_HOLE | NbdCommand.FLAG_FAST_ZERO),
  BLOCK_STATUS(7, NbdCommand.FLAG_FUA | NbdCommand.FLAG_REQ_ONE);

  /// Answer only when what this command changed is on stable storage. Taken on every command,
  /// for so the protocol wants it of a server that offers it at all.
  public static final int FLAG_FUA = 1;

  /// Zeroes must be written, not left out.
  public static final int FLAG_NO_HOLE = 1 << 1;

  /// Data of a read in one chunk, or EOVERFLOW. Only where structured replies are agreed.
  public static final int FLAG_DF = 1 << 2;

  /// One extent, not longer than asked.
  public static final int FLAG_REQ_ONE = 1 << 3;

  /// Zeroes sooner than a write of as many bytes would be, or ENOTSUP and nothing done.
  public static final int FLAG_FAST_ZERO = 1 << 4;

  private static final NbdCommand[] ALL = values();

  private final int number;
  private final int flagsTaken;

  NbdCommand(int number, int flagsTaken) {
    this.number = number;
    this.flagsTaken = flagsTaken;
  }

  public int number() {
    return number;
  }

  /// True if each of these flags has a meaning for this command here.
  public boolean takes(int flags) {
    return (flags & ~flagsTaken) == 0;
  }

  /// The command of that number, or null if it is not served.
  public static NbdCommand of(int number) {
    for (NbdCommand command : ALL) {
      if (command.number == number) {
        return command;
      }
    }
    return null;
  }
}
