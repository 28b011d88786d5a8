package farside.replay;

import farside.port.NvramRegion;
import farside.port.RecorderPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// NVRAM in memory, with what the recorded cabinet found in its own.
final class ReplayedNvram extends NvramRegion {
  private static final int PAGE_BYTES = 4096;

  private final Contents contents;
  private final String lossReason;
  private final ByteBuffer ring;

  ReplayedNvram(Fact opened, Arena arena) {
    super(arena.allocate(opened.number("nvramBytes"), PAGE_BYTES));
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
