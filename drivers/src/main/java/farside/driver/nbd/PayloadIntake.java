package farside.driver.nbd;

import farside.driver.netty.StraightReceive;
import farside.driver.netty.TwoPlaces;
import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.NbdSession;
import farside.protocol.nbd.NbdSessionState;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;

/// Where a write's payload goes: first to the place that the channel adapter wants it at, then
/// nowhere, as much as it does not want. What has been received already comes from the queue; a
/// long rest is taken straight from the socket.
///
/// Called on the loop's thread only.
final class PayloadIntake {
  private static final int LONG_WRITE_BYTES = 64 * 1024;
  private static final int STRAIGHT_BYTES_MIN = 16 * 1024;

  /// Never less than a small write with its head: after a few short requests the guess would be
  /// that, and the write come by two calls.
  private static final AdaptiveRecvByteBufAllocator RECEIVE =
      new AdaptiveRecvByteBufAllocator(16 * 1024, 64 * 1024, 1024 * 1024);

  private final NbdConnection connection;
  private final NbdHead head;
  private final Channel channel;
  private final NbdSession session;
  private final InboundBytes inbound;
  private final TwoPlaces places = new TwoPlaces();

  private long wantedAddress;
  private int wantedBytes;
  private long unwantedBytes;

  /// The socket may hold more of what is wanted: the round had taken enough.
  private boolean isStraightDue;

  PayloadIntake(
      NbdConnection connection,
      NbdHead head,
      Channel channel,
      NbdSession session,
      InboundBytes inbound) {
    this.connection = connection;
    this.head = head;
    this.channel = channel;
    this.session = session;
    this.inbound = inbound;
    StraightReceive.prepare(channel, RECEIVE, this::isLongLikely);
  }

  /// As [NbdConnection#receive].
  boolean receive(long address, int lengthBytes) {
    boolean isAskedAgain = wantedBytes > 0 && address + lengthBytes == wantedAddress + wantedBytes;
    if (!isAskedAgain) {
      check("wanted", lengthBytes, wantedBytes + unwantedBytes);
      wantedAddress = address;
      wantedBytes = lengthBytes;
    }
    moveWanted();
    return isAllHere();
  }

  void discard(long lengthBytes) {
    check("discarded", wantedBytes + unwantedBytes + lengthBytes, 0);
    unwantedBytes += lengthBytes;
    dropUnwanted();
  }

  private void check(String purpose, long lengthBytes, long alreadyBytes) {
    if (alreadyBytes > 0 || lengthBytes > session.payloadBytes()) {
      throw new IllegalStateException(
          "NBD connection " + connection.number() + ": " + lengthBytes + " bytes of payload "
              + purpose + ", while " + session.payloadBytes() + " are to come and " + alreadyBytes
              + " are spoken for");
    }
  }

  /// True if nothing is wanted that is not there.
  boolean isAllHere() {
    return wantedBytes == 0;
  }

  /// Moves what is there of what is wanted; false if there is nothing to move.
  boolean goOn() {
    boolean isDue = !isAllHere() && (inbound.lengthBytes() > 0 || mayGoOnStraight());
    if (isDue) {
      moveWanted();
    }
    return isDue;
  }

  /// Drops what is there of what is not wanted; false if there is nothing to drop.
  boolean dropUnwanted() {
    long dropped = isAllHere() ? Math.min(unwantedBytes, inbound.lengthBytes()) : 0;
    unwantedBytes -= dropped;
    inbound.skip(dropped);
    onTaken(dropped);
    return dropped > 0;
  }

  private void moveWanted() {
    int moved = inbound.moveTo(wantedAddress, wantedBytes);
    isStraightDue = false;
    if (wantedBytes - moved >= STRAIGHT_BYTES_MIN && connection.mayTakeStraight()) {
      if (head.mayTakeStraight()) {
        boolean isLast = wantedBytes == session.payloadBytes();
        int taken = takeStraight(wantedAddress + moved, wantedBytes - moved, isLast);
        head.onTakenStraight(taken);
        moved += taken;
      } else {
        isStraightDue = true;
        head.markForNextRound(connection);
      }
    }
    wantedAddress += moved;
    wantedBytes -= moved;
    onTaken(moved);
  }

  /// With the last of a write's payload comes the beginning of the next request, if it is
  /// there.
  private int takeStraight(long address, int lengthBytes, boolean isLast) {
    if (!isLast) {
      return StraightReceive.take(channel, address, lengthBytes);
    }
    ByteBuf next = channel.alloc().directBuffer(StraightReceive.GLANCE_BYTES);
    long nextAddress = StraightReceive.addressOf(next);
    int taken = StraightReceive.takeBoth(
        channel, places.set(address, lengthBytes, nextAddress, StraightReceive.GLANCE_BYTES));
    int payloadBytes = Math.min(taken, lengthBytes);
    inbound.add(next.writerIndex(taken - payloadBytes));
    return payloadBytes;
  }

  private boolean mayGoOnStraight() {
    return isStraightDue && head.mayTakeStraight();
  }

  private void onTaken(long bytes) {
    if (bytes > 0) {
      session.payloadTaken(bytes);
      connection.resumeInput();
    }
  }

  /// There is no room for it yet: it stays in the socket, to be taken straight.
  boolean isUnasked() {
    boolean isDue =
        session.state() == NbdSessionState.PAYLOAD || session.state() == NbdSessionState.OFFERED;
    return isDue && isAllHere() && unwantedBytes == 0 && isLongLikely();
  }

  /// One long write is likely to be followed by another.
  boolean isLongLikely() {
    return connection.mayTakeStraight()
        && session.command() == NbdCommand.WRITE
        && session.lengthBytes() >= LONG_WRITE_BYTES;
  }
}
