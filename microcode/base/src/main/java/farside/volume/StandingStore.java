package farside.volume;

import farside.director.MachineCheck;
import farside.port.Memory;
import farside.port.NvramPort;

/// A volume's standing in NVRAM: two copies, and one word that selects the newer.
///
/// | offset | length | field |
/// |-------:|-------:|-------|
/// | 0 | 8 | commit word: number of changes; its lowest bit selects the copy; 0: none yet |
/// | 64 | 80 | copy 0 |
/// | 144 | 4 | CRC-32C of copy 0 |
/// | 256 | 80 | copy 1 |
/// | 336 | 4 | CRC-32C of copy 1 |
final class StandingStore {
  private static final int COPY0 = 64;
  private static final int COPY1 = 256;

  private final NvramPort nvram;
  private final long offset;

  StandingStore(NvramPort nvram, long offset) {
    this.nvram = nvram;
    this.offset = offset;
  }

  /// The standing last stored; null if none was.
  Standing load() {
    long word = nvram.getLong(offset);
    if (word == 0) {
      return null;
    }
    long copy = copyOffset(word);
    MachineCheck.require(
        crcOf(copy) == nvram.getInt(copy + Standing.BYTES),
        "NVRAM: volume standing at " + copy + " is torn");
    Standing standing = Standing.decode(at -> nvram.getLong(copy + at));
    MachineCheck.require(standing != null, "NVRAM: volume standing at " + copy + " is unreadable");
    return standing;
  }

  void store(Standing standing) {
    long word = nvram.getLong(offset) + 1;
    long copy = copyOffset(word);
    standing.encode((at, value) -> nvram.putLong(copy + at, value));
    nvram.putInt(copy + Standing.BYTES, crcOf(copy));
    nvram.commit(offset, word);
  }

  private long copyOffset(long word) {
    return offset + ((word & 1) == 0 ? COPY0 : COPY1);
  }

  private int crcOf(long copy) {
    return Memory.crc32c(nvram.address() + copy, Standing.BYTES);
  }
}
