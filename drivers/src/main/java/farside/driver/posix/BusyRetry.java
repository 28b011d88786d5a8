package farside.driver.posix;

import java.io.IOException;

/// Patience with a file or disk that another process has: after a `kill -9` it is busy until the
/// last request of the dead has returned.
///
/// For the launcher, before a cabinet runs: it sleeps on the caller's thread.
public final class BusyRetry {
  private static final long PAUSE_MS = 10;

  private long pausesLeft;

  /// @param busyRetryMs for how long to try; the first try is always made
  public BusyRetry(long busyRetryMs) {
    pausesLeft = Math.max(1, busyRetryMs / PAUSE_MS) - 1;
  }

  /// Pauses before the next try; false if it was tried for long enough.
  ///
  /// @param what is waited for, for the text of a failure
  public boolean pause(String what) throws IOException {
    if (pausesLeft == 0) {
      return false;
    }
    pausesLeft--;
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + what, interrupted);
    }
    return true;
  }
}
