package farside.protocol.nbd;

/// How an option is answered. Errors have the top bit set and may carry a text for people.
public enum NbdOptionReply {
  ACK(1),
  /// One export of a list.
  SERVER(2),
  /// One fact about an export; see `NbdInfo`.
  INFO(3),
  /// One metadata context: its id and its name.
  META_CONTEXT(4),
  ERR_UNSUP(0x8000_0001),
  ERR_POLICY(0x8000_0002),
  ERR_INVALID(0x8000_0003),
  ERR_PLATFORM(0x8000_0004),
  ERR_TLS_REQD(0x8000_0005),
  /// No such export.
  ERR_UNKNOWN(0x8000_0006),
  ERR_SHUTDOWN(0x8000_0007),
  ERR_BLOCK_SIZE_REQD(0x8000_0008),
  ERR_TOO_BIG(0x8000_0009);

  private final int number;

  NbdOptionReply(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
