package farside.driver.rawdisk;

import farside.driver.posix.Posix;
import farside.volume.DriveLabel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Judges whether a disk may be used as the rig says, and writes nothing to find out.
///
/// | label          | identity, sizes, use | signatures | `erase` | verdict |
/// |----------------|----------------------|------------|---------|---------|
/// | this cabinet's | as they must be      | any        | any     | OURS    |
/// | none           | as they must be      | none       | given   | ERASE   |
/// | any other case |                      |            |         | REFUSED |
///
/// On a disk of ours the signatures are the guest's own: a volume begins at block 0.
final class Preflight {
  /// What may be done with the disk.
  enum Verdict {
    /// It carries this cabinet's label: open it.
    OURS,
    /// It carries nothing that is known, and the rig gives it up: it may be labelled.
    ERASE,
    REFUSED
  }

  /// @param label what the label area holds, for people
  /// @param signatures of others, found on the disk, whoever they belong to
  /// @param refusals each with what, where and the cure; empty unless refused
  record Judgement(
      Verdict verdict, String label, List<Signature> signatures, List<String> refusals) {}

  private final RawDisk.Setup setup;
  private final DeviceTree tree;
  private final DeviceTree.Node disk;

  private Preflight(RawDisk.Setup setup, DeviceTree tree, DeviceTree.Node disk) {
    this.setup = setup;
    this.tree = tree;
    this.disk = disk;
  }

  /// Finds the disk by its path, without opening it.
  static Preflight of(RawDisk.Setup setup, DeviceTree tree) throws IOException {
    Path path = setup.path();
    if (!Files.exists(path)) {
      throw new IOException("there is no " + path + ". Attach the disk, or correct its path;"
          + " `ls -l /dev/disk/by-id` lists those that are there");
    }
    int mode = (int) Files.getAttribute(path, "unix:mode");
    if ((mode & 0xf000) != 0x6000) {
      throw new IOException(path + " is not a block device. Name a whole disk, such as those in"
          + " /dev/disk/by-id; for a file, use driver: file-disk");
    }
    String number = numberOf((long) Files.getAttribute(path, "unix:rdev"));
    DeviceTree.Node disk = tree.node(number);
    if (tree.isPartition(disk)) {
      throw new IOException(path + " is a partition. Name the whole disk");
    }
    return new Preflight(setup, tree, disk);
  }

  /// Major and minor of a device number as libc packs it, as the kernel writes it.
  private static String numberOf(long device) {
    long major = device >>> 8 & 0xfff | device >>> 32 & ~0xfffL;
    long minor = device & 0xff | device >>> 12 & ~0xffL;
    return major + ":" + minor;
  }

  DeviceTree.Node disk() {
    return disk;
  }

  /// What speaks against opening the disk at all. Asked again when it is open, since a path may
  /// mean another disk from one moment to the next.
  List<String> beforeOpening() throws IOException {
    List<String> refusals = new ArrayList<>();
    checkIdentity(refusals);
    List<DeviceTree.Node> nodes = new ArrayList<>(List.of(disk));
    nodes.addAll(tree.partitions(disk));
    for (DeviceTree.Node node : nodes) {
      for (String use : tree.uses(node)) {
        refusals.add("/dev/" + node.name() + " is " + use
            + ". Release it (umount, swapoff), and see that the machine does not take it again");
      }
      for (String holder : tree.holders(node)) {
        refusals.add("/dev/" + node.name() + " is part of /dev/" + holder
            + ". Stop that (vgchange -an, mdadm --stop, dmsetup remove), or name another disk");
      }
    }
    for (String twin : tree.twins(disk)) {
      refusals.add("/dev/" + twin + " is over the same file as /dev/" + disk.name()
          + ". Detach one of the two: losetup -d /dev/" + twin);
    }
    return refusals;
  }

  private void checkIdentity(List<String> refusals) {
    DeviceIdentity wanted = setup.identity();
    String found = tree.identity(disk, wanted.kind());
    if (found.isEmpty()) {
      refusals.add(setup.path() + " (" + disk.name() + ") has no "
          + wanted.kind().key() + ". " + identitiesOfDisk());
    } else if (!found.equals(wanted.value())) {
      refusals.add(setup.path() + " (" + disk.name() + ") has " + wanted.kind().key() + " "
          + found + ", but the rig says " + wanted.value()
          + ". Attach the right disk, or correct `identity`");
    }
  }

  private String identitiesOfDisk() {
    List<String> has = new ArrayList<>();
    for (DeviceIdentity.Kind kind : DeviceIdentity.Kind.values()) {
      String value = tree.identity(disk, kind);
      if (!value.isEmpty()) {
        has.add(kind.key() + ": " + value);
      }
    }
    return has.isEmpty()
        ? "It has nothing that would tell it from another, so it cannot be used"
        : "It has " + String.join(", ", has) + ": name one of these in `identity`";
  }

