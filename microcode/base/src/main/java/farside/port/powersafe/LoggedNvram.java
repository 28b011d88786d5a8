package farside.port.powersafe;

import farside.port.NvramFilter;
import farside.port.NvramPort;

/// NVRAM whose every change goes to a log as well. It is power-safe together with the filters
/// that hold back what rests on a change: [Outlet].
public final class LoggedNvram extends NvramFilter {
  private final NvramLog log;

  public LoggedNvram(NvramPort nvram, NvramLog log) {
    super(nvram);
    this.log = log;
  }

  public NvramLog log() {
    return log;
  }

  /// The region without its log.
  public NvramPort behind() {
    return nvram;
  }

  @Override
  public boolean isPowerSafe() {
    return true;
  }

  @Override
  public void putByte(long offset, byte value) {
    nvram.putByte(offset, value);
    log.onChanged(offset, Byte.BYTES);
  }

  @Override
  public void putInt(long offset, int value) {
    nvram.putInt(offset, value);
    log.onChanged(offset, Integer.BYTES);
  }

  @Override
  public void putLong(long offset, long value) {
    nvram.putLong(offset, value);
    log.onChanged(offset, Long.BYTES);
  }

  @Override
  public void putBytes(long offset, long sourceAddress, int lengthBytes) {
    nvram.putBytes(offset, sourceAddress, lengthBytes);
    log.onChanged(offset, lengthBytes);
  }

  @Override
  public void onFilled(long offset, int lengthBytes) {
    nvram.onFilled(offset, lengthBytes);
    log.onChanged(offset, lengthBytes);
  }

  @Override
  public void commit(long offset, long word) {
    nvram.commit(offset, word);
    log.onChanged(offset, Long.BYTES);
  }
}
