package farside.replay;

import farside.port.Memory;
import farside.port.NvramPort;
import farside.port.RecorderPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// NVRAM in memory, with what the recorded cabinet found in its own.
final class ReplayedNvram implements NvramPort {
  private static final int PAGE_BYTES = 4096;

  private final MemorySegment region;
  private final Contents contents;
  private final String lossReason;
  private final ByteBuffer ring;

  ReplayedNvram(Fact opened, Arena arena) {
    region = arena.allocate(opened.number("nvramBytes"), PAGE_BYTES);
    contents = Contents.values()[(int) opened.number("nvramContents")];
    lossReason = opened.text("nvramLossReason");
    ring = ByteBuffer.allocate((int) opened.number("recorderBytes")).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Puts there what was found there.
  void fill(Fact found) {
    byte[] bytes = found.content();
    if (found.kind() == FactKind.NVRAM_FOUND) {
      MemorySegment.copy(
          MemorySegment.ofArray(bytes), 0, region, found.number("offsetBytes"), bytes.length);
    } else {
      ring.put((int) found.number("offsetBytes"), bytes);
    }
  }

  /// The flight recorder's part.
  RecorderPort recorder() {
    return new RecorderPort() {
      @Override
      public int sizeBytes() {
        return ring.capacity();
      }

      @Override
      public long getLong(int offset) {
        return ring.getLong(offset);
      }

      @Override
      public void putLong(int offset, long word) {
        ring.putLong(offset, word);
      }
    };
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
    Memory.copy(sourceAddress, region.address() + offset, lengthBytes);
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

  @Override
  public String lossReason() {
    return lossReason;
  }
}
