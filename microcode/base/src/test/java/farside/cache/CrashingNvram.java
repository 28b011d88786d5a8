package farside.cache;

import farside.port.NvramRegion;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// NVRAM that can stop the cabinet at a commit chosen beforehand: every store before an earlier
/// commit is there then, of the stores since only those that chance picks.
public final class CrashingNvram extends NvramRegion {
  /// The cabinet stops here.
  public static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private record Store(long offset, long before, int bytes) {}

  private final RandomGenerator random;
  private final List<Store> sinceCommit = new ArrayList<>();
  private int commitsLeft = Integer.MAX_VALUE;

  public CrashingNvram(long sizeBytes, RandomGenerator random) {
    super(Arena.ofAuto().allocate(sizeBytes, 4096));
    this.random = random;
  }

  /// The commit after so many more does not happen.
  public void crashAfter(int commits) {
    commitsLeft = commits;
  }

  @Override
  public void putByte(long offset, byte value) {
    sinceCommit.add(new Store(offset, getByte(offset), 1));
    super.putByte(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    sinceCommit.add(new Store(offset, getInt(offset), 4));
    super.putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    sinceCommit.add(new Store(offset, getLong(offset), 8));
    super.putLong(offset, value);
  }

  @Override
  public void commit(long offset, long word) {
    if (commitsLeft-- == 0) {
      crash();
    }
    sinceCommit.clear();
    super.putLong(offset, word);
  }

  private void crash() {
    commitsLeft = Integer.MAX_VALUE;
    for (Store store : sinceCommit.reversed()) {
      if (random.nextBoolean()) {
        switch (store.bytes()) {
          case 1 -> super.putByte(store.offset(), (byte) store.before());
          case 4 -> super.putInt(store.offset(), (int) store.before());
          default -> super.putLong(store.offset(), store.before());
        }
      }
    }
    sinceCommit.clear();
    throw new Crash();
  }

  @Override
  public void force() {}

  @Override
  public Contents contents() {
    return Contents.KEPT;
  }
}
