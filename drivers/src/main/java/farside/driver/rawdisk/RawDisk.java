package farside.driver.rawdisk;

import farside.driver.drive.DriveFacts;
import farside.driver.drive.OpenDrive;
import farside.driver.netty.DiskIo;
import farside.driver.netty.Transport;
import farside.driver.posix.BusyRetry;
import farside.driver.posix.ExclusiveFile;
import farside.driver.posix.Posix;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Opens drives that are whole disks of this machine, or refuses to, with not a byte written.
public final class RawDisk {
  /// Satisfies direct I/O where the kernel does not tell what memory it wants.
  private static final int MEMORY_ALIGN_BYTES_UNTOLD = 512;

  /// What a rig says of one drive.
  ///
  /// @param name such as `D1`
  /// @param path such as `/dev/disk/by-id/ata-...`: where to look, not what to believe
  /// @param erase the rig gives up what is on the disk if it carries no label
  /// @param cabinetSerial whose label is ours
  public record Setup(
      String name,
      Path path,
      DeviceIdentity identity,
      long sizeBytes,
      int blockBytes,
      boolean erase,
      String cabinetSerial) {}

  private RawDisk() {}

  /// Opens the drive and owns it until it is closed.
  ///
  /// @param loop of the processor whose cabinet will use the drive
  /// @param wake wakes that loop from any thread; cheap when it is awake
  public static OpenDrive open(Setup setup, Transport transport, IoEventLoop loop, Runnable wake)
      throws IOException {
    return open(
        setup,
        DeviceTree.ofThisMachine(),
        ExclusiveFile.BUSY_RETRY_MS,
        (fd, answers) ->
            DiskIo.on(transport, loop, wake, fd, OpenDrive.QUEUE_DEPTH, true, answers));
  }

  static OpenDrive open(
      Setup setup, DeviceTree tree, long busyRetryMs, OpenDrive.IoFactory ioFactory)
      throws IOException {
    try {
      Preflight preflight = Preflight.of(setup, tree);
      refuse(preflight.beforeOpening());
      BlockDevice device = openExclusively(setup.path(), busyRetryMs);
      boolean opened = false;
      try {
        Preflight.Judgement judgement = preflight.judge(device);
        refuse(judgement.refusals());
        preflight.forgetPartitions(device);
        DriveFacts facts = factsOf(setup, device, judgement.verdict() == Verdict.ERASE);
        OpenDrive drive = new OpenDrive(facts, device.fd(), device::close, ioFactory);
        opened = true;
        return drive;
      } finally {
        if (!opened) {
          device.close();
        }
      }
    } catch (IOException refused) {
      throw new IOException(
          "drive " + setup.name() + ": " + refused.getMessage() + ". Nothing was written to it.",
          refused);
    }
  }

  /// Looks at the disk without claiming it or writing to it, whoever uses it now.
  public static Examination examine(Setup setup) {
    return Examination.of(setup, DeviceTree.ofThisMachine());
  }

  private static void refuse(List<String> refusals) throws IOException {
    if (!refusals.isEmpty()) {
      throw new IOException(String.join(".\n  Also: ", refusals));
    }
  }

  private static DriveFacts factsOf(Setup setup, BlockDevice device, boolean mayBeLabelled) {
    int memoryAlignBytes = device.facts().directMemoryAlignBytes();
    return new DriveFacts(
        setup.name(),
        setup.identity() + " (" + setup.path() + ")",
        device.sizeBytes(),
        device.blockBytes(),
        0,
        List.of(),
        mayBeLabelled,
        memoryAlignBytes > 0 ? memoryAlignBytes : MEMORY_ALIGN_BYTES_UNTOLD,
        device.blockBytes(),
        // What BLKZEROOUT and BLKDISCARD do, by a call that a ring can carry too. The first frees
        // the space and is refused by a disk that cannot promise zeroes there; BLKDISCARD would
        // not promise them. The second has the kernel write zeroes if the disk knows nothing
        // better.
        List.of(
            Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE,
            Posix.FALLOC_FL_ZERO_RANGE | Posix.FALLOC_FL_KEEP_SIZE));
  }

  /// `O_EXCL` without `O_CREAT` is the kernel's own claim on a disk: refused while it is mounted,
  /// swapped to, part of a RAID, or claimed by another process in this way. As with a file, the
  /// claim lasts until the last request of a killed process has returned, and so is tried again.
  private static BlockDevice openExclusively(Path path, long busyRetryMs) throws IOException {
    int flags = Posix.O_RDWR | Posix.O_EXCL | Posix.O_DIRECT | Posix.O_CLOEXEC;
    BusyRetry retry = new BusyRetry(busyRetryMs);
    while (true) {
      int fd = Posix.open(path.toString(), flags, 0);
      if (fd >= 0) {
        return opened(fd);
      }
      if (fd != -Posix.EBUSY && fd != -Posix.EINTR) {
        throw new IOException(
            path + " cannot be opened: " + Posix.strerror(fd) + ". " + cureOfOpen(fd));
      }
      if (!retry.pause(path.toString())) {
        throw new IOException(path + " is in use by another process or by the kernel, and was for "
            + busyRetryMs + " ms. Stop what uses it: a running rig, a mount in a container, LVM,"
            + " md");
      }
    }
  }

  private static BlockDevice opened(int fd) throws IOException {
    try {
      return new BlockDevice(fd);
    } catch (IOException mute) {
      Posix.close(fd);
      throw mute;
    }
  }

  private static String cureOfOpen(int error) {
    return switch (-error) {
      case Posix.EACCES, Posix.EPERM ->
        "Run as root, let this user read and write the device, or remove its write protection";
      case Posix.EROFS -> "Remove its write protection, or name another disk";
      default -> "See that the disk is attached and answers";
    };
  }
}
