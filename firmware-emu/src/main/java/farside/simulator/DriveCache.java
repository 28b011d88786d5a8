package farside.simulator;

import java.util.ArrayList;
import java.util.List;

/// What a simulated drive holds: its platters, and the volatile cache in front of them.
///
/// A change that has completed is in the cache; a flush that was submitted after its completion
/// makes it stable. When the cache is lost, each block that was changed since then holds any of
/// its versions.
final class DriveCache {
  private final int blockBytes;
  private final Draws draws;
  private final DriveImage visible;
  private final DriveImage stable;
  private final List<Change> unflushed = new ArrayList<>();

  /// What each block held before it was last written; null until somebody asks for it.
  private DriveImage older;

  private long changeCount;
  private long firstChangeBytes = Long.MAX_VALUE;

  DriveCache(long sizeBytes, int blockBytes, Draws draws) {
    this.blockBytes = blockBytes;
    this.draws = draws;
    this.visible = new DriveImage(sizeBytes);
    this.stable = new DriveImage(sizeBytes);
  }

  /// The run is over.
  void close() {
    unflushed.forEach(change -> change.request.releaseContent());
    unflushed.clear();
    visible.close();
    stable.close();
    if (older != null) {
      older.close();
    }
  }

  /// What a reader sees.
  DriveImage visible() {
    return visible;
  }

  /// What was there before the last writes since this was first asked for.
  DriveImage older() {
    if (older == null) {
      older = new DriveImage(visible.sizeBytes());
      older.copyFrom(visible);
    }
    return older;
  }

  /// What survives a loss of power for certain.
  DriveImage stable() {
    return stable;
  }

  /// Changes so far: what a flush that is submitted now covers.
  long changeCount() {
    return changeCount;
  }

  /// Offset of the lowest change so far.
  long firstChangeBytes() {
    return firstChangeBytes;
  }

  /// Is there, stable, whatever else was to be written there.
  void leave(long offsetBytes, byte[] content) {
    visible.write(offsetBytes, content, 0, content.length);
    stable.copyFrom(visible, offsetBytes, content.length);
    unflushed.removeIf(change -> change.request.offsetBytes == offsetBytes);
  }

  void apply(DriveRequest request) {
    take(new Change(++changeCount, request));
  }

  /// Either what came before a cut, or any of its blocks.
  void applyPart(DriveRequest request) {
    take(partOf(new Change(++changeCount, request)));
  }

  /// A request of a dead process takes effect, as a whole or in part.
  void land(DriveRequest request) {
    Change change = new Change(++changeCount, request);
    take(draws.chance(500) ? change : partOf(change));
  }

  private void take(Change change) {
    if (older != null) {
      older.copyFrom(visible, change.request.offsetBytes, change.request.lengthBytes);
    }
    change.applyTo(visible);
    unflushed.add(change);
  }

  /// A write-through makes itself stable, and all before it or nothing else.
  void settleLast() {
    int last = unflushed.size() - 1;
    Change own = unflushed.get(last);
    boolean isOverAnother = false;
    for (int i = 0; i < last; i++) {
      isOverAnother |= own.request.overlaps(unflushed.get(i).request);
    }
    if (isOverAnother || draws.chance(500)) {
      settle(own.number);
    } else {
      own.applyTo(stable);
      unflushed.remove(last);
      own.request.releaseContent();
    }
  }

  /// A flush that was submitted after so many changes is done.
  void settle(long changesBefore) {
    int count = 0;
    while (count < unflushed.size() && unflushed.get(count).number <= changesBefore) {
      unflushed.get(count).applyTo(stable);
      unflushed.get(count).request.releaseContent();
      count++;
    }
    unflushed.subList(0, count).clear();
  }

  /// What was not flushed survives in parts.
  void lose() {
    for (int i = 0; i < unflushed.size(); i++) {
      loseAllOrPart(unflushed.get(i));
      unflushed.get(i).request.releaseContent();
    }
    unflushed.clear();
    visible.copyFrom(stable);
  }

  private void loseAllOrPart(Change change) {
    switch (draws.below(3)) {
      case 0 -> change.applyTo(stable);
      case 1 -> {
        // Lost as a whole.
      }
      default -> {
        boolean[] drawn = drawBlocks((int) (change.request.lengthBytes / blockBytes));
        if (change.blocks != null) {
          for (int i = 0; i < drawn.length; i++) {
            drawn[i] &= change.blocks[i];
          }
        }
        change.blocks = drawn;
        change.applyTo(stable);
      }
    }
  }

  private Change partOf(Change change) {
    change.blocks = drawBlocks((int) (change.request.lengthBytes / blockBytes));
    return change;
  }

  private boolean[] drawBlocks(int count) {
    boolean[] blocks = new boolean[count];
    boolean prefix = draws.chance(500);
    int cut = draws.below(count + 1);
    for (int i = 0; i < count; i++) {
      blocks[i] = prefix ? i < cut : draws.chance(500);
    }
    return blocks;
  }

  /// A write that the cache holds: all of it, or some blocks.
  private final class Change {
    final DriveRequest request;
    final long number;
    boolean[] blocks;

    Change(long number, DriveRequest request) {
      this.number = number;
      this.request = request;
    }

    void applyTo(DriveImage image) {
      firstChangeBytes = Math.min(firstChangeBytes, request.offsetBytes);
      if (blocks == null) {
        applyTo(image, 0, request.lengthBytes);
        return;
      }
      for (int i = 0; i < blocks.length; i++) {
        if (blocks[i]) {
          applyTo(image, (long) i * blockBytes, blockBytes);
        }
      }
    }

    private void applyTo(DriveImage image, long from, long lengthBytes) {
      if (request.content == null) {
        image.zero(request.offsetBytes + from, lengthBytes);
      } else {
        image.write(request.offsetBytes + from, request.content, (int) from, (int) lengthBytes);
      }
    }
  }
}
