package farside.disk;

import java.util.BitSet;

/// The tracks of a drive whose destage is due, taken as an elevator goes: upwards from where it
/// stands, and from the bottom again. So a drive with a head, and the page cache of a file, see
/// neighbours one after the other, and no track waits for longer than one way through all.
final class DueTracks {
  private final BitSet due;
  private int standsAt;

  DueTracks(int tracks) {
    due = new BitSet(tracks);
  }

  void add(int track) {
    due.set(track);
  }

  void remove(int track) {
    due.clear(track);
  }

  boolean isEmpty() {
    return due.isEmpty();
  }

  /// The next track at or after `from`, without going round; -1 if there is none.
  int next(int from) {
    return due.nextSetBit(from);
  }

  /// Where the elevator stands: the track after the last one that was taken.
  int standsAt() {
    return standsAt;
  }

  void take(int track) {
    due.clear(track);
    standsAt = track + 1;
  }
}
