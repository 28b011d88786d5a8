package farside.driver.nvramfile;

import farside.driver.drive.OpenDrive;
import farside.driver.netty.DiskIo;
import farside.driver.netty.RoundFlush;
import farside.driver.posix.ExclusiveFile;
import farside.driver.posix.Posix;
import farside.port.NvramLogPort;
import farside.port.powersafe.NvramLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/// The log of a power-safe NVRAM in a file: opened for direct I/O and synchronous data
/// (`O_DIRECT`, `O_DSYNC`), so that a write that has completed is on the device, and allocated
/// in full before use, so that none finds the file system full.
public final class NvramLogFile implements NvramLogPort, RoundFlush {
  /// One write at a time.
  private static final int SLOT = 0;

  private static final int ALIGN_BYTES = 4096;
  private static final int ZEROES_BYTES = 1 << 20;
  private static final int ATTEMPT_MAX = 1_000;

  private final ExclusiveFile file;
  private final long sizeBytes;
  private final DiskIo io;
  private boolean isUnderWay;
  private long offsetBytes;
  private long address;
  private int leftBytes;
  private int attemptCount;
  private Progress progress = Progress.NONE;
  private String lastError = "";
  private boolean closed;

  private NvramLogFile(ExclusiveFile file, long sizeBytes, OpenDrive.IoFactory ioFactory) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    io = ioFactory.over(file.fd(), this::onAnswer);
  }

  /// Opens the file, making it if there is none, and owns it until [#close]: when that has
  /// succeeded, nothing that a killed process had under way can land any more.
  ///
  /// @param regionBytes of the NVRAM that it is the log of
  public static NvramLogFile open(Path path, long regionBytes, OpenDrive.IoFactory ioFactory)
      throws IOException {
    return open(path, regionBytes, ExclusiveFile.BUSY_RETRY_MS, ioFactory);
  }

  static NvramLogFile open(
      Path path, long regionBytes, long busyRetryMs, OpenDrive.IoFactory ioFactory)
      throws IOException {
    ExclusiveFile file =
        ExclusiveFile.open("NVRAM log", path, Posix.O_DIRECT | Posix.O_DSYNC, busyRetryMs);
    boolean opened = false;
    try {
      long sizeBytes = NvramLog.bytesFor(regionBytes);
      refuseForeign(file, sizeBytes);
      allocate(file, sizeBytes);
      NvramLogFile log = new NvramLogFile(file, sizeBytes, ioFactory);
      opened = true;
      return log;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  /// A file that another program, or another NVRAM, has written is not ours to write over.
  private static void refuseForeign(ExclusiveFile file, long sizeBytes) throws IOException {
    long foundBytes = file.facts().sizeBytes();
    boolean isForeign = foundBytes > sizeBytes;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(ALIGN_BYTES, ALIGN_BYTES);
      long readBytes = Posix.pread(file.fd(), page.address(), ALIGN_BYTES, 0);
      // Not yet written, or cut off while it was made: zeroes.
      boolean isZero = page.mismatch(MemorySegment.ofArray(new byte[ALIGN_BYTES])) == -1;
      isForeign |= readBytes < 0
          || !isZero && !(foundBytes == sizeBytes && NvramLog.isLogAt(page.address()));
    }
    if (isForeign) {
      throw new IOException("NVRAM log " + file.path() + " has " + foundBytes
          + " bytes and is not the log of an NVRAM of this size, which has " + sizeBytes
          + ". Nothing was changed. Name another file with nvramLog, or move this one away.");
    }
  }

  private static void allocate(ExclusiveFile file, long sizeBytes) throws IOException {
    boolean isNew = file.facts().sizeBytes() == 0;
    int result = Posix.fallocate(file.fd(), 0, 0, sizeBytes);
    if (result == -Posix.EOPNOTSUPP || result == -Posix.ENOSYS) {
      result = writeZeroes(file.fd(), file.facts().sizeBytes(), sizeBytes);
    }
    if (result == 0) {
      result = file.syncWithName();
    }
    if (result < 0) {
      if (isNew) {
        Files.deleteIfExists(file.path());
      }
      throw new IOException(
          "NVRAM log " + file.path() + ": cannot allocate " + sizeBytes
              + " bytes: " + Posix.strerror(result)
              + ". Free that much space, make the NVRAM smaller, or put the log elsewhere with nvramLog.");
    }
  }

  private static int writeZeroes(int fd, long fromBytes, long toBytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeroes = arena.allocate(ZEROES_BYTES, ALIGN_BYTES);
      long at = fromBytes;
      while (at < toBytes) {
        long result = Posix.pwrite(fd, zeroes.address(), Math.min(ZEROES_BYTES, toBytes - at), at);
        if (result == -Posix.EINTR) {
          continue;
        }
        if (result <= 0) {
          return result < 0 ? (int) result : -Posix.ENOSPC;
        }
        at += result;
      }
      return 0;
    }
  }

  @Override
  public String name() {
    return file.path().toString();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public void readNow(long fromBytes, long toAddress, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      long result = Posix.pread(file.fd(), toAddress + done, lengthBytes - done, fromBytes + done);
      if (result != -Posix.EINTR) {
        done += movedNow("read", result);
      }
    }
  }

  @Override
  public void writeNow(long toBytes, long fromAddress, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      long result = Posix.pwrite(file.fd(), fromAddress + done, lengthBytes - done, toBytes + done);
      if (result != -Posix.EINTR) {
        done += movedNow("written", result);
      }
    }
  }

  /// Whole aligned pieces only: direct I/O cannot go on in the middle of one.
  private int movedNow(String what, long result) {
    int moved = result < 0 ? 0 : (int) (result & -ALIGN_BYTES);
    if (moved == 0) {
      throw new UncheckedIOException(new IOException("NVRAM log " + file.path() + " cannot be "
          + what + ": " + Posix.strerror(result < 0 ? result : -Posix.EIO)
          + ". Repair the device under it; or move the file away, and what only it held is lost."));
    }
    return moved;
  }

  @Override
  public void submit(long toBytes, long fromAddress, int lengthBytes) {
    offsetBytes = toBytes;
    address = fromAddress;
    leftBytes = lengthBytes;
    attemptCount = 0;
    isUnderWay = true;
    io.write(SLOT, offsetBytes, address, leftBytes);
  }

  private void onAnswer(int slot, int result) {
    boolean isTurnedAway = result == -Posix.EINTR || result == -Posix.EAGAIN;
    int moved = result < 0 ? 0 : result & -ALIGN_BYTES;
    if (result < 0 && !isTurnedAway || moved == 0 && ++attemptCount == ATTEMPT_MAX) {
      lastError = Posix.strerror(result < 0 ? result : -Posix.EIO);
      isUnderWay = false;
      progress = Progress.FAILED;
      return;
    }
    offsetBytes += moved;
    address += moved;
    leftBytes -= moved;
    if (leftBytes > 0) {
      io.write(SLOT, offsetBytes, address, leftBytes);
    } else {
      isUnderWay = false;
      progress = Progress.DONE;
    }
  }

  @Override
  public Progress poll() {
    io.poll();
    Progress told = progress;
    progress = Progress.NONE;
    return told;
  }

  @Override
  public String lastError() {
    return lastError;
  }

  @Override
  public void flushRound() {
    io.flushRound();
  }

  /// True if the kernel has no write of the log any more.
  public boolean isQuiet() {
    io.poll();
    io.flushRound();
    return !isUnderWay;
  }

  /// Gives the file up. To be called when the processor has ended, or never was started.
  public void close() {
    if (!closed) {
      closed = true;
      io.close();
      file.close();
    }
  }
}
