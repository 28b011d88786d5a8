package farside.driver.control;

import java.io.IOException;

/// The console could not be asked, or gave no whole answer: whether the command was done is not
/// known.
public final class NotReachableException extends IOException {
  private static final long serialVersionUID = 1L;

  public NotReachableException(String message) {
    super(message);
  }

  public NotReachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
