package farside.driver.nbd;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Receives what a connection's socket holds, to its end: a socket that is not read does not
/// tell that its host has gone.
///
/// It is over when the host's end came, when nothing has come for so many looks in a row, or
/// when more has come than the socket could hold when it began: then the host lives. Looks and
/// not only time are counted, since a busy loop, or a busy machine, is late with both its reading
/// and its looks; and what a host had sent before it went may still be on its own side.
final class CatchUp {
  private static final int LOOK_EVERY_MS = 20;
  private static final int QUIET_LOOKS = 10;

  /// Where the socket's own buffer is not known.
  private static final int SOCKET_BYTES_UNTOLD = 8 * 1024 * 1024;

  private final Channel channel;
  private final Runnable onOver;
  private boolean isOn;
  private Future<?> nextLook;
  private long readBytes;
  private long socketBytes;

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
    Integer told = channel.config().getOption(ChannelOption.SO_RCVBUF);
    socketBytes = told == null ? SOCKET_BYTES_UNTOLD : told;
    channel.config().setAutoRead(true);
    lookAgain(0, QUIET_LOOKS);
  }

  void onRead(int bytes) {
    if (isOn) {
      readBytes += bytes;
      if (readBytes > socketBytes) {
        end();
      }
    }
  }

  void end() {
    if (isOn) {
      isOn = false;
      nextLook.cancel(false);
      onOver.run();
    }
  }

  private void lookAgain(long readBytesBefore, int looksLeft) {
    nextLook = channel
        .eventLoop()
        .schedule(
            () -> {
              if (readBytes != readBytesBefore) {
                lookAgain(readBytes, QUIET_LOOKS);
              } else if (looksLeft > 1) {
                lookAgain(readBytes, looksLeft - 1);
              } else {
                end();
              }
            },
            LOOK_EVERY_MS,
            TimeUnit.MILLISECONDS);
  }
}
