package farside.cache;

/// In which order slots were last used: a list that runs through arrays, so that a use costs
/// the same however many slots there are.
final class UseOrder {
  private final int[] older;
  private final int[] newer;

  /// Neighbour of both the oldest and the newest.
  private final int end;

  /// Slot 0 counts as the oldest.
  UseOrder(int slotCount) {
    end = slotCount;
    older = new int[slotCount + 1];
    newer = new int[slotCount + 1];
    for (int slot = 0; slot <= slotCount; slot++) {
      older[slot] = slot == 0 ? end : slot - 1;
      newer[slot] = slot == end ? 0 : slot + 1;
    }
  }

  void onUse(int slot) {
    putAfter(slot, older[end]);
  }

  /// It is the first to go.
  void onUseless(int slot) {
    putAfter(slot, end);
  }

  private void putAfter(int slot, int before) {
    if (before == slot) {
      return;
    }
    newer[older[slot]] = newer[slot];
    older[newer[slot]] = older[slot];
    older[slot] = before;
    newer[slot] = newer[before];
    older[newer[before]] = slot;
    newer[before] = slot;
  }

  /// [SlotDirectory#NONE] if there are no slots.
  int oldest() {
    return slotOrNone(newer[end]);
  }

  /// The one used next after it; [SlotDirectory#NONE] if it is the newest.
  int nextAfter(int slot) {
    return slotOrNone(newer[slot]);
  }

  private int slotOrNone(int slot) {
    return slot == end ? SlotDirectory.NONE : slot;
  }
}
