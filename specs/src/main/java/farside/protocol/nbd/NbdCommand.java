package farside.protocol.nbd;

/// What a client may ask once an export is open, and the command flags that we take with each.
public enum NbdCommand {
  READ(0, NbdCommand.FLAG_FUA),
  WRITE(1, NbdCommand.FLAG_FUA),
  /// Leave. Whatever flags or fields it carries, the client is going.
  DISC(2, 0xFFFF),
  FLUSH(3, NbdCommand.FLAG_FUA),
  TRIM(4, NbdCommand.FLAG_FUA),
  WRITE_ZEROES(6, NbdCommand.FLAG_FUA | NbdCommand.FLAG_NO_HOLE);

  /// Answer only when what this command changed is on stable storage. Taken on every command,
  /// for so the protocol wants it of a server that offers it at all.
  public static final int FLAG_FUA = 1;

  /// Zeroes must be written, not left out. Ours keep their room either way.
  public static final int FLAG_NO_HOLE = 1 << 1;

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
