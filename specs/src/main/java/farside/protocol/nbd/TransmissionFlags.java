package farside.protocol.nbd;

/// What an export can do, as told to a client that opens it.
///
/// Made in [#of] and nowhere else, so that what is promised here and what `NbdCommand` takes
/// can be compared side by side.
public final class TransmissionFlags {
  public static final int HAS_FLAGS = 1;
  public static final int READ_ONLY = 1 << 1;
  public static final int SEND_FLUSH = 1 << 2;
  public static final int SEND_FUA = 1 << 3;
  public static final int SEND_TRIM = 1 << 5;
  public static final int SEND_WRITE_ZEROES = 1 << 6;
  public static final int SEND_DF = 1 << 7;
  public static final int CAN_MULTI_CONN = 1 << 8;
  public static final int SEND_CACHE = 1 << 10;
  public static final int SEND_FAST_ZERO = 1 << 11;

  private TransmissionFlags() {}

  /// Several connections are always invited: all heads of a cabinet share one cache, and a
  /// flush covers what was answered on any connection.
  public static int of(NbdExport export, boolean structuredReplies) {
    int flags = HAS_FLAGS | SEND_FLUSH | SEND_FUA | CAN_MULTI_CONN | SEND_CACHE;
    flags |= structuredReplies ? SEND_DF : 0;
    return flags | (export.readOnly() ? READ_ONLY : SEND_TRIM | SEND_WRITE_ZEROES | SEND_FAST_ZERO);
  }
}
