package farside.driver.filedisk;

import farside.driver.drive.DriveFacts;
import farside.driver.drive.OpenDrive;
import farside.driver.netty.DiskIo;
import farside.driver.netty.Transport;
import farside.driver.posix.ExclusiveFile;
import farside.driver.posix.FileFacts;
import farside.driver.posix.Posix;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Opens drives that are sparse files.
public final class FileDisk {
  /// What a rig says of one drive.
  ///
  /// @param name such as `D1`
  /// @param direct true: past the page cache (`O_DIRECT`)
  public record Setup(String name, Path path, long sizeBytes, int blockBytes, boolean direct) {}

  /// Satisfies direct I/O where the kernel does not tell what it wants.
  private static final int ALIGN_BYTES_UNTOLD = 4096;

  /// Holes looked for at the opening: a file that is torn to pieces must not take long.
  private static final int HOLES_MAX = 65_536;

  private FileDisk() {}

  private static List<DriveFacts.ZeroExtent> zeroes(ExclusiveFile file) {
    long[] holes = file.holes(HOLES_MAX);
    List<DriveFacts.ZeroExtent> zeroes = new ArrayList<>(holes.length / 2);
    for (int index = 0; index < holes.length; index += 2) {
      zeroes.add(new DriveFacts.ZeroExtent(holes[index], holes[index + 1]));
    }
    return zeroes;
  }

  /// Opens the drive's file, making it if there is none, and owns it until it is closed.
  ///
  /// @param loop of the processor whose cabinet will use the drive
  /// @param wake wakes that loop from any thread; cheap when it is awake
  public static OpenDrive open(Setup setup, Transport transport, IoEventLoop loop, Runnable wake)
      throws IOException {
    return open(
        setup,
        ExclusiveFile.BUSY_RETRY_MS,
        (fd, answers) ->
            DiskIo.on(transport, loop, wake, fd, OpenDrive.QUEUE_DEPTH, setup.direct(), answers));
  }

  static OpenDrive open(Setup setup, long busyRetryMs, OpenDrive.IoFactory ioFactory)
      throws IOException {
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
      // A process that ended before it wrote, or in the middle of its first label, left nothing
      // that could be lost, and its drive must not be refused for ever: what lies before the
      // first byte that was ever written reads zero.
      DriveFacts driveFacts = new DriveFacts(
          setup.name(),
          identityOf(file),
          setup.sizeBytes(),
          setup.blockBytes(),
          file.firstDataBytes(),
          zeroes(file),
          false,
          memoryAlign,
          lengthAlign,
          List.of(Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE));
      OpenDrive drive = new OpenDrive(driveFacts, file.fd(), file::close, ioFactory);
      opened = true;
      return drive;
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
              + " system goes by " + neededBytes
              + " bytes. Leave out `direct: true` for this drive, or put"
              + " its file on a file system with smaller blocks.");
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
  private static String identityOf(ExclusiveFile file) {
    FileFacts facts = file.facts();
    return file.path() + " (" + facts.device() + ":" + facts.inode() + ")";
  }
}
