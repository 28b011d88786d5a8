package farside.driver.posix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// A regular file, open for reading and writing, that no other process has open in this way.
///
/// The lock is an exclusive `flock` on the very descriptor that does the I/O. The kernel drops
/// it when the last use of that open file is over, *including requests of a killed process that
/// are still on their way*: those were seen to outlive their process by up to 60 ms. Whoever
/// gets the lock therefore knows that no old write can land any more. This is why a busy file
/// is tried again for a while, and why a lock on another descriptor, or a lock file, would not
/// do.
///
/// The lock keeps out other cabinets, not other programs: `dd` asks nobody.
public final class ExclusiveFile {
  /// How long a busy file is tried again before it is refused.
  public static final long BUSY_RETRY_MS = 5_000;

  private static final int MODE_OWNER_ONLY = 0600;
  private static final Path LOCK_TABLE = Path.of("/proc/locks");

  private final int fd;
  private final Path path;
  private FileFacts facts;

  private ExclusiveFile(int fd, Path path, FileFacts facts) {
    this.fd = fd;
    this.path = path;
    this.facts = facts;
  }

  /// Opens the file, creating an empty one if there is none, and takes the lock.
  ///
  /// An empty file is as good as none: it is what a process leaves that was killed while
  /// creating it.
  ///
  /// @param what who wants the file, to begin the text of a refusal, such as `drive D1`
  /// @param extraFlags such as [Posix#O_DIRECT]
  /// @param busyRetryMs how long to try again when another process has it
  public static ExclusiveFile open(String what, Path path, int extraFlags, long busyRetryMs)
      throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    BusyRetry retry = new BusyRetry(busyRetryMs);
    while (true) {
      ExclusiveFile file = tryOpen(what, absolute, extraFlags);
      if (file != null) {
        return file;
      }
      if (!retry.pause(what + ": " + absolute)) {
        throw new IOException(
            what + ": another process holds " + absolute + holder(absolute) + ", and did for "
                + busyRetryMs + " ms. Stop that process, or give this cabinet a file of its own.");
      }
    }
  }

  /// The file, or null if it is busy or was removed under our hands.
  private static ExclusiveFile tryOpen(String what, Path path, int extraFlags) throws IOException {
    // Asked before the open, because a device may act on being opened, and a pipe would block.
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw notRegular(what, path);
    }
    int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_CLOEXEC | extraFlags;
    int fd = Posix.open(path.toString(), flags, MODE_OWNER_ONLY);
    if (fd < 0) {
      throw new IOException(what + ": cannot open " + path + ": " + Posix.strerror(fd) + ". "
          + cureOfOpen(fd, path, extraFlags));
    }
    FileFacts facts = null;
    boolean kept = false;
    try {
      int locked = Posix.flock(fd, Posix.LOCK_EX | Posix.LOCK_NB);
      if (locked == -Posix.EAGAIN || locked == -Posix.EINTR) {
        return null;
      }
      if (locked < 0) {
        throw new IOException(what + ": cannot lock " + path + ": " + Posix.strerror(locked)
            + ". Put it on a file system that supports flock.");
      }
      facts = Posix.fstat(fd);
      if (facts.errorNumber() < 0) {
        throw new IOException(
            what + ": cannot examine " + path + ": " + Posix.strerror(facts.errorNumber()) + ".");
      }
      if (!facts.isRegularFile()) {
        throw notRegular(what, path);
      }
      // A file without a name is one that its maker gave up (no space) between our open and our
      // lock.
      kept = facts.linkCount() > 0;
    } finally {
      if (!kept) {
        Posix.close(fd);
      }
    }
    return kept ? new ExclusiveFile(fd, path, facts) : null;
  }

  private static IOException notRegular(String what, Path path) {
    return new IOException(
        what + ": " + path + " is not a regular file. Name a file, or a path where none is yet.");
  }

  private static String cureOfOpen(int error, Path path, int extraFlags) {
    if (error == -Posix.EINVAL && (extraFlags & Posix.O_DIRECT) != 0) {
      return "Its file system seems to have no direct I/O (O_DIRECT): leave out `direct: true` for it,"
          + " or put the file on another file system.";
    }
    return switch (-error) {
      case Posix.ENOENT -> "Create the directory " + path.getParent() + ".";
      case Posix.EACCES, Posix.EPERM, Posix.EROFS ->
        "Let this user read and write the file and its directory, or name another.";
      case Posix.ENOSPC, Posix.EDQUOT -> "Free space, or name a file elsewhere.";
      case Posix.EISDIR -> "Name a file in it.";
      default -> "Name another file.";
    };
  }

  /// ` (process 123)` if the kernel's lock table says who has the file; else nothing.
  private static String holder(Path path) {
    try {
      Object inode = Files.getAttribute(path, "unix:ino");
      List<String> lines = Files.readAllLines(LOCK_TABLE, StandardCharsets.US_ASCII);
      for (String line : lines) {
        // 3: FLOCK  ADVISORY  WRITE 4711 fe:00:271845 0 EOF
        String[] words = line.trim().split("\\s+");
        if (words.length > 5 && words[1].equals("FLOCK") && words[5].endsWith(":" + inode)) {
          return " (process " + words[4] + ")";
        }
      }
    } catch (IOException | UnsupportedOperationException noTable) {
      // Only a help for the reader; the refusal stands without it.
      return "";
    }
    return "";
  }

  public int fd() {
    return fd;
  }

  /// Absolute, normalized.
  public Path path() {
    return path;
  }

  /// As of the opening, or of the last [#resize].
  public FileFacts facts() {
    return facts;
  }

  /// Sets the size; 0 or minus an error number.
  public int resize(long sizeBytes) {
    int result = Posix.ftruncate(fd, sizeBytes);
    facts = Posix.fstat(fd);
    return result;
  }

  /// Offset of the first byte that is no hole, the size if there is none: no byte before it was
  /// ever written, so all of them read zero. 0 if the file system does not tell.
  public long firstDataBytes() {
    long first = Posix.lseek(fd, 0, Posix.SEEK_DATA);
    return first == -Posix.ENXIO ? facts.sizeBytes() : Math.max(0, first);
  }

  /// Where the file's holes begin and end, in pairs, ascending; none if the file system does not
  /// tell.
  ///
  /// @param countMax holes that are looked for; later ones are not told
  public long[] holes(int countMax) {
    long[] found = new long[16];
    int count = 0;
    long at = 0;
    while (at < facts.sizeBytes() && count < 2 * countMax) {
      long hole = Posix.lseek(fd, at, Posix.SEEK_HOLE);
      if (hole < 0 || hole >= facts.sizeBytes()) {
        break;
      }
      long data = Posix.lseek(fd, hole, Posix.SEEK_DATA);
      long end = data == -Posix.ENXIO ? facts.sizeBytes() : data;
      if (end <= hole) {
        break;
      }
      if (count == found.length) {
        found = Arrays.copyOf(found, 2 * count);
      }
      found[count++] = hole;
      found[count++] = end;
      at = end;
    }
    return Arrays.copyOf(found, count);
  }

  /// Makes the file's size and its name survive the loss of power; 0 or minus an error number.
  public int syncWithName() {
    int result = Posix.fsync(fd);
    return result < 0 ? result : Posix.fsyncDirectory(path.getParent().toString());
  }

  /// Gives the file up, and with it the lock.
  public void close() {
    Posix.close(fd);
  }
}
