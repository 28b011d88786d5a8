package farside.channel;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.WriteRecords;
import farside.port.Extents;
import farside.port.HostFlags;

/// What of an extent reads zero: zeroes that wait in write records, and what the drive is known
/// to hold none of. Anything else counts as data, zero or not.
///
/// Content that may not be seen yet counts as data: whoever copies what this report calls data
/// waits for it there.
final class AllocationReport {
  /// Tracks that one answer looks at; the host asks for the rest.
  static final int TRACKS_MAX = 4096;

  private final GlobalMemory memory;
  private final TrackImage image;
  private final Extents extents = new Extents();

  AllocationReport(GlobalMemory memory) {
    this.memory = memory;
    this.image = new TrackImage(memory.records());
  }

  /// Valid until the next call.
  Extents of(HostRequest request) {
    extents.clear();
    int volume = request.volume.index();
    long at = request.offsetBytes;
    long end = at + request.lengthBytes;
    for (int tracks = 0; tracks < TRACKS_MAX && at < end; tracks++) {
      int track = (int) (at / BlockMask.TRACK_BYTES);
      long trackEnd = Math.min(end, (track + 1L) * BlockMask.TRACK_BYTES);
      if (!addTrack(volume, track, at, trackEnd)) {
        break;
      }
      at = trackEnd;
    }
    if (request.has(HostFlags.FIRST_ONLY)) {
      extents.keepFirst();
    }
    return extents;
  }

  private boolean addTrack(int volume, int track, long from, long end) {
    boolean zeroOnDrive = memory.zeroTracks(volume).isZero(track);
    if (memory.records().newestOf(volume, track) == WriteRecords.NONE) {
      return extents.add(end - from, zeroOnDrive);
    }
    int fromBlock = (int) (from % BlockMask.TRACK_BYTES / BlockMask.BLOCK_BYTES);
    long trackBytes = (long) track * BlockMask.TRACK_BYTES;
    int toBlock = (int) ((end - trackBytes + BlockMask.BLOCK_BYTES - 1) / BlockMask.BLOCK_BYTES);
    image.lay(volume, track, fromBlock, toBlock);
    long at = from;
    for (int block = fromBlock; block < toBlock; block++) {
      long blockEnd = Math.min(end, trackBytes + (block + 1L) * BlockMask.BLOCK_BYTES);
      boolean zero = !image.hasUnreleased() && image.isZero(block, zeroOnDrive);
      if (!extents.add(blockEnd - at, zero)) {
        return false;
      }
      at = blockEnd;
    }
    return true;
  }
}
