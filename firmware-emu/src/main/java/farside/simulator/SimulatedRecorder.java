package farside.simulator;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import farside.port.RecorderPort;
import java.nio.ByteBuffer;

/// The flight recorder's part of a simulated NVRAM. Small, so that it goes round often.
final class SimulatedRecorder implements RecorderPort {
  private static final int SIZE_BYTES = 16 << 10;
  private static final int PAGE_BYTES = 4096;

  private final Runnable beforeStore;
  private final ByteBuffer ring = ByteBuffer.allocate(SIZE_BYTES).order(LITTLE_ENDIAN);

  /// @param beforeStore may kill the process
  SimulatedRecorder(Runnable beforeStore) {
    this.beforeStore = beforeStore;
  }

  @Override
  public int sizeBytes() {
    return SIZE_BYTES;
  }

  @Override
  public long getLong(int offset) {
    return ring.getLong(offset);
  }

  @Override
  public void putLong(int offset, long word) {
    beforeStore.run();
    ring.putLong(offset, word);
  }

  /// Some pages had reached the backing store, of others nothing, or noise, is there.
  void onPowerLoss(Draws draws) {
    for (int offset = 0; offset < SIZE_BYTES; offset += PAGE_BYTES) {
      switch (draws.below(4)) {
        case 0 -> ring.put(offset, new byte[PAGE_BYTES]);
        case 1 -> draws.fill(ring.array(), offset, offset + PAGE_BYTES);
        default -> {}
      }
    }
  }

  byte[] bytes() {
    return ring.array().clone();
  }
}
