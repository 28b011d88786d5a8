package farside.driver.nvramfile;

import java.io.IOException;
import java.nio.file.Path;

/// A process that writes records to NVRAM, commits each, and tells on its output which it has
/// committed, until somebody kills it. Record `n` is its number, written into every word of its
/// page.
final class CommittingProcess {
  static final int REGION_BYTES = 1 << 20;
  static final int RECORD_BYTES = 4096;
  static final int RECORD_COUNT = REGION_BYTES / RECORD_BYTES - 1;

  private CommittingProcess() {}

  static long recordOffset(long number) {
    return RECORD_BYTES + number % RECORD_COUNT * RECORD_BYTES;
  }

  /// @param arguments path of the NVRAM file
  public static void main(String[] arguments) throws IOException {
    NvramFile nvram = NvramFile.open(Path.of(arguments[0]), REGION_BYTES);
    for (long number = 1; ; number++) {
      long offset = recordOffset(number);
      for (int at = 0; at < RECORD_BYTES; at += Long.BYTES) {
        nvram.putLong(offset + at, number);
      }
      nvram.commit(0, number);
      System.out.println(number);
    }
  }
}
