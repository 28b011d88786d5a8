package farside.disk;

import farside.director.Director;
import org.agrona.collections.IntArrayQueue;
import org.agrona.collections.IntHashSet;
import org.agrona.collections.LongArrayQueue;

/// The tracks of a drive whose last destage failed. Each rests for a while and is then tried
/// again on its own, so that one bad block holds up no other track. What is written to such a
/// track meanwhile waits in NVRAM for the next attempt.
final class FailingTracks {
  static final long RETRY_DELAY_NS = 1_000_000_000;

  private final IntHashSet failing = new IntHashSet();

  /// Those that rest, and until when, oldest first. One that is being tried is in the set only.
  private final IntArrayQueue resting = new IntArrayQueue(16, -1);

  private final LongArrayQueue restingUntilNs = new LongArrayQueue(16, Director.NO_DEADLINE);

  /// A destage of the track failed. True if it is worth telling: a track that goes on failing
  /// is no news, and of many, as when the whole drive is gone, the first, second, fourth, ...
  /// say enough.
  boolean onFailed(int track, long nowNs) {
    boolean isNew = failing.add(track);
    resting.addInt(track);
    restingUntilNs.addLong(nowNs + RETRY_DELAY_NS);
    return isNew && Integer.bitCount(failing.size()) == 1;
  }

  /// All of a destage of the track was written.
  void onWritten(int track) {
    failing.remove(track);
  }

  boolean isEmpty() {
    return failing.isEmpty();
  }

  boolean contains(int track) {
    return failing.contains(track);
  }

  /// The next track that has rested for long enough, or -1.
  int pollDue(long nowNs) {
    if (resting.isEmpty() || !Director.isDue(restingUntilNs.peekLong(), nowNs)) {
      return -1;
    }
    restingUntilNs.pollLong();
    return resting.pollInt();
  }

  long nextDeadlineNs() {
    return resting.isEmpty() ? Director.NO_DEADLINE : restingUntilNs.peekLong();
  }
}
