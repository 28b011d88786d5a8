package farside.port.powersafe;

import farside.port.Memory;
import farside.port.NvramLogPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/// A log device in memory, whose writes end when the test says so.
final class LogInMemory implements NvramLogPort {
  /// Thrown where the test has the process die.
  static final class Died extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static final int SECTOR_BYTES = 512;

  final MemorySegment stored;
  int writesNowLeft = Integer.MAX_VALUE;
  int writes;
  long lastOffsetBytes;
  private byte[] underWay;
  private long offsetBytes;
  private Progress progress = Progress.NONE;

  LogInMemory(long regionBytes) {
    stored = Arena.ofAuto().allocate(NvramLog.bytesFor(regionBytes), 4096);
  }

  boolean isBusy() {
    return underWay != null;
  }

  void complete() {
    MemorySegment.copy(MemorySegment.ofArray(underWay), 0, stored, offsetBytes, underWay.length);
    underWay = null;
    progress = Progress.DONE;
  }

  void fail() {
    underWay = null;
    progress = Progress.FAILED;
  }

  /// The power goes: of the write under way any sectors land.
  void losePower(RandomGenerator random) {
    if (underWay != null) {
      int fate = random.nextInt(3);
      for (int at = 0; at < underWay.length; at += SECTOR_BYTES) {
        if (fate == 0 || fate == 1 && random.nextBoolean()) {
          MemorySegment.copy(
              MemorySegment.ofArray(underWay), at, stored, offsetBytes + at, SECTOR_BYTES);
        }
      }
    }
    underWay = null;
    progress = Progress.NONE;
  }

  @Override
  public String name() {
    return "log in memory";
  }

  @Override
  public long sizeBytes() {
    return stored.byteSize();
  }

  @Override
  public void readNow(long fromBytes, long toAddress, int lengthBytes) {
    MemorySegment.copy(stored, fromBytes, Memory.at(toAddress, lengthBytes), 0, lengthBytes);
  }

  @Override
  public void writeNow(long toBytes, long fromAddress, int lengthBytes) {
    if (writesNowLeft-- == 0) {
      throw new Died();
    }
    MemorySegment.copy(Memory.at(fromAddress, lengthBytes), 0, stored, toBytes, lengthBytes);
  }

  @Override
  public void submit(long toBytes, long fromAddress, int lengthBytes) {
    if (underWay != null || progress != Progress.NONE) {
      throw new IllegalStateException("two writes at a time");
    }
    offsetBytes = toBytes;
    lastOffsetBytes = toBytes;
    underWay = new byte[lengthBytes];
    MemorySegment.copy(
        Memory.at(fromAddress, lengthBytes), 0, MemorySegment.ofArray(underWay), 0, lengthBytes);
    writes++;
  }

  @Override
  public Progress poll() {
    Progress told = progress;
    progress = Progress.NONE;
    return told;
  }

  @Override
  public String lastError() {
    return "it fails";
  }
}
