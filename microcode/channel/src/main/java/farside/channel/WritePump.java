package farside.channel;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.port.HostCommand;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.Memory;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;

/// Turns the payload of a write into write records, piece by piece.
///
/// A piece lies within one track and takes one record. NVRAM is reserved before the payload is
/// read: without space the host's socket is not read, which is the back-pressure. Where there
/// is plenty, pieces that follow get theirs with it, right behind it in memory, and the payload
/// of all comes by one call. Nobody ever waits for more space with some in hand: what was had
/// is filled and committed. A block that the host writes in part gets its rest from the newest
/// content there is, in the same instant in which the record is committed.
final class WritePump {
  enum Outcome {
    /// Space, payload or the rest of a block is awaited.
    WAITING,
    COMMITTED,
    /// The rest of a block that is written in part cannot be read.
    UNREADABLE,
    /// The volume's drive is in doubt, and NVRAM has taken all it may for it.
    NO_ROOM
  }

  private final GlobalMemory memory;
  private final WriteRecords records;
  private final HostPort host;
  private final ReadAssembly assembly;

  WritePump(GlobalMemory memory, HostPort host, ReadAssembly assembly) {
    this.memory = memory;
    this.records = memory.records();
    this.host = host;
    this.assembly = assembly;
  }

  /// Goes on with the write as far as it can; `COMMITTED` when all of it is.
  Outcome step(HostRequest request, long nowNs) {
    while (request.doneBytes < request.lengthBytes) {
      if (request.record == WriteRecords.NONE && !beginPiece(request)) {
        if (!memory.slots().isInDoubt(request.volume.index())) {
          return Outcome.WAITING;
        }
        request.pieceHostBytes = 0;
        abandonPiece(request);
        return Outcome.NO_ROOM;
      }
      if (!request.payloadHere && !takePayload(request)) {
        return Outcome.WAITING;
      }
      if (!mergeEdges(request)) {
        if (isMergeFailed(request)) {
          abandonPiece(request);
          return Outcome.UNREADABLE;
        }
        return Outcome.WAITING;
      }
      assembly.unpinMerge(request);
      commitPiece(request, nowNs);
    }
    return Outcome.COMMITTED;
  }

  private boolean beginPiece(HostRequest request) {
    if (request.behindCount > 0) {
      beginPieceBehind(request);
      return true;
    }
    int blockBytes = request.volume.blockBytes();
    long from = request.offsetBytes + request.doneBytes;
    long end = request.offsetBytes + request.lengthBytes;
    long start = from - from % blockBytes;
    long trackEnd = (from / BlockMask.TRACK_BYTES + 1) * BlockMask.TRACK_BYTES;
    boolean zeroes = request.isPayloadless();
    if (zeroes && start == from && end - from >= blockBytes) {
      request.record = records.reserve(1, false, request.volume.index());
      if (request.record == WriteRecords.NONE) {
        return false;
      }
      long pieceEnd = Math.min(trackEnd, end - end % blockBytes);
      setPiece(request, start, (int) (pieceEnd - start), (int) (pieceEnd - from), true);
      request.payloadHere = true;
      return true;
    }
    long pieceEnd = Math.min(trackEnd, roundUp(end, blockBytes));
    if (zeroes) {
      pieceEnd = start + blockBytes;
    }
    int frames = (int) ((pieceEnd - start + 4095) / 4096);
    request.record = records.reserve(frames, false, request.volume.index());
    if (request.record == WriteRecords.NONE) {
      return false;
    }
    pieceEnd = Math.min(pieceEnd, start + records.framesOf(request.record) * 4096L);
    setPiece(
        request, start, (int) (pieceEnd - start), (int) (Math.min(pieceEnd, end) - from), false);
    request.payloadAsked = false;
    request.payloadHere = false;
    reserveBehind(request);
    return true;
  }

  /// Whole frames of whole blocks up to the end of its track: then what follows can lie behind
  /// it.
  private void reserveBehind(HostRequest request) {
    int blockBytes = request.volume.blockBytes();
    long end = request.offsetBytes + request.lengthBytes;
    long from = request.pieceOffsetBytes + request.pieceLengthBytes;
    boolean isFilled = request.pieceHostBytes == records.framesOf(request.record) * 4096
        && from % BlockMask.TRACK_BYTES == 0;
    int last = request.record;
    while (isFilled
        && request.command == HostCommand.WRITE
        && from < end
        && request.behindCount < HostRequest.BEHIND_MAX) {
      int bytes = (int) Math.min(BlockMask.TRACK_BYTES, end - from);
      int record = bytes % blockBytes == 0
          ? records.reserveBehind(last, (bytes + 4095) / 4096)
          : WriteRecords.NONE;
      if (record == WriteRecords.NONE) {
        break;
      }
      request.behind[request.behindCount++] = record;
      request.behindBytes += bytes;
      from += bytes;
      last = record;
    }
  }

  /// Its payload is here.
  private static void beginPieceBehind(HostRequest request) {
    long from = request.offsetBytes + request.doneBytes;
    int bytes = Math.min(BlockMask.TRACK_BYTES, request.behindBytes);
    request.record = request.behind[0];
    request.behindCount--;
    request.behindBytes -= bytes;
    System.arraycopy(request.behind, 1, request.behind, 0, request.behindCount);
    setPiece(request, from, bytes, bytes, false);
    request.payloadHere = true;
  }

