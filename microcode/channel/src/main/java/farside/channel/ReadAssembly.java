package farside.channel;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.ReadAhead;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostPort;
import farside.port.Memory;
import farside.volume.VolumeRole;

/// Puts together what a read returns: write records laid over track slots, piece by piece.
///
/// A piece spans at most four tracks, or fewer if there are no slots for all. A read that has a
/// slot waits for its drive only, not for another slot, a host that does not take its data, or
/// another read: so two reads never wait for each other's. Nothing is sent before the whole
/// piece is here.
final class ReadAssembly {
  enum Outcome {
    /// Something has to come first; try again.
    WAITING,
    /// A piece went out and more is left.
    PROGRESS,
    DONE,
    /// A block cannot be read.
    FAILED
  }

  /// A shorter run of zeroes goes as data: a chunk of its own would hardly be shorter.
  private static final int ZERO_RUN_BYTES_MIN = 4096;

  private static final int RUNS_MAX = HostRequest.READ_TRACKS_MAX * BlockMask.BLOCKS_PER_TRACK;

  private final GlobalMemory memory;
  private final WriteRecords records;
  private final SlotDirectory slots;
  private final ReadAhead readAhead;
  private final HostPort host;
  private final TrackImage image;
  private final long zeroesAddress;
  private final long[] runAddress = new long[RUNS_MAX];
  private final int[] runBytes = new int[RUNS_MAX];
  private int runCount;

  /// Per volume: who waits for a slot and has waited longest. Nobody else gets one before, or
  /// those that come and go could hand the only one to each other for ever.
  private final HostRequest[] firstInLine;

  private boolean hasLineMoved;

  /// Where the piece that was gathered last ends.
  private long pieceEnd;

  /// @param zeroesAddress a track of zeroes, never written
  ReadAssembly(GlobalMemory memory, int volumeCount, HostPort host, long zeroesAddress) {
    this.memory = memory;
    this.records = memory.records();
    this.slots = memory.slots();
    this.readAhead = memory.readAhead();
    this.host = host;
    this.image = new TrackImage(records);
    this.zeroesAddress = zeroesAddress;
    firstInLine = new HostRequest[volumeCount];
  }

  /// A read has come.
  void begin(HostRequest request) {
    tellPiece(request, request.offsetBytes);
  }

  /// A long read is told piece by piece, so that it has its own rest read ahead. A target's
  /// drive is not read ahead: it works for the source first.
  private void tellPiece(HostRequest request, long from) {
    if (request.command == HostCommand.READ && request.volume.role() != VolumeRole.R2) {
      long end = longestPiece(request, from);
      int endTrack = (int) ((end - 1) / BlockMask.TRACK_BYTES) + 1;
      readAhead.onRead(request.volume.index(), (int) (from / BlockMask.TRACK_BYTES), endTrack);
    }
  }

  /// Goes on with a read.
  Outcome step(HostRequest request) {
    if (!host.isWritable(request.connection.id)) {
      unpin(request);
      return Outcome.WAITING;
    }
    long from = request.offsetBytes + request.doneBytes;
    Outcome gathered = gather(request, from);
    if (gathered != Outcome.DONE) {
      return gathered;
    }
    if (!mayAnswer(request)) {
      // The one that comes first may need the slots for its next piece.
      unpin(request);
      return Outcome.WAITING;
    }
    send(request, from, pieceEnd);
    return pieceDone(request, pieceEnd - from);
  }

  /// Goes on with a CACHE: as a read, but nobody is given the data. More than half of the slots
  /// would drive out what it brought in itself.
  Outcome stepCache(HostRequest request) {
    long from = request.offsetBytes + request.doneBytes;
    if (request.doneBytes >= (long) slots.slotCount() / 2 * BlockMask.TRACK_BYTES) {
      return Outcome.DONE;
    }
    Outcome gathered = gather(request, from);
    return gathered == Outcome.DONE ? pieceDone(request, pieceEnd - from) : gathered;
  }

