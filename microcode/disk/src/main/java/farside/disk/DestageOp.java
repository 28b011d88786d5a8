package farside.disk;

import farside.cache.BlockMask;
import farside.port.DriveOutcome;

/// One track on its way to the drive: the records whose content it carries, oldest first, and
/// the requests still in flight. Reused.
final class DestageOp {
  final int id;
  int track;
  int[] records = new int[16];
  int recordCount;
  int outstanding;

  /// For each block of the track the record that it is written from, and the first block not
  /// yet submitted: the drive's queue may be too short for all at once.
  final int[] owners = new int[BlockMask.BLOCKS_PER_TRACK];
  int nextBlock;

  /// A request of this operation failed: how the first one did, and where.
  boolean failed;

  DriveOutcome outcome = DriveOutcome.DONE;
  long firstBadByte;

  /// A flush failed meanwhile: what was written before it must be written again.
  boolean again;

  boolean active;

  /// It is one write-through: stable when it has ended.
  boolean through;

  DestageOp(int id) {
    this.id = id;
  }

  void begin(int trackIndex) {
    track = trackIndex;
    recordCount = 0;
    outstanding = 0;
    nextBlock = BlockMask.BLOCKS_PER_TRACK;
    failed = false;
    again = false;
    through = false;
    active = true;
  }

  boolean isOver() {
    return outstanding == 0 && nextBlock == BlockMask.BLOCKS_PER_TRACK;
  }

  void addRecord(int record) {
    if (recordCount == records.length) {
      records = java.util.Arrays.copyOf(records, recordCount * 2);
    }
    records[recordCount++] = record;
  }
}