  private static void setPiece(
      HostRequest request, long start, int lengthBytes, int hostBytes, boolean zeroes) {
    request.pieceOffsetBytes = start;
    request.pieceLengthBytes = lengthBytes;
    request.pieceHostBytes = hostBytes;
    request.pieceIsZeroes = zeroes;
  }

  private static long roundUp(long value, int unit) {
    return (value + unit - 1) / unit * unit;
  }

  private boolean takePayload(HostRequest request) {
    long at = records.addressOf(request.record) + headBytes(request);
    if (request.command == HostCommand.WRITE) {
      // Asked once: after that the head says when the payload is there.
      if (!request.payloadAsked) {
        request.payloadAsked = true;
        request.payloadHere =
            host.receive(request.connection.id, at, request.pieceHostBytes + request.behindBytes);
      }
    } else {
      Memory.zero(at, request.pieceHostBytes);
      request.payloadHere = true;
    }
    return request.payloadHere;
  }

  /// Bytes of the piece before the host's first.
  private static int headBytes(HostRequest request) {
    return (int) (request.offsetBytes + request.doneBytes - request.pieceOffsetBytes);
  }

  private static int tailBytes(HostRequest request) {
    return request.pieceLengthBytes - headBytes(request) - request.pieceHostBytes;
  }

  /// Fills the bytes of the first and the last block that the host does not write. Both are
  /// filled in one instant, or neither: asked in every round while the drive is waited for, it
  /// copies nothing before all is here.
  private boolean mergeEdges(HostRequest request) {
    int head = headBytes(request);
    int tail = tailBytes(request);
    if (head == 0 && tail == 0 || request.pieceIsZeroes) {
      return true;
    }
    int unit = request.volume.blockBytes() / BlockMask.BLOCK_BYTES;
    int track = (int) (request.pieceOffsetBytes / BlockMask.TRACK_BYTES);
    int fromByte = (int) (request.pieceOffsetBytes % BlockMask.TRACK_BYTES);
    int toByte = fromByte + request.pieceLengthBytes;
    int first = fromByte / BlockMask.BLOCK_BYTES;
    int end = toByte / BlockMask.BLOCK_BYTES;
    boolean one = end - first == unit;
    boolean whole = head == 0 && !one || assembly.hasNewest(request, track, first, first + unit);
    if (!one && tail > 0) {
      whole &= assembly.hasNewest(request, track, end - unit, end);
    }
    if (whole) {
      long base = records.addressOf(request.record);
      assembly.copyNewest(request, track, fromByte, fromByte + head, base);
      assembly.copyNewest(
          request, track, toByte - tail, toByte, base + request.pieceLengthBytes - tail);
    }
    return whole;
  }

  private boolean isMergeFailed(HostRequest request) {
    int first = (int) (request.pieceOffsetBytes % BlockMask.TRACK_BYTES) / BlockMask.BLOCK_BYTES;
    int end = first + request.pieceLengthBytes / BlockMask.BLOCK_BYTES;
    int unit = request.volume.blockBytes() / BlockMask.BLOCK_BYTES;
    return headBytes(request) > 0 && assembly.mergeFailed(request, first, first + unit)
        || tailBytes(request) > 0 && assembly.mergeFailed(request, end - unit, end);
  }

  /// The pending bits of both mirrors are committed with the record, before any frame leaves:
  /// intent before send. What the peer is not sent now is owed to it first.
  private void commitPiece(HostRequest request, long nowNs) {
    Volume volume = request.volume;
    boolean mirrored = volume.role() == VolumeRole.R1;
    PairState pair = volume.pairState();
    boolean sent = mirrored && pair.sendsWrites();
    boolean held = sent && pair.waitsForPeer() || volume.isHeld();
    if (mirrored && !sent) {
      volume.table().owed().set((int) (request.pieceOffsetBytes / BlockMask.TRACK_BYTES));
    }
    int record = request.record;
    long number = memory.numbers().next();
    int crc = request.pieceIsZeroes
        ? 0
        : Memory.crc32c(records.addressOf(record), request.pieceLengthBytes);
    request.highestNumber = number;
    request.unreleased++;
    request.doneBytes += request.pieceHostBytes;
    request.record = WriteRecords.NONE;
    request.payloadHere = false;
    records.commit(
        record,
        volume.index(),
        request.pieceOffsetBytes,
        request.pieceLengthBytes,
        number,
        request.pieceIsZeroes,
        true,
        false,
        crc,
        sent,
        held,
        request.id,
        nowNs);
  }

  /// Gives back what a broken-off write had reserved.
  void abandonPiece(HostRequest request) {
    if (request.record != WriteRecords.NONE) {
      records.abandon(request.record);
      request.record = WriteRecords.NONE;
    }
    for (int i = 0; i < request.behindCount; i++) {
      records.abandon(request.behind[i]);
    }
    request.behindCount = 0;
    assembly.unpinMerge(request);
    if (request.status == HostStatus.OK) {
      request.status = HostStatus.IO_ERROR;
    }
  }
}
