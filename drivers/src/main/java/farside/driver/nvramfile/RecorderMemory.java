package farside.driver.nvramfile;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import farside.port.RecorderPort;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The flight recorder's ring, mapped with the NVRAM that it lies behind.
final class RecorderMemory implements RecorderPort {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(LITTLE_ENDIAN);

  private final MemorySegment ring;

  RecorderMemory(MemorySegment ring) {
    this.ring = ring;
  }

  @Override
  public int sizeBytes() {
    return (int) ring.byteSize();
  }

  @Override
  public long getLong(int offset) {
    return ring.get(LONG, offset);
  }

  @Override
  public void putLong(int offset, long word) {
    ring.set(LONG, offset, word);
  }
}
