package farside.cache;

/// Tracks of a volume that are known to read zero on the drive, one bit each, in plain memory.
///
/// The disk adapter keeps it: a bit is cleared before anything else is written to the track,
/// and set when zeroes over all of it have been written. A bit that is clear says nothing. Newer
/// content waits in write records, which are laid over it as over a slot.
public final class ZeroTracks {
  private final long[] words;
  private final long sizeBytes;
  private final int tracks;

  ZeroTracks(long sizeBytes) {
    this.sizeBytes = sizeBytes;
    tracks = (int) ((sizeBytes + BlockMask.TRACK_BYTES - 1) / BlockMask.TRACK_BYTES);
    words = new long[(tracks + 63) >>> 6];
  }

  public boolean isZero(int track) {
    return (words[track >>> 6] >>> track & 1) != 0;
  }

  public void set(int track) {
    words[track >>> 6] |= 1L << track;
  }

  public void clear(int track) {
    words[track >>> 6] &= ~(1L << track);
  }

  /// The tracks that lie wholly within the extent. The last one may be short.
  public void setWithin(long fromBytes, long toBytes) {
    long first = (fromBytes + BlockMask.TRACK_BYTES - 1) / BlockMask.TRACK_BYTES;
    long end = toBytes >= sizeBytes ? tracks : toBytes / BlockMask.TRACK_BYTES;
    for (long track = first; track < end; track++) {
      set((int) track);
    }
  }
}
