package farside.protocol.nbd;

/// How much of anything a client may have. Each is told in `specs/nbd.md`.
public final class NbdLimits {
  /// Longest string that the protocol allows.
  public static final int NAME_BYTES_MAX = 4096;

  /// Options that a client may send before it opens an export or leaves.
  public static final int OPTIONS_MAX = 64;

  /// Longest data of one option that is looked at.
  public static final int OPTION_BYTES_MAX = 64 * 1024;

  /// Longer data than this is not even skipped: the connection is closed.
  public static final int OPTION_BYTES_SKIPPED_MAX = 1024 * 1024;

  /// Any alignment is served.
  public static final int BLOCK_BYTES_MIN = 1;

  /// Smallest preferred block size that the protocol lets us advertise.
  public static final int PREFERRED_BYTES_MIN = 512;

  /// Longest payload of one read or write that is told to clients: what they take for granted
  /// if nothing is said.
  public static final int PAYLOAD_BYTES_ADVERTISED = 32 * 1024 * 1024;

  /// Longest payload of one read or write that is served: some clients do not listen.
  public static final int PAYLOAD_BYTES_MAX = 64 * 1024 * 1024;

  /// A longer payload than this is not even read in order to be refused: the connection is
  /// closed.
  public static final int PAYLOAD_BYTES_SWALLOWED_MAX = 128 * 1024 * 1024;

  private NbdLimits() {}
}
