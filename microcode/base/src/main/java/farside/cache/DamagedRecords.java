package farside.cache;

import farside.port.NvramRegion;
import farside.port.powersafe.DamageFinder.Damage;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The records whose payload has changed in NVRAM while no process worked with it: those that IML
/// would drop.
public final class DamagedRecords {
  private DamagedRecords() {}

  /// None of a region that is not laid out so: that is refused, or formatted, later.
  public static List<Damage> in(MemorySegment region, NvramLayout layout) {
    Found nvram = new Found(region);
    List<Damage> damaged = new ArrayList<>();
    if (nvram.getLong(NvramLayout.MAGIC_OFFSET) != NvramLayout.MAGIC
        || nvram.getLong(NvramLayout.FINGERPRINT_OFFSET) != layout.fingerprint()) {
      return damaged;
    }
    RecordHeaders headers = new RecordHeaders(nvram, layout);
    for (int record = 0; record < headers.count(); record++) {
      boolean isNeeded = headers.isCommitted(record)
          && (headers.isLocalPending(record) || headers.isRemotePending(record));
      if (isNeeded && headers.isWhole(record) && !headers.isPayloadWhole(record)) {
        damaged.add(new Damage(
            layout.frameOffset(record), headers.lengthBytes(record), headers.payloadCrc(record)));
      }
    }
    return damaged;
  }

  /// A region as it was found.
  private static final class Found extends NvramRegion {
    Found(MemorySegment region) {
      super(region);
    }

    @Override
    public void commit(long offset, long word) {
      throw new UnsupportedOperationException("it is only looked at");
    }

    @Override
    public void force() {
      throw new UnsupportedOperationException("it is only looked at");
    }

    @Override
    public Contents contents() {
      return Contents.KEPT;
    }
  }
}
