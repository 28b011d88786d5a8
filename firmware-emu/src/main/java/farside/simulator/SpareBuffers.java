package farside.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Arrays that were used and are not needed any more, for the next that needs one: a new one
/// would first be zeroed, and lies where no cache of the processor has it.
final class SpareBuffers {
  private static final int BITS_MAX = 30;

  /// Index is the number of bits that their length takes.
  private final List<ArrayDeque<byte[]>> free = new ArrayList<>();

  SpareBuffers() {
    for (int bits = 0; bits <= BITS_MAX; bits++) {
      free.add(new ArrayDeque<>(0));
    }
  }

  /// It holds anything, and may be longer.
  byte[] take(int lengthBytes) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(1, lengthBytes) - 1);
    byte[] buffer = free.get(bits).poll();
    return buffer == null ? new byte[1 << bits] : buffer;
  }

  /// Nobody looks at it from now on.
  void give(byte[] buffer) {
    if (Integer.bitCount(buffer.length) == 1) {
      free.get(Integer.numberOfTrailingZeros(buffer.length)).push(buffer);
    }
  }
}
