package farside.replay;

import farside.port.NvramLogPort;

/// Stands in front of the device under the log of a power-safe NVRAM, and tells the recorder of
/// each write and of its end.
///
/// What a write holds is not told: it is what the directors stored, but for the rest of frames
/// that were never whole, which no director has seen.
final class RecordedNvramLog implements NvramLogPort {
  private final PortRecorder recorder;
  private final NvramLogPort port;

  RecordedNvramLog(PortRecorder recorder, NvramLogPort port) {
    this.recorder = recorder;
    this.port = port;
  }

  @Override
  public String name() {
    return port.name();
  }

  @Override
  public long sizeBytes() {
    return port.sizeBytes();
  }

  @Override
  public void readNow(long offsetBytes, long address, int lengthBytes) {
    port.readNow(offsetBytes, address, lengthBytes);
  }

  @Override
  public void writeNow(long offsetBytes, long address, int lengthBytes) {
    port.writeNow(offsetBytes, address, lengthBytes);
  }

  @Override
  public void submit(long offsetBytes, long address, int lengthBytes) {
    recorder.note(FactKind.NVRAM_LOG_WRITE, 0, lengthBytes);
    port.submit(offsetBytes, address, lengthBytes);
  }

  @Override
  public Progress poll() {
    Progress progress = port.poll();
    if (progress != Progress.NONE) {
      String failure = progress == Progress.FAILED ? port.lastError() : "";
      recorder.note(
          FactKind.NVRAM_LOG_WRITTEN, 0, new String[] {failure}, progress == Progress.DONE ? 1 : 0);
    }
    return progress;
  }

  @Override
  public String lastError() {
    return port.lastError();
  }
}