  /// False while another read of the connection is being answered.
  private static boolean mayAnswer(HostRequest request) {
    HostRequest streaming = request.connection.streaming;
    return streaming == null || streaming == request;
  }

  private static long longestPiece(HostRequest request, long from) {
    return Math.min(
        request.offsetBytes + request.lengthBytes,
        (from / BlockMask.TRACK_BYTES + HostRequest.READ_TRACKS_MAX) * BlockMask.TRACK_BYTES);
  }

  private Outcome pieceDone(HostRequest request, long bytes) {
    unpin(request);
    request.doneBytes += bytes;
    if (request.doneBytes == request.lengthBytes) {
      return Outcome.DONE;
    }
    tellPiece(request, request.offsetBytes + request.doneBytes);
    return Outcome.PROGRESS;
  }

  /// `DONE`: all of the piece is here, its slots pinned.
  private Outcome gather(HostRequest request, long from) {
    pieceEnd = longestPiece(request, from);
    int firstTrack = (int) (from / BlockMask.TRACK_BYTES);
    int endTrack = (int) ((pieceEnd - 1) / BlockMask.TRACK_BYTES) + 1;
    boolean whole = true;
    for (int track = firstTrack; track < endTrack; track++) {
      look(request.volume.index(), track, firstBlock(track, from), endBlock(track, pieceEnd));
      if (image.hasUnreleased() && request.command == HostCommand.READ) {
        whole = false;
        continue;
      }
      if (image.isWhole()) {
        continue;
      }
      int slot = leaveIfStranded(request.slots[track - firstTrack]);
      if (slot == SlotDirectory.NONE) {
        slot = acquire(request, track);
        request.slots[track - firstTrack] = slot;
        if (slot == SlotDirectory.NONE && track == firstTrack) {
          if (slots.isStarved(request.volume.index())) {
            unpin(request);
            return Outcome.FAILED;
          }
          unpinSlots(request);
          lineUp(request);
          return Outcome.WAITING;
        }
        if (slot == SlotDirectory.NONE) {
          pieceEnd = (long) track * BlockMask.TRACK_BYTES;
          break;
        }
        slots.pin(slot);
        // An older failure is somebody else's: this read has the drive tried again.
        slots.want(slot, image.missingLow(), image.missingHigh());
      }
      if (!slots.covers(slot, image.missingLow(), image.missingHigh())) {
        if (slots.failed(slot, image.missingLow(), image.missingHigh())) {
          unpin(request);
          return Outcome.FAILED;
        }
        slots.want(slot, image.missingLow(), image.missingHigh());
        whole = false;
      }
    }
    return whole ? Outcome.DONE : Outcome.WAITING;
  }

  /// A drive that came in doubt may write into the slot at any time: another is needed.
  private int leaveIfStranded(int slot) {
    if (slot == SlotDirectory.NONE || !slots.isStranded(slot)) {
      return slot;
    }
    slots.unpin(slot);
    return SlotDirectory.NONE;
  }

  /// Whether all of the blocks is here or known to be zero, and what is not.
  private void look(int volumeIndex, int track, int fromBlock, int toBlock) {
    image.look(volumeIndex, track, fromBlock, toBlock);
    if (memory.zeroTracks(volumeIndex).isZero(track)) {
      image.nothingIsMissing();
    }
  }

  private void send(HostRequest request, long from, long end) {
    if (!request.replyBegun) {
      request.replyBegun = true;
      request.connection.streaming = request;
      host.beginData(
          request.connection.id, request.cookie, request.offsetBytes, request.lengthBytes);
      if (request.has(HostFlags.ONE_EXTENT)) {
        host.dataExtent(request.connection.id, request.lengthBytes);
      }
    }
    findRuns(request, from, end);
    int index = 0;
    while (index < runCount) {
      if (isZeroRun(index) && !request.has(HostFlags.ONE_EXTENT)) {
        host.zeroExtent(request.connection.id, runBytes[index]);
        index++;
      } else {
        index = sendData(request, index);
      }
    }
  }

