package farside.port;

/// Stands in front of NVRAM and passes everything on; what a filter does otherwise it overrides.
public abstract class NvramFilter implements NvramPort {
  protected final NvramPort nvram;

  protected NvramFilter(NvramPort nvram) {
    this.nvram = nvram;
  }

  @Override
  public long sizeBytes() {
    return nvram.sizeBytes();
  }

  @Override
  public long address() {
    return nvram.address();
  }

  @Override
  public byte getByte(long offset) {
    return nvram.getByte(offset);
  }

  @Override
  public int getInt(long offset) {
    return nvram.getInt(offset);
  }

  @Override
  public long getLong(long offset) {
    return nvram.getLong(offset);
  }

  @Override
  public void putByte(long offset, byte value) {
    nvram.putByte(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    nvram.putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    nvram.putLong(offset, value);
  }

  @Override
  public void putBytes(long offset, long sourceAddress, int lengthBytes) {
    nvram.putBytes(offset, sourceAddress, lengthBytes);
  }

  @Override
  public void onFilled(long offset, int lengthBytes) {
    nvram.onFilled(offset, lengthBytes);
  }

  @Override
  public void commit(long offset, long word) {
    nvram.commit(offset, word);
  }

  @Override
  public void force() {
    nvram.force();
  }

  @Override
  public Contents contents() {
    return nvram.contents();
  }

  @Override
  public String lossReason() {
    return nvram.lossReason();
  }

  @Override
  public boolean isPowerSafe() {
    return nvram.isPowerSafe();
  }
}
