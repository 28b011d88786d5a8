package farside.channel;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.port.HostPort;
import farside.port.Memory;

/// Puts together what a read returns: write records laid over track slots, piece by piece.
///
/// A piece spans at most four tracks. Its slots are pinned all at once or not at all, so that
/// two reads never wait for each other's. Nothing is sent before the whole piece is here.
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

  private static final long ZEROES_BYTES = BlockMask.TRACK_BYTES;

  private final WriteRecords records;
  private final SlotDirectory slots;
  private final HostPort host;
  private final TrackImage image;
  private final long zeroesAddress;

  /// @param zeroesAddress a track of zeroes, never written
  ReadAssembly(GlobalMemory memory, HostPort host, long zeroesAddress) {
    this.records = memory.records();
    this.slots = memory.slots();
    this.host = host;
    this.image = new TrackImage(records);
    this.zeroesAddress = zeroesAddress;
  }

  Outcome step(HostRequest request) {
    if (!host.isWritable(request.connection.id)) {
      return Outcome.WAITING;
    }
    long from = request.offsetBytes + request.doneBytes;
    long end = request.offsetBytes + request.lengthBytes;
    long firstTrack = from / BlockMask.TRACK_BYTES;
    long pieceEnd =
        Math.min(end, (firstTrack + HostRequest.READ_TRACKS_MAX) * BlockMask.TRACK_BYTES);
    int trackCount = (int) ((pieceEnd - 1) / BlockMask.TRACK_BYTES - firstTrack) + 1;

    boolean whole = true;
    for (int i = 0; i < trackCount; i++) {
      int track = (int) firstTrack + i;
      int fromBlock = firstBlock(track, from);
      int toBlock = endBlock(track, pieceEnd);
      image.lay(request.volume.index(), track, fromBlock, toBlock);
      if (image.hasUnreleased()) {
        whole = false;
        continue;
      }
      if (image.isWhole()) {
        continue;
      }
      int slot = request.slots[i];
      if (slot == SlotDirectory.NONE) {
        slot = slots.acquire(request.volume.index(), track);
        if (slot == SlotDirectory.NONE) {
          unpin(request);
          return Outcome.WAITING;
        }
        slots.pin(slot);
        request.slots[i] = slot;
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
    if (!whole) {
      return Outcome.WAITING;
    }
    if (request.connection.streaming != null && request.connection.streaming != request) {
      return Outcome.WAITING;
    }
    send(request, from, pieceEnd, firstTrack, trackCount);
    unpin(request);
    request.doneBytes += pieceEnd - from;
    return request.doneBytes == request.lengthBytes ? Outcome.DONE : Outcome.PROGRESS;
  }

  private void send(HostRequest request, long from, long end, long firstTrack, int trackCount) {
    if (!request.replyBegun) {
      request.replyBegun = true;
      request.connection.streaming = request;
      host.beginData(request.connection.id, request.cookie, request.lengthBytes);
    }
    for (int i = 0; i < trackCount; i++) {
      int track = (int) firstTrack + i;
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
        sendRun(request, track, runFrom, block, owner, request.slots[i], from, end);
      }
    }
  }

  private void sendRun(
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
      address = slots.addressOf(slot) + (runFrom - trackBytes);
    } else if (records.isZeroes(owner)) {
      address = zeroesAddress;
    } else {
      address = records.addressOf(owner) + (runFrom - records.offsetOf(owner));
    }
    host.data(request.connection.id, address, (int) (runEnd - runFrom));
  }

  /// Copies blocks `from` to `to` (excluded) of the track, newest content, to `target`; false
  /// if the drive has to be asked first, in which case the request's merge slot waits for them.
  /// Failure is told by [#mergeFailed].
  boolean copyNewest(HostRequest request, int track, int from, int to, long target) {
    image.lay(request.volume.index(), track, from, to);
    if (!image.isWhole()) {
      if (request.mergeSlot == SlotDirectory.NONE) {
        request.mergeSlot = slots.acquire(request.volume.index(), track);
        if (request.mergeSlot == SlotDirectory.NONE) {
          return false;
        }
        slots.pin(request.mergeSlot);
        slots.forgetFailures(request.mergeSlot);
        slots.want(request.mergeSlot, image.missingLow(), image.missingHigh());
      }
      if (!slots.covers(request.mergeSlot, image.missingLow(), image.missingHigh())) {
        if (!mergeFailed(request, from, to)) {
          slots.want(request.mergeSlot, image.missingLow(), image.missingHigh());
        }
        return false;
      }
    }
    for (int block = from; block < to; block++) {
      int owner = image.ownerOf(block);
      long at = target + (long) (block - from) * BlockMask.BLOCK_BYTES;
      if (owner == WriteRecords.NONE) {
        Memory.copy(
            slots.addressOf(request.mergeSlot) + (long) block * BlockMask.BLOCK_BYTES,
            at,
            BlockMask.BLOCK_BYTES);
      } else if (records.isZeroes(owner)) {
        Memory.zero(at, BlockMask.BLOCK_BYTES);
      } else {
        Memory.copy(
            records.addressOf(owner)
                + (long) (block - records.firstBlock(owner)) * BlockMask.BLOCK_BYTES,
            at,
            BlockMask.BLOCK_BYTES);
      }
    }
    return true;
  }

  boolean mergeFailed(HostRequest request, int from, int to) {
    return request.mergeSlot != SlotDirectory.NONE
        && slots.failed(request.mergeSlot, BlockMask.low(from, to), BlockMask.high(from, to));
  }

  void unpinMerge(HostRequest request) {
    if (request.mergeSlot != SlotDirectory.NONE) {
      slots.unpin(request.mergeSlot);
      request.mergeSlot = SlotDirectory.NONE;
    }
  }

  void unpin(HostRequest request) {
    for (int i = 0; i < request.slots.length; i++) {
      if (request.slots[i] != SlotDirectory.NONE) {
        slots.unpin(request.slots[i]);
        request.slots[i] = SlotDirectory.NONE;
      }
    }
  }

  private static int firstBlock(int track, long fromBytes) {
    long trackBytes = (long) track * BlockMask.TRACK_BYTES;
    return fromBytes <= trackBytes ? 0 : (int) ((fromBytes - trackBytes) / BlockMask.BLOCK_BYTES);
  }

  private static int endBlock(int track, long endBytes) {
    long left = endBytes - (long) track * BlockMask.TRACK_BYTES;
    return left >= ZEROES_BYTES
        ? BlockMask.BLOCKS_PER_TRACK
        : (int) ((left + BlockMask.BLOCK_BYTES - 1) / BlockMask.BLOCK_BYTES);
  }
}
