package farside.driver.nbd;

import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;

/// Receives what a connection's socket holds, to its end: a socket that is not read does not
/// tell that its host has gone.
///
/// It is over when the host's end came, when nothing came at [#QUIET_LOOKS] looks in a row, or
/// when more came than the sockets of both ends would have held: then the host lives.
final class CatchUp {
  static final int PAUSE_MS = 5;
  static final int QUIET_LOOKS = 3;

  /// More than Linux lets the buffers of both ends grow to, unless told otherwise.
  private static final long SOCKETS_BYTES_MAX = 16L * 1024 * 1024;

  private final Channel channel;
  private final Runnable onOver;
  private boolean isOn;
  private long readBytes;

  CatchUp(Channel channel, Runnable onOver) {
    this.channel = channel;
    this.onOver = onOver;
  }

  boolean isOn() {
    return isOn;
  }

  void begin() {
    if (isOn) {
      return;
    }
    isOn = true;
    readBytes = 0;
    channel.config().setAutoRead(true);
    lookAgain(0, 0);
  }

  void onRead(int bytes) {
    if (isOn) {
      readBytes += bytes;
      if (readBytes > SOCKETS_BYTES_MAX) {
        end();
      }
    }
  }

  void end() {
    if (isOn) {
      isOn = false;
      onOver.run();
    }
  }

  private void lookAgain(long readBytesBefore, int quietLooks) {
    var _ = channel
        .eventLoop()
        .schedule(() -> look(readBytesBefore, quietLooks), PAUSE_MS, TimeUnit.MILLISECONDS);
  }

  private void look(long readBytesBefore, int quietLooksBefore) {
    if (!isOn) {
      return;
    }
    int quietLooks = readBytes == readBytesBefore ? quietLooksBefore + 1 : 0;
    if (quietLooks == QUIET_LOOKS) {
      end();
    } else {
      lookAgain(readBytes, quietLooks);
    }
  }
}
