package farside.replay;

import java.io.IOException;

/// A recording that cannot be read: none at all, or garbled.
public final class DamagedRecording extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedRecording(String message) {
    super(message);
  }
}
