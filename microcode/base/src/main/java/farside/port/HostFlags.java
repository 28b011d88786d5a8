package farside.port;

/// What a host may add to a command.
public final class HostFlags {
  /// Answer only when what the command changed is stable.
  public static final int FORCE_UNIT_ACCESS = 1;

  /// WRITE_ZEROES: the extent keeps its room, so that a later write cannot lack it.
  public static final int KEEP_ROOM = 1 << 1;

  /// READ: the data comes as one extent, whatever it is.
  public static final int ONE_EXTENT = 1 << 2;

  /// BLOCK_STATUS: the first extent only.
  public static final int FIRST_ONLY = 1 << 3;

  /// WRITE_ZEROES: sooner than a write of as many bytes, or NOT_SUPPORTED and nothing done.
  public static final int FAST_ONLY = 1 << 4;

  private HostFlags() {}
}
