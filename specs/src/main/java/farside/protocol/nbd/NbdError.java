package farside.protocol.nbd;

/// The error numbers of replies. Those of Linux, whatever the server runs on.
public enum NbdError {
  NONE(0),
  EPERM(1),
  EIO(5),
  ENOMEM(12),
  EINVAL(22),
  ENOSPC(28),
  EOVERFLOW(75),
  ENOTSUP(95),
  ESHUTDOWN(108);

  private final int number;

  NbdError(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
