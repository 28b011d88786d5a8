package farside.simulator;

import farside.port.HostCommand;
import farside.port.HostStatus;

/// One request of a host, from its first byte to its answer.
final class HostRequest {
  final HostCommand command;
  final boolean forceUnitAccess;
  final long cookie;
  final long offsetBytes;
  final int lengthBytes;
  final boolean wellFormed;
  final long sentNs;

  /// What the oracle knows of it: the write, or the step at which a read or flush began.
  HostWrite write;
  long beganStep;
  long pairChanges;
  boolean begun;

  byte[] data;
  int dataBytes;
  int arrivedBytes;
  int takenBytes;
  int discardedBytes;
  HostStatus status;

  HostRequest(
      HostCommand command,
      boolean forceUnitAccess,
      long cookie,
      long offsetBytes,
      int lengthBytes,
      boolean wellFormed,
      long sentNs) {
    this.command = command;
    this.forceUnitAccess = forceUnitAccess;
    this.cookie = cookie;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
    this.wellFormed = wellFormed;
    this.sentNs = sentNs;
  }

  boolean hasPayload() {
    return command == HostCommand.WRITE;
  }

  boolean changesVolume() {
    return command == HostCommand.WRITE
        || command == HostCommand.TRIM
        || command == HostCommand.WRITE_ZEROES;
  }

  int payloadMissingBytes() {
    return hasPayload() ? lengthBytes - takenBytes - discardedBytes : 0;
  }

  @Override
  public String toString() {
    return command + (forceUnitAccess ? " FUA" : "") + " at byte " + offsetBytes + ", "
        + lengthBytes + " bytes, cookie " + cookie;
  }
}
