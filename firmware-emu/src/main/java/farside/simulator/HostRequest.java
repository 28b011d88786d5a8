package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostStatus;
import org.agrona.collections.IntArrayList;

/// One request of a host, from its first byte to its answer.
final class HostRequest {
  final HostCommand command;
  final int flags;
  final long cookie;
  final long offsetBytes;
  final int lengthBytes;
  final boolean wellFormed;
  final long sentNs;

  /// What the oracle knows of it: the write, or the step at which a read or flush began.
  HostWrite write;
  long beganStep;
  long pairChanges;
  long beganNs;
  boolean begun;

  /// What a read has returned so far; its connection's, and only until it is judged.
  byte[] data;

  /// Pairs of where an extent begins and ends that was said to read zero, from the request's
  /// first byte on.
  final IntArrayList zeroExtents = new IntArrayList();

  int dataBytes;
  int arrivedBytes;
  int takenBytes;
  int discardedBytes;
  HostStatus status;

  HostRequest(
      HostCommand command,
      int flags,
      long cookie,
      long offsetBytes,
      int lengthBytes,
      boolean wellFormed,
      long sentNs) {
    this.command = command;
    this.flags = flags;
    this.cookie = cookie;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
    this.wellFormed = wellFormed;
    this.sentNs = sentNs;
  }

  boolean hasPayload() {
    return command == HostCommand.WRITE;
  }

  /// True if its answer says something of what the volume holds.
  boolean isRead() {
    return command == HostCommand.READ || command == HostCommand.BLOCK_STATUS;
  }

  boolean has(int hostFlag) {
    return (flags & hostFlag) != 0;
  }

  boolean forceUnitAccess() {
    return has(HostFlags.FORCE_UNIT_ACCESS);
  }

  boolean changesVolume() {
    return command == HostCommand.WRITE
        || command == HostCommand.TRIM
        || command == HostCommand.WRITE_ZEROES;
  }

  int payloadMissingBytes() {
    return hasPayload() ? lengthBytes - takenBytes - discardedBytes : 0;
  }

  /// An answer to BLOCK_STATUS.
  void takeExtents(Extents extents) {
    int at = 0;
    for (int i = 0; i < extents.count(); i++) {
      long end = at + extents.lengthBytes(i);
      require(
          extents.lengthBytes(i) > 0 && end <= lengthBytes,
          () -> this + ": an extent that ends at byte " + end);
      if (extents.isZero(i)) {
        zeroExtents.addInt(at);
        zeroExtents.addInt((int) end);
      }
      at = (int) end;
    }
    require(at > 0, () -> this + " was told nothing");
    require(!has(HostFlags.FIRST_ONLY) || extents.count() == 1, () -> this + " was told too much");
  }

  @Override
  public String toString() {
    return command + (flags == 0 ? "" : " with flags " + flags) + " at byte " + offsetBytes + ", "
        + lengthBytes + " bytes, cookie " + cookie;
  }
}
