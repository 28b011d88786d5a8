package farside.cache;

import farside.port.Memory;
import farside.port.NvramPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// NVRAM that can stop the cabinet at a commit chosen beforehand: every store before an earlier
/// commit is there then, of the stores since only those that chance picks.
public final class CrashingNvram implements NvramPort {
  /// The cabinet stops here.
  public static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private record Store(long offset, long before, int bytes) {}

  private final MemorySegment region;
  private final RandomGenerator random;
  private final List<Store> sinceCommit = new ArrayList<>();
  private int commitsLeft = Integer.MAX_VALUE;

  public CrashingNvram(long sizeBytes, RandomGenerator random) {
    region = Arena.ofAuto().allocate(sizeBytes, 4096);
    this.random = random;
  }

  /// The commit after so many more does not happen.
  public void crashAfter(int commits) {
    commitsLeft = commits;
  }

  @Override
  public long sizeBytes() {
    return region.byteSize();
  }

  @Override
  public long address() {
    return region.address();
  }

  @Override
  public byte getByte(long offset) {
    return region.get(ValueLayout.JAVA_BYTE, offset);
  }

  @Override
  public int getInt(long offset) {
    return region.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
  }

  @Override
  public long getLong(long offset) {
    return region.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
  }

  @Override
  public void putByte(long offset, byte value) {
    sinceCommit.add(new Store(offset, getByte(offset), 1));
    region.set(ValueLayout.JAVA_BYTE, offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    sinceCommit.add(new Store(offset, getInt(offset), 4));
    region.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    sinceCommit.add(new Store(offset, getLong(offset), 8));
    region.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
  }

  @Override
  public void putBytes(long offset, long sourceAddress, int lengthBytes) {
    Memory.copy(sourceAddress, address() + offset, lengthBytes);
  }

  @Override
  public void commit(long offset, long word) {
    if (commitsLeft-- == 0) {
      crash();
    }
    sinceCommit.clear();
    region.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, word);
  }

  private void crash() {
    commitsLeft = Integer.MAX_VALUE;
    for (Store store : sinceCommit.reversed()) {
      if (random.nextBoolean()) {
        switch (store.bytes()) {
          case 1 -> region.set(ValueLayout.JAVA_BYTE, store.offset(), (byte) store.before());
          case 4 ->
            region.set(ValueLayout.JAVA_INT_UNALIGNED, store.offset(), (int) store.before());
          default -> region.set(ValueLayout.JAVA_LONG_UNALIGNED, store.offset(), store.before());
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
