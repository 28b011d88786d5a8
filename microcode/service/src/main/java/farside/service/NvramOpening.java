package farside.service;

import farside.cache.NvramLayout;
import farside.director.CabinetRefused;
import farside.port.NvramPort;
import farside.port.RandomPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The first step of IML: is what the NVRAM holds to be believed? If not, it begins a new life,
/// under a new incarnation, before anything is read from it.
public final class NvramOpening {
  private static final int ZEROES_BYTES = 4096;

  private NvramOpening() {}

  /// Returns what was found. After it the region holds a valid superblock for the layout.
  public static NvramPort.Contents open(NvramPort nvram, NvramLayout layout, RandomPort random) {
    boolean formatted = nvram.getLong(NvramLayout.MAGIC_OFFSET) == NvramLayout.MAGIC;
    NvramPort.Contents contents = nvram.contents();
    if (contents.isBelieved() && formatted) {
      if (nvram.getLong(NvramLayout.FINGERPRINT_OFFSET) != layout.fingerprint()) {
        throw new CabinetRefused(
            "NVRAM was laid out for other volumes, or another nvram size, than the rig now says. "
                + "Put the rig file back as it was; or, after a clean shutdown, remove the nvram file: "
                + "what it knows of the pairs is then lost, and copied again where needed.");
      }
      return contents;
    }
    format(nvram, layout, random);
    return contents == NvramPort.Contents.LOST ? contents : NvramPort.Contents.BLANK;
  }

  private static void format(NvramPort nvram, NvramLayout layout, RandomPort random) {
    nvram.commit(NvramLayout.MAGIC_OFFSET, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeroes = arena.allocate(ZEROES_BYTES, Long.BYTES);
      long end = layout.frameOffset(0);
      for (long offset = Long.BYTES; offset < end; offset += ZEROES_BYTES) {
        nvram.putBytes(offset, zeroes.address(), (int) Math.min(ZEROES_BYTES, end - offset));
      }
    }
    nvram.putLong(NvramLayout.FINGERPRINT_OFFSET, layout.fingerprint());
    nvram.putLong(NvramLayout.INCARNATION_OFFSET, random.nextNonZero());
    nvram.commit(NvramLayout.MAGIC_OFFSET, NvramLayout.MAGIC);
  }
}
