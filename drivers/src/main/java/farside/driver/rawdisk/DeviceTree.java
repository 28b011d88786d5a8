package farside.driver.rawdisk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// What the kernel tells of disks without their being opened.
///
/// @param sys where `/sys` is
/// @param proc where `/proc` is
record DeviceTree(Path sys, Path proc) {
  private static final int VPD_HEADER_BYTES = 4;

  /// A disk or a partition.
  ///
  /// @param directory in `/sys`
  /// @param name the kernel's own, such as `sdb`
  /// @param number major and minor, such as `8:16`
  record Node(Path directory, String name, String number) {}

  static DeviceTree ofThisMachine() {
    return new DeviceTree(Path.of("/sys"), Path.of("/proc"));
  }

  /// @param number such as `8:16`
  Node node(String number) throws IOException {
    Path directory = sys.resolve("dev/block").resolve(number).toRealPath();
    return new Node(directory, directory.getFileName().toString(), number);
  }

  boolean isPartition(Node node) {
    return Files.exists(node.directory.resolve("partition"));
  }

  /// What the kernel takes for partitions of the disk, whatever they were made by.
  List<Node> partitions(Node disk) throws IOException {
    List<Node> found = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(disk.directory)) {
      for (Path child : children) {
        if (Files.exists(child.resolve("partition"))) {
          found.add(new Node(child, child.getFileName().toString(), text(child.resolve("dev"))));
        }
      }
    }
    found.sort((one, other) -> Integer.compare(partitionNumber(one), partitionNumber(other)));
    return found;
  }

  int partitionNumber(Node partition) {
    String number = text(partition.directory.resolve("partition"));
    return number.matches("\\d{1,9}") ? Integer.parseInt(number) : 0;
  }

  /// Empty if the disk has none of that kind.
  String identity(Node disk, DeviceIdentity.Kind kind) {
    return switch (kind) {
      case SERIAL -> serial(disk.directory);
      case WWID -> firstText(disk.directory, "wwid", "device/wwid", "dm/uuid");
      case BACKING_FILE -> text(disk.directory.resolve("loop/backing_file"));
      case RAM_DISK -> disk.name.matches("(zram|ram)\\d+") ? disk.name : "";
    };
  }

  private static String serial(Path directory) {
    String serial = firstText(directory, "serial", "device/serial");
    Path page = directory.resolve("device/vpd_pg80");
    if (!serial.isEmpty() || !Files.exists(page)) {
      return serial;
    }
    try {
      byte[] bytes = Files.readAllBytes(page);
      int length = Math.max(0, bytes.length - VPD_HEADER_BYTES);
      return new String(bytes, bytes.length - length, length, StandardCharsets.ISO_8859_1)
          .replace("\0", "")
          .strip();
    } catch (IOException unreadable) {
      return "";
    }
  }

  /// What the maker calls it, for people; empty if it has no such name.
  String model(Node disk) {
    return firstText(disk.directory, "device/model");
  }

  /// Devices that are made of this one, or of a partition of it: LVM, md, device mapper.
  List<String> holders(Node node) throws IOException {
    List<String> found = new ArrayList<>();
    Path directory = node.directory.resolve("holders");
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> holders = Files.newDirectoryStream(directory)) {
        holders.forEach(holder -> found.add(holder.getFileName().toString()));
      }
    }
    Collections.sort(found);
    return found;
  }

  /// Other loop devices over the same file: two drives would be one.
  List<String> twins(Node disk) throws IOException {
    List<String> found = new ArrayList<>();
    String file = identity(disk, DeviceIdentity.Kind.BACKING_FILE);
    if (!file.isEmpty()) {
      try (DirectoryStream<Path> loops = Files.newDirectoryStream(sys.resolve("block"), "loop*")) {
        for (Path loop : loops) {
          String name = loop.getFileName().toString();
          if (!name.equals(disk.name) && text(loop.resolve("loop/backing_file")).equals(file)) {
            found.add(name);
          }
        }
      }
    }
    Collections.sort(found);
    return found;
  }

  /// Where the disk or partition is mounted, as far as this process may see it; `as swap` for a
  /// place that memory is swapped to.
  List<String> uses(Node node) throws IOException {
    List<String> found = new ArrayList<>();
    for (String line : lines(proc.resolve("self/mountinfo"))) {
      // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
      String[] words = line.split(" ");
      if (words.length > 4 && words[2].equals(node.number)) {
        found.add("mounted at " + unescaped(words[4]));
      }
    }
    for (String line : lines(proc.resolve("swaps"))) {
      String path = unescaped(line.split("\\s+")[0]);
      if (path.equals("/dev/" + node.name)) {
        found.add("in use as swap");
      }
    }
    return found;
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file, StandardCharsets.ISO_8859_1) : List.of();
  }

  /// The kernel writes a space in a path as `\040`.
  private static String unescaped(String text) {
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
  }

  private static String firstText(Path directory, String... names) {
    for (String name : names) {
      String text = text(directory.resolve(name));
      if (!text.isEmpty()) {
        return text;
      }
    }
    return "";
  }

  private static String text(Path file) {
    try {
      return Files.exists(file)
          ? Files.readString(file, StandardCharsets.ISO_8859_1).strip()
          : "";
    } catch (IOException goneMeanwhile) {
      return "";
    }
  }
}
