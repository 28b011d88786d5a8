package farside.remote;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.Memory;
import farside.protocol.session.WriteDecoder;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;

/// Takes the peer's writes and copies into this cabinet's NVRAM.
///
/// The acknowledgement that follows says: committed here. That the peer's own drive may still
/// lack the track is committed first; so if the peer loses its memory, this cabinet knows what
/// to give back.
final class IncomingWrites {
  private final GlobalMemory memory;
  private final WriteRecords records;
  private final Volumes volumes;
  private final Labels labels;
  private final EventLog events;
  private final PairDesk desk;
  private final Watermarks watermarks;

  IncomingWrites(
      GlobalMemory memory,
      Volumes volumes,
      Labels labels,
      EventLog events,
      PairDesk desk,
      Watermarks watermarks) {
    this.labels = labels;
    this.events = events;
    this.memory = memory;
    this.records = memory.records();
    this.volumes = volumes;
    this.desk = desk;
    this.watermarks = watermarks;
  }

  static int unitsOf(int payloadBytes) {
    return Math.max(1, (payloadBytes + 4095) / 4096);
  }

  /// Null if the write is committed; else what is wrong with it.
  ///
  /// @param place the record in which the payload lies already; if there is none, it is copied.
  ///     With the write it is committed, else it stays the caller's
  String take(
      WriteDecoder write,
      long payloadAddress,
      int payloadBytes,
      int payloadCrc,
      int place,
      long nowNs) {
    Volume volume = volumes.byNumber(write.volume());
    if (volume == null) {
      return "write for volume " + Volume.nameOf(write.volume()) + ", which is not here";
    }
    boolean copy = write.flags().trackCopy();
    boolean zeroes = write.flags().zeroes();
    boolean target = volume.role() == VolumeRole.R2
        && (volume.pairState() == PairState.SYNCHRONIZED
            || volume.pairState() == PairState.SYNC_IN_PROG);
    boolean restored =
        volume.role() == VolumeRole.R1 && volume.pairState() == PairState.RESTORING && copy;
    if (!(target || restored) || !desk.isLinked(volume.index())) {
      return "write for volume " + volume.name() + ", which is " + volume.role() + " and "
          + volume.pairState();
    }
    long offsetBytes = write.offsetBlocks() * BlockMask.BLOCK_BYTES;
    if (write.offsetBlocks() < 0
        || write.offsetBlocks() > volume.sizeBytes() / BlockMask.BLOCK_BYTES
        || write.lengthBlocks() > BlockMask.BLOCKS_PER_TRACK) {
      return "write for volume " + volume.name() + " at block " + write.offsetBlocks()
          + ", beyond its end";
    }
    int lengthBytes = write.lengthBlocks() * BlockMask.BLOCK_BYTES;
    boolean inTrack = lengthBytes > 0
        && offsetBytes % BlockMask.TRACK_BYTES + lengthBytes <= BlockMask.TRACK_BYTES;
    if (!inTrack
        || offsetBytes < 0
        || offsetBytes > volume.sizeBytes() - lengthBytes
        || payloadBytes != (zeroes ? 0 : lengthBytes)) {
      return "write for volume "
          + volume.name()
          + " at byte "
          + offsetBytes
          + ", "
          + lengthBytes
          + " bytes, payload "
          + payloadBytes;
    }
    if (!copy && write.number() <= memory.peerReceived()) {
      return notNew(volume, write.number());
    }
    // What a source takes back lies among its own writes, whose order FLUSH and watermarks go by:
    // the peer's numbers are of another order.
    long number = restored ? memory.numbers().next() : write.number();
    if (target) {
      volume.table().setPending((int) (offsetBytes / BlockMask.TRACK_BYTES), number);
    }
    if (!commit(
        volume,
        offsetBytes,
        lengthBytes,
        number,
        zeroes,
        copy,
        payloadAddress,
        payloadCrc,
        place,
        nowNs)) {
      return "more was sent than there is room for: the peer exceeded its credit";
    }
    watermarks.mustReach(volume.index(), number);
    if (isAwaitedFromDrive(volume)) {
      // One flush covers all that came meanwhile.
      records.wantFlush(volume.index(), number);
    }
    if (write.number() > memory.peerReceived()) {
      memory.setPeerReceived(write.number());
    }
    return null;
  }

  /// True of a write whose host waits until it is on this drive: that it came tells nobody
  /// anything.
  boolean isAnsweredByWatermark(WriteDecoder write) {
    return !write.flags().trackCopy() && isAwaitedFromDrive(volumes.byNumber(write.volume()));
  }

  private static boolean isAwaitedFromDrive(Volume volume) {
    return volume.ack() == AckMode.STORED && volume.pairState() == PairState.SYNCHRONIZED;
  }

  /// Every session begins behind what is here, and its stream brings nothing twice: so this is
  /// something else under an old number. Its source takes it for received as soon as the next
  /// session begins; so the volume forgets that it was ever paired, and everything is copied.
  private String notNew(Volume volume, long number) {
    events.log(EventCode.WRITE_OUT_OF_ORDER, volume.name(), number, memory.peerReceived());
    volume.become(Standing.fresh(PairState.UNPAIRED, false), "a write came out of order");
    labels.request(volume.driveIndex());
    return "write " + number + " for volume " + volume.name() + " after " + memory.peerReceived();
  }

  private boolean commit(
      Volume volume,
      long offsetBytes,
      int lengthBytes,
      long number,
      boolean zeroes,
      boolean copy,
      long payloadAddress,
      int payloadCrc,
      int place,
      long nowNs) {
    boolean isInPlace = place != IncomingFrames.Places.NONE;
    int done = 0;
    while (done < lengthBytes) {
      int left = lengthBytes - done;
      int record = isInPlace
          ? place
          : records.reserve(zeroes ? 1 : (left + 4095) / 4096, true, volume.index());
      if (record == WriteRecords.NONE) {
        return false;
      }
      int pieceBytes = zeroes ? left : Math.min(left, records.framesOf(record) * 4096);
      int crc = isInPlace ? payloadCrc : 0;
      if (!zeroes && !isInPlace) {
        memory
            .nvram()
            .putBytes(
                records.addressOf(record) - memory.nvram().address(),
                payloadAddress + done,
                pieceBytes);
        crc = pieceBytes == lengthBytes
            ? payloadCrc
            : Memory.crc32c(records.addressOf(record), pieceBytes);
      }
      records.commit(
          record,
          volume.index(),
          offsetBytes + done,
          pieceBytes,
          number,
          zeroes,
          done + pieceBytes == lengthBytes,
          copy,
          crc,
          false,
          false,
          WriteRecords.NONE,
          nowNs);
      done += pieceBytes;
    }
    return true;
  }
}