  /// All that speaks against using the disk, which is open for reading at least.
  Judgement judge(BlockDevice device) throws IOException {
    List<String> refusals = new ArrayList<>(beforeOpening());
    String number = numberShown(device.facts().specialDeviceNumber());
    if (!number.equals(disk.number())) {
      refusals.add(setup.path() + " was device " + disk.number() + " a moment ago and is " + number
          + " now. Let the machine settle, and try again");
    }
    checkSizes(device, refusals);
    DriveLabel label = null;
    String shown;
    try {
      label = label(device);
      shown = label == null ? "no Farside label" : shownOf(label);
    } catch (UnusableLabelException unusable) {
      shown = unusable.getMessage();
      refusals.add(unusable.getMessage() + ". " + howToRemoveLabel(device));
    }
    if (label != null && !label.serial().equals(setup.cabinetSerial())) {
      refusals.add("its label says " + shownOf(label) + ", and this cabinet is "
          + setup.cabinetSerial() + ". Put it back where it belongs, or, if nothing on it is"
          + " needed, remove the label. " + howToRemoveLabel(device));
    }
    List<Signature> signatures = Signature.on(device);
    if (label == null) {
      for (Signature signature : signatures) {
        refusals.add("it carries " + signature + ". Name another disk, or, if nothing on it is"
            + " needed, remove that first: wipefs --all " + setup.path());
      }
      if (!setup.erase()) {
        refusals.add("it carries no Farside label, and the rig does not give up what is on it."
            + " If nothing on it is needed, add `erase: yes, this one` to the drive");
      }
    }
    Verdict verdict =
        !refusals.isEmpty() ? Verdict.REFUSED : label == null ? Verdict.ERASE : Verdict.OURS;
    return new Judgement(verdict, shown, signatures, List.copyOf(refusals));
  }

  private static String numberShown(long device) {
    return (device >>> 32) + ":" + (device & 0xffffffffL);
  }

  private void checkSizes(BlockDevice device, List<String> refusals) {
    if (device.sizeBytes() != setup.sizeBytes()) {
      refusals.add("it has " + device.sizeBytes() + " bytes, but the rig says " + setup.sizeBytes()
          + ". Name the right disk, or set sizeBytes: " + device.sizeBytes());
    }
    if (device.blockBytes() != setup.blockBytes()) {
      refusals.add("its blocks are " + device.blockBytes() + " bytes, but the rig says "
          + setup.blockBytes() + ". Set blockBytes: " + device.blockBytes()
          + " for this drive and for its volume, or name another disk");
    }
    if (device.isReadOnly()) {
      refusals.add("it is write-protected. Remove the protection, or name another disk");
    }
  }

  private static final class UnusableLabelException extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableLabelException(String message) {
      super(message);
    }
  }

  /// The newest whole label; null if there is no trace of any.
  private static DriveLabel label(BlockDevice device) throws IOException, UnusableLabelException {
    DriveLabel newest = null;
    String unusable = null;
    if (device.sizeBytes() <= DriveLabel.RESERVED_BYTES) {
      return null;
    }
    for (int copy = 0; copy < 2; copy++) {
      long offsetBytes = DriveLabel.offsetOf(copy, device.sizeBytes());
      switch (decode(device.read(offsetBytes, DriveLabel.BYTES))) {
        case DriveLabel.Found.None none -> {}
        case DriveLabel.Found.Unusable bad -> unusable = bad.reason();
        case DriveLabel.Found.Whole whole -> {
          if (newest == null || whole.label().sequence() > newest.sequence()) {
            newest = whole.label();
          }
        }
      }
    }
    if (newest == null && unusable != null) {
      throw new UnusableLabelException(
          "it carries a Farside label that cannot be used: " + unusable);
    }
    return newest;
  }

  private static DriveLabel.Found decode(byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(DriveLabel.BYTES, Long.BYTES);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      return DriveLabel.decode(memory.address());
    }
  }

  private static String shownOf(DriveLabel label) {
    return "cabinet %s, drive %s, volume %04X"
        .formatted(label.serial(), label.driveName(), label.volumeNumber());
  }

  private String howToRemoveLabel(BlockDevice device) {
    long fromMib = device.sizeBytes() / (1 << 20) - 2;
    return "To remove it: dd if=/dev/zero of=%s bs=1M seek=%d oflag=direct"
        .formatted(setup.path(), Math.max(0, fromMib));
  }

  /// What the kernel takes for partitions of the disk is taken away from it, so that nothing on
  /// this machine mounts a guest's file systems. Nothing is changed on the disk.
  void forgetPartitions(BlockDevice device) throws IOException {
    for (DeviceTree.Node partition : tree.partitions(disk)) {
      int result = device.forgetPartition(tree.partitionNumber(partition));
      if (result < 0 && result != -Posix.ENXIO) {
        throw new IOException("the kernel's partition /dev/" + partition.name()
            + " of it cannot be taken away: " + Posix.strerror(result)
            + ". End the program that has it open");
      }
    }
  }
}
