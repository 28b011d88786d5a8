package farside.cache;

import farside.port.NvramPort;

/// The order of writes in this cabinet: 1, 2, 3, ... without end and never twice.
///
/// NVRAM holds only a bound that no number given has reached; it is raised ahead in steps, so
/// that a write costs no store here. After a restart numbers go on from the bound.
public final class WriteNumbers {
  private static final long STEP = 1 << 20;

  private final NvramPort nvram;
  private long last;
  private long bound;

  WriteNumbers(NvramPort nvram) {
    this.nvram = nvram;
  }

  /// IML: goes on above everything that was, or may have been, given.
  public void recover(long highestFound) {
    last = Math.max(highestFound, nvram.getLong(NvramLayout.NUMBER_BOUND_OFFSET));
    bound = last;
  }

  public long next() {
    if (last + 1 >= bound) {
      bound = last + STEP;
      nvram.commit(NvramLayout.NUMBER_BOUND_OFFSET, bound);
    }
    return ++last;
  }

  /// Highest number given.
  public long last() {
    return last;
  }

  /// Goes on above a number that the peer remembers of us, when our own memory of it was lost.
  public void skipTo(long number) {
    if (number > last) {
      last = number;
      bound = last + STEP;
      nvram.commit(NvramLayout.NUMBER_BOUND_OFFSET, bound);
    }
  }
}
