package farside.cache;

import farside.port.NvramPort;
import org.agrona.collections.LongArrayQueue;

/// What the *other* mirror of a volume may lack, track by track, in NVRAM (E-40 to E-46).
///
/// *Pending*: the other cabinet has received the track but has not said that it is stable on
/// its drive; the bit clears when its watermark reaches the last number that set it. *Owed*:
/// the other mirror lacks the track (an invalid track of the peer's); it must be copied. What
/// is still in a write record of its own is not here yet: a record carries its two pending bits
/// itself.
///
/// A bit in doubt counts as set: numbers live in memory only, and after a restart, or at a new
/// session, every set bit is given the highest number assigned so far.
public final class TrackTable {
  private final TrackBits pending;
  private final TrackBits owed;

  /// Pairs of (number, track) in the order in which they were set, and per track the newest
  /// number.
  private final LongArrayQueue waiting = new LongArrayQueue(256, -1L);

  private final long[] newestNumber;

  TrackTable(NvramPort nvram, NvramLayout layout, int volumeIndex, int tracks) {
    int words = layout.tableWords(volumeIndex);
    pending = new TrackBits(nvram, layout.pendingOffset(volumeIndex), words, tracks);
    owed = new TrackBits(nvram, layout.owedOffset(volumeIndex), words, tracks);
    newestNumber = new long[tracks];
  }

  public TrackBits pending() {
    return pending;
  }

  public TrackBits owed() {
    return owed;
  }

  /// The other mirror has received the track under this number; remembered until it is stable
  /// there.
  public void setPending(int track, long number) {
    boolean wasClear = pending.set(track);
    long newest = wasClear ? number : Math.max(number, newestNumber[track]);
    newestNumber[track] = newest;
    waiting.addLong(newest);
    waiting.addLong(track);
  }

  /// Everything up to `stableNumber` is stable on the other cabinet's drive.
  public void onStable(long stableNumber) {
    while (!waiting.isEmpty() && waiting.peekLong() <= stableNumber) {
      long number = waiting.pollLong();
      int track = (int) waiting.pollLong();
      if (newestNumber[track] == number) {
        pending.clear(track);
      }
    }
  }

  /// A new session: every pending bit waits for the highest number given so far.
  public void renumber(long assignedNumber) {
    waiting.clear();
    for (int track = pending.next(0); track >= 0; track = pending.next(track + 1)) {
      newestNumber[track] = assignedNumber;
      waiting.addLong(assignedNumber);
      waiting.addLong(track);
    }
  }

  /// The other cabinet lost what it had not made stable: all of it is owed again.
  public void pendingBecomesOwed() {
    for (int track = pending.next(0); track >= 0; track = pending.next(track + 1)) {
      owed.set(track);
      pending.clear(track);
    }
    waiting.clear();
  }

  public void clearPending() {
    pending.clearAll();
    waiting.clear();
  }
}
