package farside.driver.nbd;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Receives what a connection's socket holds, to its end: a socket that is not read does not
/// tell that its host has gone.
///
/// It is over when the host's end came, when nothing came at [#QUIET_LOOKS] looks in a row, or
/// when more came than the sockets of both ends would have held: then the host lives. Looks are
/// counted, and not only time, since a busy loop is late with its reading and its looks alike.
/// It is over, too, when the head has no more memory for this: then it is not known.
final class CatchUp {
  static final int LOOK_EVERY_MS = 20;
  static final int QUIET_LOOKS = 10;

  /// More than Linux lets the buffers of both ends grow to, unless told otherwise.
  private static final long SOCKETS_BYTES_MAX = 16L * 1024 * 1024;

  /// Memory for what all connections of a head receive in this way.
  static final class Room {
    private long freeBytes = 2 * SOCKETS_BYTES_MAX;
  }

  private final Channel channel;
  private final Room room;
  private final Runnable onOver;
  private boolean isOn;
  private Future<?> nextLook;
  private long readBytes;
  private long heldBytes;

  CatchUp(Channel channel, Room room, Runnable onOver) {
    this.channel = channel;
    this.room = room;
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
      heldBytes += bytes;
      room.freeBytes -= bytes;
      if (readBytes > SOCKETS_BYTES_MAX || room.freeBytes <= 0) {
        end();
      }
    }
  }

  /// What was received in this way has been taken, or dropped.
  void giveBack() {
    room.freeBytes += heldBytes;
    heldBytes = 0;
  }

  void end() {
    if (isOn) {
      isOn = false;
      nextLook.cancel(false);
      onOver.run();
    }
  }

  private void lookAgain(long readBytesBefore, int quietLooks) {
    nextLook = channel
        .eventLoop()
        .schedule(() -> look(readBytesBefore, quietLooks), LOOK_EVERY_MS, TimeUnit.MILLISECONDS);
  }

  private void look(long readBytesBefore, int quietLooksBefore) {
    int quietLooks = readBytes == readBytesBefore ? quietLooksBefore + 1 : 0;
    if (quietLooks == QUIET_LOOKS) {
      end();
    } else {
      lookAgain(readBytes, quietLooks);
    }
  }
}
