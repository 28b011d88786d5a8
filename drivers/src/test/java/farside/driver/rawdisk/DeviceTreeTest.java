package farside.driver.rawdisk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.rawdisk.DeviceIdentity.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Disks that this machine does not have, as a kernel shows them that has.
class DeviceTreeTest {
  @TempDir
  Path directory;

  private DeviceTree tree;
  private Path disk;

  @BeforeEach
  void plugIn() throws IOException {
    tree = new DeviceTree(directory.resolve("sys"), directory.resolve("proc"));
    disk = Files.createDirectories(directory.resolve("sys/devices/host0/block/sdb"));
    Files.createDirectories(directory.resolve("sys/dev/block"));
    Files.createSymbolicLink(directory.resolve("sys/dev/block/8:16"), disk);
  }

  private void put(String file, String text) throws IOException {
    Path path = disk.resolve(file);
    Files.createDirectories(path.getParent());
    Files.write(path, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private String identity(Kind kind) throws IOException {
    return tree.identity(tree.node("8:16"), kind);
  }

  @Test
  void aScsiDiskIsKnownByItsPageOfVitalDataAndItsWorldWideName() throws IOException {
    put("device/vpd_pg80", "\0\u0080\0\u0014          Z1X3ABCD  ");
    put("device/wwid", "naa.5000c500a1b2c3d4\n");
    assertThat(identity(Kind.SERIAL)).isEqualTo("Z1X3ABCD");
    assertThat(identity(Kind.WWID)).isEqualTo("naa.5000c500a1b2c3d4");
    assertThat(identity(Kind.BACKING_FILE)).isEmpty();
    assertThat(identity(Kind.RAM_DISK)).isEmpty();
  }

  @Test
  void anNvmeDiskIsKnownByItsSerialAndItsNamespace() throws IOException {
    put("device/serial", "S4EWNX0R       \n");
    put("wwid", "eui.0025385b91b0d1c3\n");
    assertThat(identity(Kind.SERIAL)).isEqualTo("S4EWNX0R");
    assertThat(identity(Kind.WWID)).isEqualTo("eui.0025385b91b0d1c3");
  }

  @Test
  void aMultipathDeviceIsKnownByTheMappersName() throws IOException {
    put("dm/uuid", "mpath-3600508b400105e210000900000490000\n");
    assertThat(identity(Kind.WWID)).isEqualTo("mpath-3600508b400105e210000900000490000");
  }

  @Test
  void partitionsAndWhatIsMadeOfThemAreSeen() throws IOException {
    put("sdb10/partition", "10\n");
    put("sdb10/dev", "8:26\n");
    put("sdb2/partition", "2\n");
    put("sdb2/dev", "8:18\n");
    put("sdb2/holders/dm-3/dev", "253:3\n");
    put("queue/rotational", "1\n");
    DeviceTree.Node node = tree.node("8:16");
    assertThat(tree.partitions(node))
        .extracting(DeviceTree.Node::name)
        .containsExactly("sdb2", "sdb10");
    assertThat(tree.holders(tree.partitions(node).getFirst())).containsExactly("dm-3");
    assertThat(tree.holders(node)).isEmpty();
    assertThat(tree.isPartition(node)).isFalse();
  }

  @Test
  void mountsAndSwapAreSeen() throws IOException {
    Files.createDirectories(directory.resolve("proc/self"));
    Files.writeString(directory.resolve("proc/self/mountinfo"), """
        36 35 8:16 / /mnt/a\\040b rw,noatime - ext4 /dev/sdb rw
        37 35 8:17 / /mnt/c rw - ext4 /dev/sdb1 rw
        """);
    Files.writeString(directory.resolve("proc/swaps"), """
        Filename\t\t\t\tType\t\tSize
        /dev/sdb                               partition\t1024
        """);
    assertThat(tree.uses(tree.node("8:16")))
        .containsExactly("mounted at /mnt/a b", "in use as swap");
  }
}
