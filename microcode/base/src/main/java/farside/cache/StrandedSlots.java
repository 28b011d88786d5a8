package farside.cache;

/// Slots that a drive in doubt was reading into when it stopped answering.
///
/// Nobody can take such a request back: the drive may write into the slot's memory at any time,
/// be it after minutes. So the slot is no track's any more, nothing in it is believed, and it
/// stays busy, at its volume's expense, until the last of its reads has returned.
final class StrandedSlots {
  private final boolean[] stranded;

  /// Per volume: those of them that are busy still.
  private final int[] busyOf;

  StrandedSlots(int slotCount, int volumeCount) {
    stranded = new boolean[slotCount];
    busyOf = new int[volumeCount];
  }

  void add(int slot, int volume) {
    stranded[slot] = true;
    busyOf[volume]++;
  }

  boolean contains(int slot) {
    return slot < stranded.length && stranded[slot];
  }

  /// It is at rest: whoever is given it next may use it.
  void remove(int slot, int volume) {
    stranded[slot] = false;
    busyOf[volume]--;
  }

  int busyOf(int volume) {
    return busyOf[volume];
  }
}
