package farside.replay;

import farside.port.NvramFilter;
import farside.port.NvramPort;

/// Stands in front of NVRAM and tells the recorder each commit. The stores before it are the
/// directors' own, and what they stored is in the commit's checksum, or in what goes out.
final class RecordedNvram extends NvramFilter {
  private final PortRecorder recorder;

  RecordedNvram(PortRecorder recorder, NvramPort nvram) {
    super(nvram);
    this.recorder = recorder;
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
}
