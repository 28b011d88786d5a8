package farside.driver.nbd;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import java.util.concurrent.TimeUnit;

/// Receives what a connection's socket holds, to its end: a socket that is not read does not
/// tell that its host has gone.
///
/// It is over when the host's end came, when nothing has come for [#PAUSE_MS], or when more has
/// come than the socket could hold when it began: then the host lives.
final class CatchUp {
  static final int PAUSE_MS = 2;

  /// Where the socket's own buffer is not known.
  private static final int SOCKET_BYTES_UNTOLD = 8 * 1024 * 1024;

  private final Channel channel;
  private final Runnable onOver;
  private boolean isOn;
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
    lookAgain(0);
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
      onOver.run();
    }
  }

  private void lookAgain(long readBytesBefore) {
    var _ = channel
        .eventLoop()
        .schedule(
            () -> {
              if (readBytes == readBytesBefore) {
                end();
              } else if (isOn) {
                lookAgain(readBytes);
              }
            },
            PAUSE_MS,
            TimeUnit.MILLISECONDS);
  }
}
