package farside.cache;

/// One host that reads tracks of a volume in ascending order, or is suspected to.
///
/// | state | when | it has |
/// |-------|------|--------|
/// | empty | nobody is followed | |
/// | suspected | a read was at none of the others | the place where the next one would be |
/// | proven | two reads have gone on from there | a window, which is read ahead |
///
/// Requests of one host may overtake each other: a read somewhat beyond the place is
/// remembered, and counts when what lies between has been read too.
final class ReadStream {
  /// How far reads may overtake each other.
  static final int BEYOND_TRACKS = Long.SIZE;

  /// A read this far behind the place is no new host, but one that was overtaken.
  static final int BEHIND_TRACKS = 16;

  private static final int STEPS_TO_PROVE = 2;
  private static final int WINDOW_MIN_TRACKS = 4;
  private static final int NOWHERE = Integer.MIN_VALUE / 2;

  /// The first track that it has not read.
  private int next = NOWHERE;

  /// Tracks from `next` on that it has read already, one bit each; the lowest is never set.
  private long beyond;

  private int steps;
  private int windowTracks;

  /// Up to here it has been read ahead, and up to there it shall be.
  private int aheadEnd;

  private int aheadGoal;
  private long lastRead;

  void end() {
    next = NOWHERE;
    windowTracks = 0;
  }

  /// Somebody has read up to here.
  void begin(int endTrack) {
    next = endTrack;
    beyond = 0;
    steps = 0;
    windowTracks = 0;
    aheadEnd = endTrack;
    aheadGoal = endTrack;
  }

  /// True if the read goes on from the place, or lies within what it was there before.
  boolean isContinuedBy(int firstTrack, int endTrack) {
    return firstTrack <= next && endTrack >= next;
  }

  boolean isNear(int firstTrack, int endTrack) {
    return firstTrack < next + BEYOND_TRACKS && endTrack > next - BEHIND_TRACKS;
  }

  /// A read of it. True if its place has changed.
  boolean onRead(int firstTrack, int endTrack) {
    if (firstTrack > next) {
      for (int track = firstTrack; track < Math.min(endTrack, next + BEYOND_TRACKS); track++) {
        beyond |= 1L << (track - next);
      }
      return false;
    }
    if (endTrack <= next) {
      return false;
    }
    int step = endTrack - next;
    beyond = step < Long.SIZE ? beyond >>> step : 0;
    int more = Long.numberOfTrailingZeros(~beyond);
    beyond = more < Long.SIZE ? beyond >>> more : 0;
    next = endTrack + more;
    steps++;
    return true;
  }

  boolean isToBeProven() {
    return windowTracks == 0 && steps >= STEPS_TO_PROVE;
  }

  boolean isProven() {
    return windowTracks > 0;
  }

  /// It has gone on: the window grows, up to what it may be at most, and is filled up when half
  /// of it is used, so that the drive gets long requests.
  void widen(int mostTracks, int volumeTracks) {
    windowTracks = Math.min(Math.max(WINDOW_MIN_TRACKS, windowTracks * 2), mostTracks);
    aheadEnd = Math.max(aheadEnd, next);
    if (aheadEnd - next <= windowTracks / 2) {
      aheadGoal = Math.min(next + windowTracks, volumeTracks);
    }
  }

  boolean wantsMore() {
    return isProven() && aheadEnd < aheadGoal;
  }

  void onAhead() {
    aheadEnd++;
  }

  int next() {
    return next;
  }

  int aheadEnd() {
    return aheadEnd;
  }

  long lastRead() {
    return lastRead;
  }

  void setLastRead(long read) {
    lastRead = read;
  }
}
