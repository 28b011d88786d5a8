package farside.protocol.console;

import java.nio.charset.StandardCharsets;

/// What waits to be sent to the terminal: bounded, because a terminal may never read.
///
/// What does not fit is lost and counted. The caller says so on the screen once there is room.
final class LineOutput {
  static final int WAITING_BYTES_MAX = 8 * 1024;

  private final byte[] waiting = new byte[WAITING_BYTES_MAX];
  private int firstIndex;
  private int waitingBytes;
  private int lostLineCount;
  private boolean isPartLost;

  /// All of the text, or none.
  ///
  /// @param lineCount how many lines are lost if it does not fit
  void put(String text, int lineCount) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > freeBytes()) {
      isPartLost = true;
      lose(lineCount);
      return;
    }
    int end = (firstIndex + waitingBytes) % WAITING_BYTES_MAX;
    int untilWrap = Math.min(bytes.length, WAITING_BYTES_MAX - end);
    System.arraycopy(bytes, 0, waiting, end, untilWrap);
    System.arraycopy(bytes, untilWrap, waiting, 0, bytes.length - untilWrap);
    waitingBytes += bytes.length;
  }

  int take(byte[] into) {
    int takenBytes = Math.min(waitingBytes, into.length);
    int untilWrap = Math.min(takenBytes, WAITING_BYTES_MAX - firstIndex);
    System.arraycopy(waiting, firstIndex, into, 0, untilWrap);
    System.arraycopy(waiting, 0, into, untilWrap, takenBytes - untilWrap);
    firstIndex = (firstIndex + takenBytes) % WAITING_BYTES_MAX;
    waitingBytes -= takenBytes;
    return takenBytes;
  }

  int freeBytes() {
    return WAITING_BYTES_MAX - waitingBytes;
  }

  boolean isEmpty() {
    return waitingBytes == 0;
  }

  /// Counts lines that were not even put.
  void lose(int lineCount) {
    lostLineCount = (int) Math.min(Integer.MAX_VALUE, (long) lostLineCount + lineCount);
  }

  boolean hasLost() {
    return isPartLost || lostLineCount > 0;
  }

  /// How many lines were lost since this was last asked; a part of a line counts as one.
  int takeLostLineCount() {
    int count = isPartLost ? Math.max(1, lostLineCount) : lostLineCount;
    isPartLost = false;
    lostLineCount = 0;
    return count;
  }

  /// Drops what waits, uncounted: whoever wanted it wants it no more.
  void clear() {
    waitingBytes = 0;
  }

  void reset() {
    clear();
    takeLostLineCount();
  }
}
