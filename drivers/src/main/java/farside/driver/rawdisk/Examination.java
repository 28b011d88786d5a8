package farside.driver.rawdisk;

import farside.driver.posix.Posix;
import java.io.IOException;
import java.util.List;

/// What a look at a disk has shown.
///
/// @param kernelName such as `sdb`; empty if there is no such disk, and all that follows is too
/// @param model the maker's name for it; empty if it has none
/// @param identities all that tells it from other disks, as a rig would name it
/// @param partitions what the kernel takes for partitions of it; taken away when it is opened
/// @param inUse somebody has claimed it now: a running rig, if it is ours
/// @param label what the label area holds
/// @param contents what else is known to be on it: a guest's own, if it is ours
/// @param refusals what speaks against using it, each with the cure; empty unless refused
public record Examination(
    RawDisk.Setup setup,
    String kernelName,
    String model,
    List<String> identities,
    long sizeBytes,
    int blockBytes,
    int physicalBlockBytes,
    List<String> partitions,
    boolean inUse,
    String label,
    List<String> contents,
    Verdict verdict,
    List<String> refusals) {
  public Examination {
    identities = List.copyOf(identities);
    partitions = List.copyOf(partitions);
    contents = List.copyOf(contents);
    refusals = List.copyOf(refusals);
  }

  static Examination of(RawDisk.Setup setup, DeviceTree tree) {
    try {
      Preflight preflight = Preflight.of(setup, tree);
      int fd =
          Posix.open(setup.path().toString(), Posix.O_RDONLY | Posix.O_DIRECT | Posix.O_CLOEXEC, 0);
      if (fd < 0) {
        throw new IOException(
            setup.path() + " cannot be opened: " + Posix.strerror(fd) + ". Run as root");
      }
      try {
        return of(setup, tree, preflight, new BlockDevice(fd));
      } finally {
        Posix.close(fd);
      }
    } catch (IOException refused) {
      return new Examination(
          setup,
          "",
          "",
          List.of(),
          0,
          0,
          0,
          List.of(),
          false,
          "",
          List.of(),
          Verdict.REFUSED,
          List.of(refused.getMessage()));
    }
  }

  private static Examination of(
      RawDisk.Setup setup, DeviceTree tree, Preflight preflight, BlockDevice device)
      throws IOException {
    Preflight.Judgement judgement = preflight.judge(device);
    boolean inUse = isClaimed(setup);
    List<String> refusals = judgement.refusals();
    Verdict verdict = judgement.verdict();
    if (inUse && verdict == Verdict.ERASE) {
      verdict = Verdict.REFUSED;
      refusals = List.of(
          setup.path() + " is in use by another process or by the kernel. Stop what uses it");
    }
    return new Examination(
        setup,
        preflight.disk().name(),
        tree.model(preflight.disk()),
        preflight.identities(),
        device.sizeBytes(),
        device.blockBytes(),
        device.physicalBlockBytes(),
        tree.partitions(preflight.disk()).stream().map(DeviceTree.Node::name).toList(),
        inUse,
        judgement.label(),
        judgement.signatures().stream().map(Signature.Found::toString).toList(),
        verdict,
        refusals);
  }

  /// Claims the disk for a moment to see whether that is possible. A rig that starts just then
  /// finds it busy, and tries again for longer than that.
  private static boolean isClaimed(RawDisk.Setup setup) {
    int fd =
        Posix.open(setup.path().toString(), Posix.O_RDONLY | Posix.O_EXCL | Posix.O_CLOEXEC, 0);
    if (fd >= 0) {
      Posix.close(fd);
    }
    return fd == -Posix.EBUSY;
  }
}