  /// Runs of data up to the next long one of zeroes, as one extent; returns where that is.
  private int sendData(HostRequest request, int first) {
    int id = request.connection.id;
    boolean anyZeroes = request.has(HostFlags.ONE_EXTENT);
    int end = first;
    long bytes = 0;
    while (end < runCount && (anyZeroes || !isZeroRun(end))) {
      bytes += runBytes[end];
      end++;
    }
    if (!anyZeroes) {
      host.dataExtent(id, bytes);
    }
    for (int index = first; index < end; index++) {
      host.data(id, runAddress[index], runBytes[index]);
    }
    return end;
  }

  private boolean isZeroRun(int index) {
    return runAddress[index] == zeroesAddress && runBytes[index] >= ZERO_RUN_BYTES_MIN;
  }

  /// Where the bytes of the piece are, run by run.
  private void findRuns(HostRequest request, long from, long end) {
    runCount = 0;
    int firstTrack = (int) (from / BlockMask.TRACK_BYTES);
    int endTrack = (int) ((end - 1) / BlockMask.TRACK_BYTES) + 1;
    for (int track = firstTrack; track < endTrack; track++) {
      int fromBlock = firstBlock(track, from);
      int toBlock = endBlock(track, end);
      image.lay(request.volume.index(), track, fromBlock, toBlock);
      int block = fromBlock;
      while (block < toBlock) {
        int owner = image.ownerOf(block);
        int runFrom = block;
        while (block < toBlock && image.ownerOf(block) == owner) {
          block++;
        }
        addRun(request, track, runFrom, block, owner, request.slots[track - firstTrack], from, end);
      }
    }
  }

  private void addRun(
      HostRequest request,
      int track,
      int fromBlock,
      int toBlock,
      int owner,
      int slot,
      long from,
      long end) {
    long trackBytes = (long) track * BlockMask.TRACK_BYTES;
    long runFrom = Math.max(from, trackBytes + (long) fromBlock * BlockMask.BLOCK_BYTES);
    long runEnd = Math.min(end, trackBytes + (long) toBlock * BlockMask.BLOCK_BYTES);
    long address;
    if (owner == WriteRecords.NONE) {
      address = memory.zeroTracks(request.volume.index()).isZero(track)
          ? zeroesAddress
          : slots.addressOf(slot) + (runFrom - trackBytes);
    } else if (records.isZeroes(owner)) {
      address = zeroesAddress;
    } else {
      address = records.addressOf(owner) + (runFrom - records.offsetOf(owner));
    }
    runAddress[runCount] = address;
    runBytes[runCount] = (int) (runEnd - runFrom);
    runCount++;
  }

  /// True if the newest content of blocks `from` to `to` (excluded) of the track is here; if the
  /// drive has to be asked first, the request's merge slot waits for them. Failure is told by
  /// [#mergeFailed].
  boolean hasNewest(HostRequest request, int track, int from, int to) {
    look(request.volume.index(), track, from, to);
    if (image.isWhole()) {
      return true;
    }
    request.mergeSlot = leaveIfStranded(request.mergeSlot);
    if (request.mergeSlot == SlotDirectory.NONE) {
      request.mergeSlot = acquire(request, track);
      if (request.mergeSlot == SlotDirectory.NONE) {
        lineUp(request);
        return false;
      }
      slots.pin(request.mergeSlot);
      slots.forgetFailures(request.mergeSlot);
      slots.want(request.mergeSlot, image.missingLow(), image.missingHigh());
    }
    if (slots.covers(request.mergeSlot, image.missingLow(), image.missingHigh())) {
      return true;
    }
    if (!mergeFailed(request, from, to)) {
      slots.want(request.mergeSlot, image.missingLow(), image.missingHigh());
    }
    return false;
  }

