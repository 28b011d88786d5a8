package farside.cache;

import java.util.Arrays;

/// Which tracks are to be in the cache before a host that reads in order asks for them.
///
/// The channel adapter tells what hosts read, and the disk adapter asks what to stage when
/// nothing else is to be done. Per volume a few hosts are followed, each by the track that it
/// would read next if it reads in order; one that does has a window of tracks ahead of it,
/// which doubles as it goes on. All windows together never hold more than a small share of the
/// slots; those of a host that does not come are given away before any others.
///
/// Nothing rests on it: a track read ahead lies in its slot as any staged track does, with the
/// same rules for what is written meanwhile, and one that is not there is staged when asked for.
public final class ReadAhead {
  private static final int STREAMS = 8;
  private static final int WINDOW_MAX_TRACKS = 32;

  /// Who has read nothing while hosts of the cabinet read so often has ended, or rests: its
  /// window is others'. There is no clock for it.
  static final int IDLE_READS_MAX = 1024;

  private static final int IDLE_LOOK_READS = 256;

  private final SlotDirectory slots;
  private final ZeroTracks[] zeroTracks;
  private final long[] volumeBytes;
  private final ReadStream[][] streams;

  /// Volumes of which something may have to be staged.
  private final boolean[] due;

  private final long[] stagedTracks;
  private final long[] usedTracks;
  private long reads;
  private int provenCount;

  ReadAhead(SlotDirectory slots, ZeroTracks[] zeroTracks, long[] volumeBytes) {
    this.slots = slots;
    this.zeroTracks = zeroTracks.clone();
    this.volumeBytes = volumeBytes.clone();
    due = new boolean[volumeBytes.length];
    stagedTracks = new long[volumeBytes.length];
    usedTracks = new long[volumeBytes.length];
    streams = new ReadStream[volumeBytes.length][STREAMS];
    for (ReadStream[] ofVolume : streams) {
      Arrays.setAll(ofVolume, i -> new ReadStream());
    }
  }

  // ---- what hosts read ----

  /// A host reads tracks `firstTrack` to `endTrack` (excluded), or part of them.
  public void onRead(int volume, int firstTrack, int endTrack) {
    reads++;
    if (reads % IDLE_LOOK_READS == 0) {
      endIdle();
    }
    ReadStream stream = streamOf(volume, firstTrack, endTrack);
    if (stream == null) {
      stream = leastOf(volume);
      forsake(volume, stream);
      stream.begin(endTrack);
    } else {
      int before = stream.next();
      if (stream.onRead(firstTrack, endTrack)) {
        onStep(volume, stream, before);
      }
    }
    stream.setLastRead(reads);
  }

  private ReadStream streamOf(int volume, int firstTrack, int endTrack) {
    ReadStream near = null;
    for (ReadStream stream : streams[volume]) {
      if (stream.isContinuedBy(firstTrack, endTrack)) {
        return stream;
      }
      if (stream.isNear(firstTrack, endTrack)) {
        near = stream;
      }
    }
    return near;
  }

  /// The one to be forgotten for another: the oldest that is not proven. So reads here and there
  /// do not drive out those that go on.
  private ReadStream leastOf(int volume) {
    ReadStream least = streams[volume][0];
    for (ReadStream stream : streams[volume]) {
      boolean isLess = stream.isProven() == least.isProven()
          ? stream.lastRead() < least.lastRead()
          : least.isProven();
      if (isLess) {
        least = stream;
      }
    }
    return least;
  }

  private void onStep(int volume, ReadStream stream, int before) {
    for (int track = before; track < stream.next(); track++) {
      usedTracks[volume] += slots.onReached(volume, track) ? 1 : 0;
    }
    int tracks = tracksOf(volume);
    if (stream.next() >= tracks) {
      forsake(volume, stream);
      stream.end();
    } else if (stream.isProven() || stream.isToBeProven() && slots.aheadMax() > 0) {
      provenCount += stream.isProven() ? 0 : 1;
      int most = Math.max(1, slots.aheadMax() / provenCount);
      stream.widen(Math.min(most, WINDOW_MAX_TRACKS), tracks);
      due[volume] |= stream.wantsMore();
    }
  }

  private void endIdle() {
    for (int volume = 0; volume < streams.length; volume++) {
      for (ReadStream stream : streams[volume]) {
        if (stream.isProven() && reads - stream.lastRead() > IDLE_READS_MAX) {
          forsake(volume, stream);
          stream.end();
        }
      }
    }
  }

  /// Nobody comes for what was read ahead.
  private void forsake(int volume, ReadStream stream) {
    if (stream.isProven()) {
      provenCount--;
      for (int track = stream.next(); track < stream.aheadEnd(); track++) {
        slots.onForsaken(volume, track);
      }
    }
  }

  // ---- what is to be staged ----

  /// Finds tracks that lie side by side on the drive and gives each a slot. They count as being
  /// read from now on: the caller reads [#blocksOf] each at once.
  ///
  /// @param found takes the slots
  /// @return how many; 0: nothing is to be read ahead now
  public int take(int volume, int[] found) {
    if (due[volume]) {
      for (ReadStream stream : streams[volume]) {
        int count = takeFor(volume, stream, found);
        if (count > 0) {
          stagedTracks[volume] += count;
          return count;
        }
      }
      // Either all is read, or it has to wait for slots; then the next read asks again.
      due[volume] = false;
    }
    return 0;
  }

  private int takeFor(int volume, ReadStream stream, int[] found) {
    int count = 0;
    while (stream.wantsMore() && count < found.length) {
      int track = stream.aheadEnd();
      boolean isKnown =
          slots.find(volume, track) != SlotDirectory.NONE || zeroTracks[volume].isZero(track);
      if (isKnown && count > 0) {
        break;
      }
      if (!isKnown) {
        int slot = slots.acquireAhead(volume, track);
        if (slot == SlotDirectory.NONE) {
          break;
        }
        slots.onStageStarted(slot, 0, blocksOf(volume, track));
        found[count++] = slot;
      }
      stream.onAhead();
    }
    return count;
  }

  /// Blocks of the track that lie within the volume.
  public int blocksOf(int volume, int track) {
    long left = volumeBytes[volume] - (long) track * BlockMask.TRACK_BYTES;
    return (int) Math.min(left / BlockMask.BLOCK_BYTES, BlockMask.BLOCKS_PER_TRACK);
  }

  private int tracksOf(int volume) {
    return (int) ((volumeBytes[volume] + BlockMask.TRACK_BYTES - 1) / BlockMask.TRACK_BYTES);
  }

  /// Tracks of the volume that were read ahead.
  public long stagedTracks(int volume) {
    return stagedTracks[volume];
  }

  /// Those of them that a host came to while they were there.
  public long usedTracks(int volume) {
    return usedTracks[volume];
  }
}
