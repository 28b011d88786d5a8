package farside.service;

import farside.port.Memory;
import farside.port.NvramPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// NVRAM that lasts as long as the test.
final class NvramInMemory implements NvramPort {
  private final MemorySegment region;
  Contents contents = Contents.BLANK;

  NvramInMemory(long sizeBytes) {
    region = Arena.ofAuto().allocate(sizeBytes, 4096);
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
    region.set(ValueLayout.JAVA_BYTE, offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    region.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    region.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
  }

  @Override
  public void putBytes(long offset, long sourceAddress, int lengthBytes) {
    Memory.copy(sourceAddress, address() + offset, lengthBytes);
  }

  @Override
  public void commit(long offset, long word) {
    putLong(offset, word);
  }

  @Override
  public void force() {}

  @Override
  public Contents contents() {
    return contents;
  }
}
