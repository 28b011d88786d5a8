package farside.driver.filedisk;

import farside.driver.filedisk.FileDisk.Setup;
import farside.driver.posix.ExclusiveFile;
import farside.driver.posix.FileFacts;
import farside.driver.posix.Posix;
import java.io.IOException;

/// A drive's file, opened and found to be what the rig says, or refused in words.
///
/// @param firstDataBytes offset of the first byte that was ever written, as found at the
///     opening; everything before it reads zero. A process that ended before it wrote, or in
///     the middle of its first label, left nothing that could be lost, and its drive must not
///     be refused for ever
/// @param memoryAlignBytes what addresses of a transfer must be a multiple of
/// @param lengthAlignBytes what offsets and lengths of a transfer must be a multiple of
record DriveFile(
    ExclusiveFile file, long firstDataBytes, int memoryAlignBytes, int lengthAlignBytes) {
  /// Satisfies direct I/O where the kernel does not tell what it wants.
  private static final int ALIGN_BYTES_UNTOLD = 4096;

  static DriveFile open(Setup setup, long busyRetryMs) throws IOException {
    String what = "drive " + setup.name();
    if (setup.blockBytes() <= 0
        || setup.sizeBytes() <= 0
        || setup.sizeBytes() % setup.blockBytes() != 0) {
      throw new IOException(
          what + ": " + setup.sizeBytes() + " bytes are not a whole number of blocks of "
              + setup.blockBytes() + " bytes. Set sizeBytes to a multiple of blockBytes.");
    }
    int extraFlags = setup.direct() ? Posix.O_DIRECT : 0;
    ExclusiveFile file = ExclusiveFile.open(what, setup.path(), extraFlags, busyRetryMs);
    boolean opened = false;
    try {
      FileFacts facts = file.facts();
      int lengthAlign = setup.direct() ? orUntold(facts.directOffsetAlignBytes()) : 1;
      int memoryAlign = setup.direct() ? orUntold(facts.directMemoryAlignBytes()) : 1;
      checkAlignment(what, setup, lengthAlign);
      if (facts.sizeBytes() == 0) {
        make(what, setup, file);
      }
      checkSize(what, setup, file);
      opened = true;
      return new DriveFile(file, file.firstDataBytes(), memoryAlign, lengthAlign);
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private static int orUntold(int alignBytes) {
    return alignBytes > 0 ? alignBytes : ALIGN_BYTES_UNTOLD;
  }

  private static void checkAlignment(String what, Setup setup, int neededBytes) throws IOException {
    if (setup.blockBytes() % neededBytes != 0) {
      throw new IOException(
          what + ": blocks of " + setup.blockBytes() + " bytes, but direct I/O on this file"
              + " system goes by " + neededBytes + " bytes. Set blockBytes: " + neededBytes
              + ", or switch direct I/O off for this drive.");
    }
  }

  private static void make(String what, Setup setup, ExclusiveFile file) throws IOException {
    int result = file.resize(setup.sizeBytes());
    if (result == 0) {
      result = file.syncWithName();
    }
    if (result < 0) {
      String cure = result == -Posix.EFBIG
          ? "Make the drive smaller, or put it on a file system that takes files of that size."
          : "Free space, or put the file elsewhere.";
      throw new IOException(what + ": cannot make " + file.path() + " of " + setup.sizeBytes()
          + " bytes: " + Posix.strerror(result) + ". " + cure);
    }
  }

  private static void checkSize(String what, Setup setup, ExclusiveFile file) throws IOException {
    long foundBytes = file.facts().sizeBytes();
    if (foundBytes != setup.sizeBytes()) {
      throw new IOException(what + ": " + file.path() + " has " + foundBytes
          + " bytes, but the rig says " + setup.sizeBytes()
          + ". Correct sizeBytes, or name another file; nothing was changed.");
    }
  }

  /// What tells this drive from every other: its path, device and inode.
  String identity() {
    FileFacts facts = file.facts();
    return file.path() + " (" + facts.device() + ":" + facts.inode() + ")";
  }
}
