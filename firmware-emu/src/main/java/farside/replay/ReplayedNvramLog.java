package farside.replay;

import farside.port.NvramLogPort;

/// The device under the log of a power-safe NVRAM as it was recorded: writes end when they ended
/// then. Nothing is kept.
final class ReplayedNvramLog implements NvramLogPort {
  private final FactCursor cursor;
  private final String name;
  private String lastError = "";

  ReplayedNvramLog(FactCursor cursor, String name) {
    this.cursor = cursor;
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  /// As large as any log may want it.
  @Override
  public long sizeBytes() {
    return Long.MAX_VALUE;
  }

  /// A log that is begun without one before it reads nothing.
  @Override
  public void readNow(long offsetBytes, long address, int lengthBytes) {
    throw new IllegalStateException("the log of a replay is never read");
  }

  @Override
  public void writeNow(long offsetBytes, long address, int lengthBytes) {}

  @Override
  public void submit(long offsetBytes, long address, int lengthBytes) {}

  @Override
  public Progress poll() {
    Fact next = cursor.peek();
    if (next == null || next.kind() != FactKind.NVRAM_LOG_WRITTEN) {
      return Progress.NONE;
    }
    lastError = next.text("failure");
    return next.number("isDurable") == 1 ? Progress.DONE : Progress.FAILED;
  }

  @Override
  public String lastError() {
    return lastError;
  }
}
