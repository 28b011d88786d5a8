package farside.simulator;

import farside.port.HostCommand;
import farside.port.HostStatus;

/// Reads a whole volume once, from front to back: how a takeover, or an auditor, looks at it.
final class SweepProgram implements HostProgram {
  private static final int READ_BYTES = 64 * 1024;

  private final SimulatedHost head;
  private final String volumeName;
  private final long sizeBytes;
  private final VirtualTime time;
  private HostConnection connection;
  private long atBytes;
  private long readBytes;
  private boolean over;

  SweepProgram(SimulatedHost head, String volumeName, long sizeBytes, VirtualTime time) {
    this.head = head;
    this.volumeName = volumeName;
    this.sizeBytes = sizeBytes;
    this.time = time;
  }

  /// False: the volume is not to be had there now.
  boolean start() {
    connection = head.connect(this, volumeName);
    over = connection == null;
    if (!over) {
      next();
    }
    return !over;
  }

  /// All is read, or the connection went away.
  boolean isOver() {
    return over;
  }

  /// The whole volume was read.
  boolean isComplete() {
    return readBytes == sizeBytes;
  }

  long readBytes() {
    return readBytes;
  }

  @Override
  public void onAnswer(HostConnection from, HostRequest request) {
    if (request.status != HostStatus.OK) {
      over = true;
      connection.leave();
      return;
    }
    readBytes += request.lengthBytes;
    if (atBytes < sizeBytes) {
      next();
    } else {
      over = true;
      connection.leave();
    }
  }

  @Override
  public void onGone(HostConnection gone) {
    over = true;
  }

  @Override
  public long nsPerByte() {
    return 0;
  }

  private void next() {
    int lengthBytes = (int) Math.min(READ_BYTES, sizeBytes - atBytes);
    connection.send(new HostRequest(
        HostCommand.READ, 0, atBytes + 1, atBytes, lengthBytes, true, time.nowNs()));
    atBytes += lengthBytes;
  }
}
