package farside.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Arrays that were used and are not needed any more, for the next that needs one: a new one
/// would first be zeroed, and lies where no cache of the processor has it.
final class SpareBuffers {
  private static final int BITS_MAX = 30;
  private static final long KEPT_BYTES_MAX = 128 << 20;
  private static final ThreadLocal<SpareBuffers> OF_THREAD =
      ThreadLocal.withInitial(SpareBuffers::new);

  /// Index is the number of bits that their length takes.
  private final List<ArrayDeque<byte[]>> free = new ArrayList<>();

  private long keptBytes;

  private SpareBuffers() {
    for (int bits = 0; bits <= BITS_MAX; bits++) {
      free.add(new ArrayDeque<>(0));
    }
  }

  /// Those of the thread that simulates: what one run leaves is the next one's.
  static SpareBuffers ofThread() {
    return OF_THREAD.get();
  }

  /// It holds anything, and may be longer.
  byte[] take(int lengthBytes) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(1, lengthBytes) - 1);
    byte[] buffer = free.get(bits).poll();
    if (buffer == null) {
      return new byte[1 << bits];
    }
    keptBytes -= buffer.length;
    return buffer;
  }

  /// Nobody looks at it from now on.
  void give(byte[] buffer) {
    if (Integer.bitCount(buffer.length) == 1 && keptBytes < KEPT_BYTES_MAX) {
      keptBytes += buffer.length;
      free.get(Integer.numberOfTrailingZeros(buffer.length)).push(buffer);
    }
  }
}