  /// Copies bytes `from` to `to` (excluded) of the track to `target`, newest content, in the
  /// round in which [#hasNewest] said of their blocks that it is here.
  void copyNewest(HostRequest request, int track, int from, int to, long target) {
    int volume = request.volume.index();
    int endBlock = (to + BlockMask.BLOCK_BYTES - 1) / BlockMask.BLOCK_BYTES;
    image.lay(volume, track, from / BlockMask.BLOCK_BYTES, endBlock);
    boolean zeroOnDrive = memory.zeroTracks(volume).isZero(track);
    int at = from;
    while (at < to) {
      int block = at / BlockMask.BLOCK_BYTES;
      int end = Math.min(to, (block + 1) * BlockMask.BLOCK_BYTES);
      int owner = image.ownerOf(block);
      long place = target + (at - from);
      if (image.isZero(block, zeroOnDrive)) {
        Memory.zero(place, end - at);
      } else if (owner == WriteRecords.NONE) {
        Memory.copy(slots.addressOf(request.mergeSlot) + at, place, end - at);
      } else {
        long ofRecord = records.offsetOf(owner) % BlockMask.TRACK_BYTES;
        Memory.copy(records.addressOf(owner) + (at - ofRecord), place, end - at);
      }
      at = end;
    }
  }

  boolean mergeFailed(HostRequest request, int from, int to) {
    return request.mergeSlot == SlotDirectory.NONE
        ? slots.isStarved(request.volume.index())
        : slots.failed(request.mergeSlot, BlockMask.low(from, to), BlockMask.high(from, to));
  }

  void unpinMerge(HostRequest request) {
    leaveLine(request);
    if (request.mergeSlot != SlotDirectory.NONE) {
      slots.unpin(request.mergeSlot);
      request.mergeSlot = SlotDirectory.NONE;
    }
  }

  void unpin(HostRequest request) {
    leaveLine(request);
    unpinSlots(request);
  }

  private void unpinSlots(HostRequest request) {
    for (int i = 0; i < request.slots.length; i++) {
      if (request.slots[i] != SlotDirectory.NONE) {
        slots.unpin(request.slots[i]);
        request.slots[i] = SlotDirectory.NONE;
      }
    }
  }

  // ---- the line for slots ----

  private int acquire(HostRequest request, int track) {
    int volume = request.volume.index();
    if (firstInLine[volume] != null && firstInLine[volume] != request) {
      return SlotDirectory.NONE;
    }
    int slot = slots.acquire(volume, track);
    if (slot != SlotDirectory.NONE) {
      leaveLine(request);
    }
    return slot;
  }

  private void lineUp(HostRequest request) {
    int volume = request.volume.index();
    if (firstInLine[volume] == null && mayAnswer(request)) {
      firstInLine[volume] = request;
    } else if (!mayAnswer(request)) {
      leaveLine(request);
    }
  }

  private void leaveLine(HostRequest request) {
    int volume = request.volume.index();
    if (firstInLine[volume] == request) {
      firstInLine[volume] = null;
      hasLineMoved = true;
    }
  }

  /// True if somebody has left the line since this was asked last: whoever was turned away for
  /// its sake may get a slot now.
  boolean pollLineMoved() {
    boolean moved = hasLineMoved;
    hasLineMoved = false;
    return moved;
  }

  private static int firstBlock(int track, long fromBytes) {
    long trackBytes = (long) track * BlockMask.TRACK_BYTES;
    return fromBytes <= trackBytes ? 0 : (int) ((fromBytes - trackBytes) / BlockMask.BLOCK_BYTES);
  }

  private static int endBlock(int track, long endBytes) {
    long left = endBytes - (long) track * BlockMask.TRACK_BYTES;
    return left >= BlockMask.TRACK_BYTES
        ? BlockMask.BLOCKS_PER_TRACK
        : (int) ((left + BlockMask.BLOCK_BYTES - 1) / BlockMask.BLOCK_BYTES);
  }
}
