package farside.channel;

import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostStatus;
import farside.volume.Volume;
import java.util.Arrays;

/// One command of a host, from its arrival to its ending status. Reused; its id names it to
/// write records.
///
/// | state | waits for |
/// |-------|-----------|
/// | RECEIVING | space, payload, or the rest of a block that is written in part |
/// | HELD | the peer: some of its records are not released |
/// | DURABLE | the drive: it was FLUSH, or a write with forced unit access |
/// | READING | blocks from the drive, an unacknowledged write, or room towards the host; |
/// |         | CACHE waits in it for the blocks alone |
/// | ANSWERED | nothing but the end of another reply on its connection |
final class HostRequest {
  enum State {
    FREE,
    RECEIVING,
    HELD,
    DURABLE,
    READING,
    ANSWERED
  }

  /// Tracks that one piece of a read may span.
  static final int READ_TRACKS_MAX = 4;

  /// Pieces whose payload may come with that of another.
  static final int BEHIND_MAX = 3;

  final int id;
  State state = State.FREE;
  HostConnection connection;
  Volume volume;
  HostCommand command;
  int flags;
  long cookie;
  long offsetBytes;
  long lengthBytes;
  HostStatus status;

  /// Bytes of the command that are committed (writes) or sent (reads).
  long doneBytes;

  /// The record being filled, its start in the volume, its length, and the host's bytes in it.
  int record = WriteRecords.NONE;
  long pieceOffsetBytes;
  int pieceLengthBytes;
  int pieceHostBytes;
  boolean pieceIsZeroes;
  boolean payloadHere;

  /// The head was asked for the piece's payload.
  boolean payloadAsked;

  /// Records that lie right behind that one, for the pieces that come next, and the host's
  /// bytes in them: their payload comes with that of the first.
  final int[] behind = new int[BEHIND_MAX];

  int behindCount;
  int behindBytes;

  int unreleased;
  boolean everythingCommitted;
  long highestNumber;

  boolean replyBegun;
  final int[] slots = new int[READ_TRACKS_MAX];

  /// A block or two, pinned while a partly written block waits for its rest.
  int mergeSlot = SlotDirectory.NONE;

  HostRequest(int id) {
    this.id = id;
    Arrays.fill(slots, SlotDirectory.NONE);
  }

  void begin(
      HostConnection from,
      HostCommand what,
      int hostFlags,
      long hostCookie,
      long offset,
      long length) {
    connection = from;
    volume = from.volume;
    command = what;
    flags = hostFlags;
    cookie = hostCookie;
    offsetBytes = offset;
    lengthBytes = length;
    status = HostStatus.OK;
    doneBytes = 0;
    record = WriteRecords.NONE;
    payloadAsked = false;
    payloadHere = false;
    behindCount = 0;
    behindBytes = 0;
    unreleased = 0;
    everythingCommitted = false;
    highestNumber = 0;
    replyBegun = false;
  }

  boolean has(int hostFlag) {
    return (flags & hostFlag) != 0;
  }

  /// True if it changes the volume without any payload to be kept.
  boolean isPayloadless() {
    return command == HostCommand.TRIM
        || command == HostCommand.WRITE_ZEROES && !has(HostFlags.KEEP_ROOM);
  }

  boolean isWrite() {
    return command == HostCommand.WRITE
        || command == HostCommand.TRIM
        || command == HostCommand.WRITE_ZEROES;
  }
}
