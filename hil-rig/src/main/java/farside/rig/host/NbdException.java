package farside.rig.host;

import java.io.IOException;

/// The server said no, in words of the protocol.
public final class NbdException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int error;

  NbdException(String message, int error) {
    super(message);
    this.error = error;
  }

  /// The protocol's number, such as 1 for EPERM; 0 if the handshake was refused.
  public int error() {
    return error;
  }
}
