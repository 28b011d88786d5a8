package farside.replay;

import farside.port.NvramPort;

/// Stands in front of NVRAM and tells the recorder each commit. The stores before it are the
/// directors' own, and what they stored is in the commit's checksum, or in what goes out.
final class RecordedNvram implements NvramPort {
  private final PortRecorder recorder;
  private final NvramPort nvram;

  RecordedNvram(PortRecorder recorder, NvramPort nvram) {
    if (nvram.isPowerSafe()) {
      throw new IllegalArgumentException("a power-safe NVRAM cannot be recorded");
    }
    this.recorder = recorder;
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
    recorder.note(FactKind.NVRAM_COMMIT, 0, offset, word);
    nvram.commit(offset, word);
  }

  @Override
  public void force() {
    recorder.note(FactKind.NVRAM_FORCE, 0);
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
}
