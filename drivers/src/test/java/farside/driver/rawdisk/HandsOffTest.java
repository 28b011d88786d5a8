package farside.driver.rawdisk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.rawdisk.DeviceIdentity.Kind;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HandsOffTest {
  private static final String ACTION =
      "ENV{ID_FS_TYPE}=\"\", ENV{ID_FS_USAGE}=\"\", ENV{ID_PART_TABLE_TYPE}=\"\","
          + " ENV{UDISKS_IGNORE}=\"1\", ENV{SYSTEMD_READY}=\"0\", OPTIONS:=\"nowatch\"";

  private static RawDisk.Setup disk(String path, Kind kind, String value) {
    return new RawDisk.Setup(
        "D1", Path.of(path), new DeviceIdentity(kind, value), 1 << 24, 512, false, "A");
  }

  @Test
  void everyKindOfIdentityHasItsRule() {
    assertThat(HandsOff.udevRules(List.of(
            disk("/dev/sda", Kind.SERIAL, "Z1X3"),
            disk("/dev/sdb", Kind.WWID, "naa.5000"),
            disk("/dev/loop0", Kind.BACKING_FILE, "/data/d1.img"),
            disk("/dev/zram0", Kind.RAM_DISK, "zram0"))))
        .containsExactly(
            rule("ATTRS{serial}==\"Z1X3\""),
            rule("ENV{ID_SERIAL_SHORT}==\"Z1X3\""),
            rule("ATTRS{wwid}==\"naa.5000\""),
            rule("ENV{DM_UUID}==\"naa.5000\""),
            rule("ATTRS{loop/backing_file}==\"/data/d1.img\""),
            rule("KERNEL==\"zram0\""));
  }

  private static String rule(String match) {
    return "ACTION!=\"remove\", SUBSYSTEM==\"block\", " + match + ", " + ACTION;
  }

  @Test
  void whatMeansSomethingElseToUdevMatchesAnyCharacter() {
    assertThat(HandsOff.udevRules(List.of(disk("/dev/loop0", Kind.BACKING_FILE, "/d/a[1]\"*\\b"))))
        .singleElement()
        .asString()
        .contains("==\"/d/a?1????b\"");
  }

  @Test
  void lvmIsKeptFromTheDisksAndTheirPartitions() {
    assertThat(HandsOff.lvmFilter(List.of(
            disk("/dev/disk/by-id/ata-X.1", Kind.SERIAL, "1"),
            disk("/dev/loop0", Kind.BACKING_FILE, "/d"))))
        .isEqualTo("global_filter = [ \"r|^/dev/disk/by-id/ata-X.1(p[0-9]+|-part[0-9]+)?$|\","
            + " \"r|^/dev/loop0(p[0-9]+|-part[0-9]+)?$|\", \"a|.*|\" ]");
  }
}
