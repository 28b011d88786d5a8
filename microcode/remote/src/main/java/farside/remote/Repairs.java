package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.Memory;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import org.agrona.collections.IntArrayList;

/// Writes blocks that came from the peer back to the drive that lost them.
///
/// Each run becomes a write record that only the own drive lacks, and goes the way of every other:
/// destaged in order with what hosts write, tried again if it fails, flushed, there after a crash.
/// A block that a record lies over gets none, since that record rewrites it and is newer. So a
/// repair is never newer than any record of its block, and what comes later wins. The number is
/// the last that the volume can have: a flush that a host asks for covers the repair too, and so
/// fails while the drive does not take it.
///
/// When it is stable it is not read again. The read would mostly be answered by the drive's or the
/// machine's memory and prove nothing; a drive that lies is found by the next read, which asks
/// the peer again. A repair that finds no room in NVRAM is left out for the same reason: the data
/// was served, and the next read tries again. Nobody ever waits for a repair.
final class Repairs {
  private final GlobalMemory memory;
  private final WriteRecords records;
  private final SlotDirectory slots;
  private final EventLog events;
  private final Volume[] volumeOf;
  private final long[] repairedBlocks;

  /// Records on their way to the drive, each pinned until it is stable.
  private final IntArrayList underWay = new IntArrayList();

  /// @param volumes of the cabinet, by index
  Repairs(GlobalMemory memory, Volume[] volumes, EventLog events) {
    this.memory = memory;
    this.records = memory.records();
    this.slots = memory.slots();
    this.events = events;
    volumeOf = volumes;
    repairedBlocks = new long[volumes.length];
  }

  /// Blocks of the volume's drive that were made good since the start.
  long repairedBlocks(int volumeIndex) {
    return repairedBlocks[volumeIndex];
  }

  /// The slot has these blocks from the peer.
  void begin(Volume volume, int slot, long low, long high, long nowNs) {
    int track = slots.trackOf(slot);
    long leftLow = low;
    long leftHigh = high;
    for (int r = records.newestOf(volume.index(), track);
        r != WriteRecords.NONE;
        r = records.olderOf(r)) {
      leftLow &= ~BlockMask.low(records.firstBlock(r), records.endBlock(r));
      leftHigh &= ~BlockMask.high(records.firstBlock(r), records.endBlock(r));
    }
    // The peer's drive may have smaller blocks, and lack a part of one of ours.
    int groupBlocks = volume.blockBytes() / BlockMask.BLOCK_BYTES;
    leftLow = BlockMask.wholeGroups(leftLow, groupBlocks);
    leftHigh = BlockMask.wholeGroups(leftHigh, groupBlocks);
    int block = 0;
    while (block < BlockMask.BLOCKS_PER_TRACK) {
      int from = block;
      while (block < BlockMask.BLOCKS_PER_TRACK && BlockMask.contains(leftLow, leftHigh, block)) {
        block++;
      }
      if (block > from && !commit(volume, slot, from, block, nowNs)) {
        return;
      }
      block++;
    }
  }

  /// Blocks `from` to `to` (excluded); false if there is no room in NVRAM.
  private boolean commit(Volume volume, int slot, int from, int to, long nowNs) {
    int at = from;
    while (at < to) {
      int bytesLeft = (to - at) * BlockMask.BLOCK_BYTES;
      int record = records.reserve((bytesLeft + 4095) / 4096, false, volume.index());
      if (record == WriteRecords.NONE) {
        return false;
      }
      int bytes = Math.min(bytesLeft, records.framesOf(record) * 4096);
      long source = slots.addressOf(slot) + (long) at * BlockMask.BLOCK_BYTES;
      memory.nvram().putBytes(records.addressOf(record) - memory.nvram().address(), source, bytes);
      boolean isSource = volume.role() == VolumeRole.R1;
      records.commit(
          record,
          volume.index(),
          (long) slots.trackOf(slot) * BlockMask.TRACK_BYTES + (long) at * BlockMask.BLOCK_BYTES,
          bytes,
          isSource ? memory.numbers().next() : memory.peerReceived(),
          false,
          true,
          true,
          Memory.crc32c(source, bytes),
          false,
          false,
          WriteRecords.NONE,
          nowNs);
      records.pin(record);
      underWay.addInt(record);
      at += bytes / BlockMask.BLOCK_BYTES;
    }
    return true;
  }

  /// Tells of what has become stable.
  int step() {
    int done = 0;
    int kept = 0;
    for (int i = 0; i < underWay.size(); i++) {
      int record = underWay.getInt(i);
      if (records.isLocalPending(record)) {
        underWay.setInt(kept++, record);
        continue;
      }
      int volume = records.volumeIndexOf(record);
      int blocks = records.lengthOf(record) / BlockMask.BLOCK_BYTES;
      repairedBlocks[volume] += blocks;
      events.log(
          EventCode.BLOCKS_REPAIRED,
          volumeOf[volume].name(),
          blocks,
          records.offsetOf(record),
          repairedBlocks[volume]);
      records.unpin(record);
      done++;
    }
    while (underWay.size() > kept) {
      underWay.removeAt(underWay.size() - 1);
    }
    return done;
  }
}
