package farside.protocol.nbd;

/// The error numbers of replies. Those of Linux, whatever the server runs on.
public enum NbdError {
  NONE(0, ""),
  EPERM(1, "the volume is read-only here"),
  EIO(5, "neither drive nor peer could serve it"),
  ENOMEM(12, "no memory"),
  EINVAL(22, "the request is malformed, or reaches beyond the end"),
  ENOSPC(28, "the write reaches beyond the end"),
  EOVERFLOW(75, "too long for one chunk"),
  ENOTSUP(95, "that would not be fast"),
  ESHUTDOWN(108, "the cabinet is going down");

  private final int number;
  private final String text;

  NbdError(int number, String text) {
    this.number = number;
    this.text = text;
  }

  /// What it means here, for people.
  public String text() {
    return text;
  }

  public int number() {
    return number;
  }
}
