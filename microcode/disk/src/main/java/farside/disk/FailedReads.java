package farside.disk;

import farside.cache.BlockMask;
import farside.cache.SlotDirectory;
import farside.port.DriveOutcome;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import org.agrona.collections.LongArrayQueue;

/// Finds out which blocks of a failed read the drive does not give, and reads the others again.
///
/// A read with a medium error goes on in two parts: at the block that the drive named, if it lies
/// within, else in halves, and so on down to single blocks of the drive. What the drive names is
/// a hint and no more: a kernel often names the first block of the request, whichever was bad.
/// So a track with one bad block serves all its others, after some fifteen reads.
///
/// A block that fails on its own is lacking if the peer may have it, else it has failed: those of
/// a local volume, and those that are read for the peer itself, which would only be asked back.
final class FailedReads {
  private final Volume volume;
  private final SlotDirectory slots;
  private final int unit;

  /// Pairs of a slot and a run of its blocks, which counts as being staged.
  private final LongArrayQueue pieces = new LongArrayQueue(16, -1);

  private int slot;
  private int fromBlock;
  private int toBlock;

  /// @param volume what lies on the drive; null for nothing
  FailedReads(int driveBlockBytes, Volume volume, SlotDirectory slots) {
    this.volume = volume;
    this.slots = slots;
    this.unit = Math.max(1, driveBlockBytes / BlockMask.BLOCK_BYTES);
  }

  /// A read of blocks `from` to `to` (excluded) failed.
  void onFailed(int inSlot, int from, int to, DriveOutcome outcome, long firstBadByte) {
    if (slots.isStranded(inSlot)) {
      // Whoever wanted them has another slot.
      slots.onStageDropped(inSlot, from, to);
      return;
    }
    int middle = middleOf(inSlot, from, to, firstBadByte);
    if (outcome == DriveOutcome.MEDIUM_ERROR && from < middle && middle < to) {
      slots.onStageSplit(inSlot);
      add(inSlot, from, middle);
      add(inSlot, middle, to);
    } else if (slots.isPrivate(inSlot) || volume.role() == VolumeRole.LOCAL) {
      slots.onStageEnded(inSlot, from, to, false);
    } else {
      slots.onNotGiven(inSlot, from, to);
    }
  }

  /// Where to cut, at a border between two blocks of the drive; `from` if there is none within.
  private int middleOf(int inSlot, int from, int to, long firstBadByte) {
    long trackBytes = (long) slots.trackOf(inSlot) * BlockMask.TRACK_BYTES;
    long hint = Math.floorDiv(firstBadByte - trackBytes, BlockMask.BLOCK_BYTES);
    long cut = firstBadByte >= 0 && hint > from && hint < to ? hint : from + (to - from + 1) / 2;
    return (int) Math.max(from, cut - cut % unit);
  }

  private void add(int inSlot, int from, int to) {
    pieces.addLong((long) inSlot << 16 | from << 8 | to);
  }

  /// True: there is a run that is to be read again.
  boolean poll() {
    if (pieces.isEmpty()) {
      return false;
    }
    long piece = pieces.pollLong();
    slot = (int) (piece >>> 16);
    fromBlock = (int) (piece >>> 8) & 0xFF;
    toBlock = (int) piece & 0xFF;
    return true;
  }

  int slot() {
    return slot;
  }

  int fromBlock() {
    return fromBlock;
  }

  int toBlock() {
    return toBlock;
  }
}
