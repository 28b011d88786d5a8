package farside.port;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// NVRAM whose region is mapped or allocated memory, little-endian whatever the machine is: how it
/// is read and stored to. What a commit is, and what is left of the region after whose end, is for
/// those who extend it to say.
public abstract class NvramRegion implements NvramPort {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  protected final MemorySegment region;

  protected NvramRegion(MemorySegment region) {
    this.region = region;
  }

  @Override
  public final long sizeBytes() {
    return region.byteSize();
  }

  @Override
  public final long address() {
    return region.address();
  }

  @Override
  public final byte getByte(long offset) {
    return region.get(ValueLayout.JAVA_BYTE, offset);
  }

  @Override
  public final int getInt(long offset) {
    return region.get(INT, offset);
  }

  @Override
  public final long getLong(long offset) {
    return region.get(LONG, offset);
  }

  @Override
  public void putByte(long offset, byte value) {
    region.set(ValueLayout.JAVA_BYTE, offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    region.set(INT, offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    region.set(LONG, offset, value);
  }

  @Override
  public void putBytes(long offset, long sourceAddress, int lengthBytes) {
    MemorySegment.copy(Memory.at(sourceAddress, lengthBytes), 0, region, offset, lengthBytes);
  }
}
