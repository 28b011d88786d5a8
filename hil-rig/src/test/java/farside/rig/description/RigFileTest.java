package farside.rig.description;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.groups.Tuple.tuple;

import farside.cabinet.CabinetDescription;
import farside.driver.rawdisk.DeviceIdentity;
import farside.volume.VolumeRole;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RigFileTest {
  private static final String LOOPBACK = new String(RigFile.loopbackText(), StandardCharsets.UTF_8);

  @Test
  void aSiteMayHaveACertificateAndSayWhoseHostsMayCome() throws Exception {
    Rig plain = parse(LOOPBACK);
    Rig open = parse(withTls("{certificate: /etc/a.pem, key: a-key.pem}"));
    Rig closed = parse(withTls("{certificate: a.pem, key: a-key.pem, clients: ca.pem}"));

    assertThat(plain.cabinets().getFirst().nbdTls()).isNull();
    assertThat(open.cabinets().getFirst().nbdTls())
        .isEqualTo(new Rig.NbdTls("/etc/a.pem", "a-key.pem", null));
    assertThat(closed.cabinets().getFirst().nbdTls())
        .isEqualTo(new Rig.NbdTls("a.pem", "a-key.pem", "ca.pem"));
  }

  private static String withTls(String tls) {
    return LOOPBACK.replaceFirst("( +)(nbd: .*\n)", "$1$2$1nbdTls: " + tls + "\n");
  }

  @Test
  void theEmbeddedRigIsTheOneThatTheIssueAsksFor() throws Exception {
    Rig rig = RigFile.read("loopback");

    assertThat(rig.name()).isEqualTo("loopback");
    assertThat(rig.sites()).containsExactly("A", "B");
    assertThat(rig.cabinet("A").orElseThrow().nbd()).hasToString("127.0.0.1:10809");
    assertThat(rig.cabinet("B").orElseThrow().nbd()).hasToString("127.0.0.1:10810");
    assertThat(rig.cabinets())
        .allSatisfy(cabinet -> assertThat(cabinet.drives()).hasSize(3));
    assertThat(rig.volumes()).extracting(Rig.Volume::name).containsExactly("0010", "0020", "0030");
    assertThat(rig.volumes())
        .extracting(volume -> volume.sizeBytes() >> 20)
        .containsExactly(256L, 256L, 128L);
    assertThat(rig.volumes().get(1).holders())
        .containsExactly(
            new Rig.Holder(VolumeRole.R1, "B", "D2"), new Rig.Holder(VolumeRole.R2, "A", "D2"));
    assertThat(rig.links()).singleElement().satisfies(link -> {
      assertThat(link.listenSite()).isEqualTo("B");
      assertThat(link.connectSite()).isEqualTo("A");
      assertThat(link.connectAddress()).hasToString("127.0.0.1:10900");
    });
  }

  @Test
  void aCabinetIsToldItsOwnHalfOfTheRig() throws Exception {
    Rig rig = RigFile.read("loopback");

    CabinetDescription cabinet = rig.describe(rig.cabinet("A").orElseThrow());

    assertThat(cabinet.serial()).isEqualTo("FARSIDE-A");
    assertThat(cabinet.peerSerial()).isEqualTo("FARSIDE-B");
    assertThat(cabinet.readSlots()).isEqualTo(256);
    assertThat(cabinet.drives())
        .extracting(CabinetDescription.DriveDescription::name)
        .containsExactly("D1", "D2", "D3");
    assertThat(cabinet.volumes())
        .extracting(
            CabinetDescription.VolumeDescription::number,
            CabinetDescription.VolumeDescription::role)
        .containsExactly(
            tuple(0x10, VolumeRole.R1), tuple(0x20, VolumeRole.R2), tuple(0x30, VolumeRole.LOCAL));
  }

  @Test
  void aFileOnDiskIsReadAndNamesTheRig(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("bench-a.yaml"), LOOPBACK);

    assertThat(RigFile.read(file.toString()).name()).isEqualTo("bench-a");
  }

  @Test
  void aFileThatIsNotThereIsRefusedWithTheCure(@TempDir Path directory) {
    assertThatThrownBy(() -> RigFile.read(directory.resolve("none.yaml").toString()))
        .isInstanceOf(RigRefusedException.class)
        .hasMessageContaining("yaml: there is no such file")
        .hasMessageContaining("`loopback`");
    assertThatThrownBy(() -> RigFile.read(directory.toString()))
        .isInstanceOf(RigRefusedException.class)
        .hasMessageContaining("a directory");
  }

  @Test
  void defaultsAreFilledIn() throws Exception {
    Rig rig =
        parse(LOOPBACK.replaceAll(" *(nvramMiB|readCacheMiB|linkTimeoutMs|heartbeatMs): .*\n", ""));

    assertThat(rig.cabinets()).allSatisfy(cabinet -> {
      assertThat(cabinet.nvramMiB()).isEqualTo(64);
      assertThat(cabinet.isNvramPowerSafe()).isFalse();
      assertThat(cabinet.readCacheMiB()).isEqualTo(16);
      assertThat(cabinet.linkTimeoutMs()).isEqualTo(2000);
      assertThat(cabinet.heartbeatMs()).isEqualTo(500);
      assertThat(cabinet.driveSlowMs()).isEqualTo(2000);
      assertThat(cabinet.driveHungMs()).isEqualTo(30_000);
    });
  }

  @Test
  void nvramMayBePowerSafeAndItsLogElsewhere() throws Exception {
    Rig rig = parse(LOOPBACK.replaceFirst(
        "nvramMiB: 64", "nvramMiB: 64\n    nvram: power-safe\n    nvramLog: /fast/log"));

    assertThat(rig.cabinets().get(0).isNvramPowerSafe()).isTrue();
    assertThat(rig.cabinets().get(0).nvramLog()).isEqualTo("/fast/log");
    assertThat(rig.cabinets().get(1).isNvramPowerSafe()).isFalse();
    assertThat(parse(LOOPBACK.replace("nvramMiB: 64", "nvram: power-safe")).cabinets())
        .allSatisfy(cabinet -> assertThat(cabinet.nvramLog()).isEqualTo("nvram-log"));
  }

  @Test
  void aSizeMayBeGivenInBytes() throws Exception {
    Rig rig = parse(LOOPBACK.replace("0030: {sizeMiB: 128,", "0030: {sizeBytes: 65536,"));

    assertThat(rig.volumes().get(2).sizeBytes()).isEqualTo(65_536);
  }

  @Test
  void aRigOfOneSiteNeedsNoLink() throws Exception {
    Rig rig = parse("""
        sites:
          A:
            serial: ALONE
            nbd: "[::1]:10809"
            drives: [{name: D1, driver: file-disk, sizeMiB: 9}]
        volumes:
          00AF: {sizeMiB: 8, local: A/D1, blockBytes: 4096}
        """);

    CabinetDescription cabinet = rig.describe(rig.cabinet("A").orElseThrow());
    assertThat(cabinet.peerSerial()).isEmpty();
    assertThat(cabinet.links()).isEmpty();
    assertThat(rig.cabinet("A").orElseThrow().nbd()).hasToString("[::1]:10809");
    assertThat(rig.volumes().get(0).number()).isEqualTo(0xAF);
  }

  private static final String DISKS = """
      sites:
        A:
          serial: ALONE
          nbd: 127.0.0.1:10809
          drives:
            - name: D1
              driver: raw-disk
              path: /dev/disk/by-id/ata-Z1X3
              identity: {serial: Z1X3}
              sizeBytes: 4000787030016
              erase: yes, this one
            - {name: D2, driver: raw-disk, path: /dev/loop0, identity: {backingFile: /d.img}, blockBytes: 4096, sizeMiB: 9}
      volumes:
        0010: {sizeMiB: 8, local: A/D1}
        0020: {sizeMiB: 8, local: A/D2, blockBytes: 4096}
      """;

  @Test
  void disksAreDrivesToo() throws Exception {
    assertThat(parse(DISKS).cabinet("A").orElseThrow().drives())
        .containsExactly(
            new Rig.Drive(
                "D1",
                4_000_787_030_016L,
                new Rig.Medium.Disk(
                    Path.of("/dev/disk/by-id/ata-Z1X3"),
                    new DeviceIdentity(DeviceIdentity.Kind.SERIAL, "Z1X3"),
                    512,
                    true)),
            new Rig.Drive(
                "D2",
                9 << 20,
                new Rig.Medium.Disk(
                    Path.of("/dev/loop0"),
                    new DeviceIdentity(DeviceIdentity.Kind.BACKING_FILE, "/d.img"),
                    4096,
                    false)));
  }

  @Test
  void aFileIsKeptOutOfThePageCacheIfTheRigSaysSo() throws Exception {
    String direct = DISKS.replace(
        "driver: raw-disk, path: /dev/loop0, identity: {backingFile: /d.img}, blockBytes: 4096",
        "driver: file-disk, direct: true");
    assertThat(parse(direct).cabinet("A").orElseThrow().drives().get(1).medium())
        .isEqualTo(new Rig.Medium.SparseFile("D2.img", true));
    assertThat(parse(direct.replace("direct: true", "direct: false"))
            .cabinet("A")
            .orElseThrow()
            .drives()
            .get(1)
            .medium())
        .isEqualTo(new Rig.Medium.SparseFile("D2.img", false));
  }

  /// As below, of a rig with disks.
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', nullValues = "-", textBlock = """
      "identity: {serial: Z1X3}\n" | "\n"              | "- name: D1"       | is a raw-disk and has no `identity` | identity: {serial: Z1X3}
      "path: /dev/disk/by-id/ata-Z1X3\n" | "\n"        | "- name: D1"       | is a raw-disk and has no `path`     | /dev/disk/by-id/
      path: /dev/loop0    | path: d.img                 | path: d.img        | `path` cannot be `d.img`            | a name that stays
      {serial: Z1X3}      | {serial: 123}               | "{serial: 123}"    | `serial` is the number 123          | in quotes
      {serial: Z1X3}      | {color: red}                | color              | there is no key `color` here        | serial, wwid
      {serial: Z1X3}      | "{serial: Z1, wwid: X}"     | "{serial: Z1"      | entries, which are too many         | one thing that tells
      {serial: Z1X3}      | {}                          | "{}"               | `identity` holds nothing            | one thing that tells
      erase: yes, this one| erase: true                 | erase: true        | `erase` is the truth value true     | `erase: yes, this one`
      erase: yes, this one| erase: yes                  | "erase: yes\n"    | `erase`                             | `erase: yes, this one`
      erase: yes, this one| file: d.img                 | file: d.img        | is a raw-disk and has no `file`     | found by its `path`
      erase: yes, this one| direct: true                | direct: true       | is a raw-disk and has no `direct`   | A disk never is
      4000787030016       | 4000787030017               | 4000787030017      | not a whole number of blocks of 512 | 4000787030528
      driver: raw-disk, path | driver: file-disk, path  | /dev/loop0         | is a file-disk and has no `path`    | say `driver: raw-disk`
      ", blockBytes: 4096}\n" | "}\n"                 | "  0020:"          | blocks of 512 bytes, but those of drive A/D2 are 4096 | Set blockBytes: 4096
      /dev/loop0, identity: {backingFile: /d.img} | /dev/disk/by-id/ata-Z1X3, identity: {backingFile: /d.img} | "ata-Z1X3, id" | drives A/D1 and A/D2 are the same disk | a disk of its own
      {backingFile: /d.img} | {serial: Z1X3}            | "{serial: Z1X3}, b"| drives A/D1 and A/D2 are the same disk | a disk of its own
      {backingFile: /d.img} | {ramDisk: sda}            | "{ramDisk"         | `ramDisk` cannot be `sda`           | `zram0`
      """)
  void aMistakeAboutADiskIsRefusedWithItsLineAndTheCure(
      String from, String to, String marker, String what, String cure) {
    assertRefused(DISKS, from, to, marker, what, cure);
  }

  @Test
  void aConsoleIsASerialLineOfASite() throws Exception {
    Rig rig = parse(withConsole("device: /dev/ttyUSB0, baud: 115200, flowControl: rts-cts"));

    assertThat(rig.cabinet("B").orElseThrow().consoles()).isEmpty();
    assertThat(rig.cabinet("A").orElseThrow().consoles())
        .containsExactly(new Rig.SerialLine(
            "serial-console", "/dev/ttyUSB0", 115_200, 8, "none", 1, "rts-cts", 24, 80, "", 15));
  }

  @Test
  void aPasswordThatIsNoHashIsRefusedAndNotRepeated() {
    for (String given : new String[] {"sesame", "12345", "[sesame]"}) {
      assertThatThrownBy(() -> parse(withConsole("device: /dev/ttyS0, password: " + given)))
          .isInstanceOf(RigRefusedException.class)
          .hasMessageContaining("`password` is not as it should be")
          .hasMessageContaining("`farside password`")
          .hasMessageNotContaining(given);
    }
  }

  @Test
  void aConsoleThatCannotBeIsRefused() {
    assertThatThrownBy(() -> parse(withConsole("device: ttyS0")))
        .hasMessageContaining("`device` cannot be `ttyS0`");
    assertThatThrownBy(() -> parse(withConsole("device: /dev/ttyS0, baud: 9601")))
        .hasMessageContaining("`baud`");
    assertThatThrownBy(() -> parse(withConsole("device: /dev/ttyS0, rows: 3")))
        .hasMessageContaining("a screen of 3 rows is too small");
    String twice = "device: /dev/ttyS0}\n      - {driver: serial-console, device: /dev/ttyS0";
    assertThatThrownBy(() -> parse(withConsole(twice)))
        .hasMessageContaining("/dev/ttyS0 is the console of site A already");
  }

  private static String withConsole(String entries) {
    return LOOPBACK.replaceFirst(
        "    serial: FARSIDE-A(.*)\n",
        "    serial: FARSIDE-A$1\n    consoles:\n      - {driver: serial-console, " + entries
            + "}\n");
  }

  /// Each row takes the embedded rig, replaces the first occurrence of one text by another, and
  /// names the text on
  /// whose line the refusal must point, what it must say, and the cure.
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', nullValues = "-", textBlock = """
      nvramMiB: 64         | nvramMib: 64        | nvramMib          | there is no key `nvramMib` here  | Did you mean `nvramMiB`?
      links:               | lnks:               | lnks              | there is no key `lnks` here      | Did you mean `links`?
      groups:              | flocks:             | flocks            | there is no key `flocks` here    | Possible here: sites, links, groups and volumes.
      serial: FARSIDE-B    | serial: 123         | serial: 123       | `serial` is the number 123       | put it in quotes
      nvramMiB: 64         | nvram: battery      | nvram: battery    | `nvram` cannot be `battery`      | `power-safe`
      nvramMiB: 64         | nvramLog: log       | nvramLog: log     | a log only if it is power-safe   | nvram: power-safe
      nvramMiB: 64         | "nvram: power-safe\n    nvramLog: D1.img" | {name: D1 | have the same file | its own file
      nvramMiB: 64         | "nvram: power-safe\n    nvramLog: nvram" | nvramLog: nvram | the file of something else | of its own
      nvramMiB: 64         | nvramMiB: 64.5      | 64.5              | `nvramMiB` is `64.5`             | a whole number of MiB
      nvramMiB: 64         | nvramMiB: 0x40      | 0x40              | `nvramMiB` is `0x40`             | a whole number of MiB
      nvramMiB: 64         | nvramMiB: 1         | nvramMiB: 1       | too small                        | from 8 to 16384
      nvramMiB: 64         | nvramMiB: 99999     | nvramMiB: 9       | too large                        | from 8 to 16384
      nvramMiB: 64         | nvramMiB: true      | nvramMiB: true    | the truth value true             | a whole number of MiB
      nvramMiB: 64         | nvramMiB: [64]      | nvramMiB: [       | `nvramMiB` is a list             | a whole number of MiB
      heartbeatMs: 500     | heartbeatMs: 1001   | heartbeatMs: 1001 | too seldom                       | at most half
      heartbeatMs: 500     | driveSlowMs: 15001 | driveSlowMs       | cannot be given up               | at least twice
      "links:\n"           | "links: &a\n"       | links: &a         | anchors (&) and aliases (*)      | Write the text out
      "links:\n"           | "links: *a\nx:\n"   | links: *a         | anchors (&) and aliases (*)      | Write the text out
      "links:\n"           | "links: !!seq\n"    | links: !!seq      | tags (!) are not used            | Remove the tag
      "  B:\n"             | "\tB:\n"            | "\tB:"            | indented with a tab              | Indent with spaces
      "  B:\n"             | " B:\n"             | " B:\n"           | this is not YAML                 | Check the indentation
      {name: D1            | {name: D1 - {       | name: D1 - {      | this is not YAML                 | quotes and brackets
      serial: FARSIDE-B    | "serial: ""FAR"     | "serial: ""FAR"   | this is not YAML                 | quotes and brackets
      # One site           | ---                 | ---               | a second YAML document           | one document in a file
      0020:                | 0010:               | 0010: {sizeMiB: 256, group: ba | stands here a second time | Remove one of the two
      0010:                | 10:                 | "  10:"           | `10` cannot be a name here       | four hexadecimal digits
      0010:                | 001g:               | 001g              | `001g` cannot be a name here     | four hexadecimal digits
      "  A:\n"             | "  A/1:\n"          | A/1               | `A/1` cannot be a name here      | at most 15 letters
      nbd: 127.0.0.1:10809 | nbd: localhost      | nbd: localhost    | `nbd` cannot be `localhost`      | HOST:PORT
      nbd: 127.0.0.1:10809 | nbd: 127.0.0.1:70000| 70000             | there is no port 70000           | up to 65535
      nbd: 127.0.0.1:10810 | nbd: 127.0.0.1:10809| "nbd: 127.0.0.1:10809\n" | taken already, in line 12 | a port of its own
      nbd: 127.0.0.1:10810 | nbd: 0.0.0.0:10809  | 0.0.0.0:10809     | taken already, in line 12        | a port of its own
      nbd: 127.0.0.1:10810 | ""                  | "  B:\n"          | `nbd` is missing                 | HOST:PORT
      address: 127.0.0.1:10900 | address: 127.0.0.1:10810 | address: 127.0.0.1:10810 | taken already | a port of its own
      serial: FARSIDE-B    | serial: FARSIDE-A   | "serial: FARSIDE-A\n" | the same serial FARSIDE-A    | Give each cabinet its own
      serial: FARSIDE-B    | serial: F0123456789ABCDEF | F0123456789ABCDEF | `serial` cannot be         | 1 to 16 letters
      {name: D2            | {name: D1, file: x  | file: x           | two drives named D1 | Rename
      {name: D2            | {name: D2, file: D1.img | file: D1.img  | drives A/D1 and A/D2 have the same file | its own file
      {name: D2            | {name: D2, file: nvram | file: nvram    | a file of its own named nvram    | otherwise
      driver: file-disk, sizeMiB: 129 | driver: tape, sizeMiB: 129 | tape | `driver` cannot be `tape`   | `file-disk`
      sizeMiB: 129         | sizeBytes: 1114113  | 1114113           | not a whole number of tracks     | The next that is: 1179648
      sizeMiB: 129}        | sizeMiB: 129, sizeBytes: 131072000} | 131072000 | two sizes                | not both
      ", sizeMiB: 129}"    | }                   | "file-disk}"      | drive D3 has no size             | Add `sizeMiB: 257`
      "sizeMiB: 257}"      | "sizeMiB: 256}"     | "  0010:"         | room for 267386880               | 269484032 bytes or larger
      r1: A/D1             | r1: A/D9            | r1: A/D9          | no drive at site A named `D9`    | Did you mean `D1`?
      r1: A/D1             | r1: X/D1            | r1: X/D1          | no site named `X`                | There is: A and B.
      r1: A/D1             | r1: AD1             | r1: AD1           | `r1` cannot be `AD1`             | Site and drive
      "r1: A/D1, "         | ""                  | "  0010:"         | volume 0010 has no `r1`          | A mirrored volume has
      r1: A/D1, r2: B/D1   | r1: B/D1, r2: A/D1  | r1: B/D1          | at site B, but that of its group ab at A | swap r1 and r2
      r2: B/D1             | r2: A/D3            | "  0010:"         | both mirrors at site A           | at the other site
      local: A/D3          | local: A/D1         | local: A/D1       | drive A/D1 holds volume 0010 already | another drive
      local: A/D3          | local: A/D3, group: ab | local: A/D3    | both local and mirrored          | Keep
      group: ab            | group: cd           | group: cd         | no group named `cd`              | There is: ab and ba.
      ", r1: A}"           | ", r1: C}"          | "r1: C}"          | no site named `C`                | There is: A and B.
      mode: real-time      | mode: eventual      | eventual          | `mode` cannot be `eventual`      | `real-time`
      connect: {site: A}   | connect: {site: B}  | connect: {site: B}| site B is at both ends           | the other connects
      "driver: link-tcp\n" | "driver: pigeon\n"  | pigeon            | `driver` cannot be `pigeon`      | `link-tcp`
      """)
  void aMistakeIsRefusedWithItsLineAndTheCure(
      String from, String to, String marker, String what, String cure) {
    assertRefused(LOOPBACK, from, to, marker, what, cure);
  }

  private static void assertRefused(
      String text, String from, String to, String marker, String what, String cure) {
    String replaced = text.replaceFirst(
        "(?m)^(?!#)(.*)" + Pattern.quote(unescaped(from)),
        "$1" + Matcher.quoteReplacement(to == null ? "" : unescaped(to)));
    assertThat(replaced).as("the row changes nothing").isNotEqualTo(text);
    int line = lineOf(replaced, unescaped(marker));

    RigRefusedException refusal = refusal(replaced);

    assertThat(refusal.mistakes()).anySatisfy(mistake -> {
      assertThat(mistake.what()).contains(what);
      assertThat(mistake.cure()).contains(cure);
      assertThat(mistake.place().line()).isEqualTo(line);
    });
    assertThat(refusal.getMessage()).contains("rig my.yaml, line " + line + ": ");
  }

  private static int lineOf(String text, String marker) {
    int at = text.indexOf(marker);
    assertThat(at).as("marker %s is not in the text", marker).isNotNegative();
    return 1 + (int) text.substring(0, at).chars().filter(c -> c == '\n').count();
  }

  private static String unescaped(String text) {
    return text.replace("\\n", "\n").replace("\\t", "\t");
  }

  @Test
  void mirroredVolumesNeedALink() {
    String withoutLink = LOOPBACK.replaceFirst("(?s)links:.*?\n\n", "");

    assertThat(refusal(withoutLink).getMessage())
        .contains("volume 0010 is mirrored, but the rig has no link")
        .contains("Add `links:`");
  }

  private static String withLinks(String... links) {
    StringBuilder text = new StringBuilder("links:\n");
    for (String link : links) {
      text.append("  - {driver: link-tcp, ").append(link).append("}\n");
    }
    return LOOPBACK.replaceFirst("(?s)links:.*?\n\n", text + "\n");
  }

  @Test
  void severalLinksBetweenTheSitesAreTakenWhicheverSiteListens() throws Exception {
    Rig rig = parse(withLinks(
        "name: L1, listen: {site: B, address: '127.0.0.1:10900'}, connect: {site: A}",
        "name: L2, listen: {site: B, address: '127.0.0.1:10901'}, connect: {site: A}",
        "name: L3, listen: {site: A, address: '127.0.0.1:10902'}, connect: {site: B}"));

    assertThat(rig.links()).extracting(Rig.Link::name).containsExactly("L1", "L2", "L3");
    assertThat(rig.describe(rig.cabinet("A").orElseThrow()).links()).hasSize(3);
  }

  @Test
  void linksThatCannotBeToldApartAreRefused() {
    assertThat(refusal(withLinks(
                "name: L1, listen: {site: B, address: '127.0.0.1:10900'}, connect: {site: A}",
                "name: l1, listen: {site: B, address: '127.0.0.1:10901'}, connect: {site: A}"))
            .getMessage())
        .contains("there are two links named l1", "Rename one of them");
    assertThat(refusal(withLinks(
                "name: L1, listen: {site: B, address: '127.0.0.1:10900'}, connect: {site: A}",
                "name: L2, listen: {site: B, address: '127.0.0.1:10900'}, connect: {site: A}"))
            .getMessage())
        .contains("127.0.0.1:10900 is taken already", "a port of its own");
    assertThat(refusal(withLinks(
                "name: L1, listen: {site: B, address: '127.0.0.1:10900'},"
                    + " connect: {site: A, address: 'far:1'}",
                "name: L2, listen: {site: B, address: '127.0.0.1:10901'},"
                    + " connect: {site: A, address: 'far:1'}"))
            .getMessage())
        .contains("links L1 and L2 call at the same address far:1", "an address of its own");
  }

  @Test
  void moreLinksThanAGroupCanHaveAreRefused() {
    String[] links = new String[9];
    for (int i = 0; i < links.length; i++) {
      links[i] = "name: L%d, listen: {site: B, address: '127.0.0.1:%d'}, connect: {site: A}"
          .formatted(i, 10900 + i);
    }

    assertThat(refusal(withLinks(links)).getMessage()).contains("links", "8");
  }

  @Test
  void severalMistakesAreToldAtOnceInTheOrderOfTheFile() {
    String text = LOOPBACK
        .replace("readCacheMiB: 16", "readCacheMiB: many")
        .replace("128, local", "-1, local");

    assertThat(refusal(text).mistakes())
        .hasSize(3)
        .extracting(mistake -> mistake.place().line())
        .isSorted();
  }

  @Test
  void aReadCacheWithoutATrackForEachVolumeOfItsSiteIsRefused() throws Exception {
    assertThat(parse(withVolumesOnOneMibOfCache(16)).volumes()).hasSize(16);

    assertThat(refusal(withVolumesOnOneMibOfCache(17)).mistakes())
        .singleElement()
        .satisfies(mistake -> {
          assertThat(mistake.what())
              .contains("a read cache of 16 tracks is too small for the 17 volumes of site A");
          assertThat(mistake.cure()).contains("readCacheMiB be 2 or more");
          assertThat(mistake.place().line()).isEqualTo(5);
        });
  }

  private static String withVolumesOnOneMibOfCache(int count) {
    StringBuilder drives = new StringBuilder();
    StringBuilder volumes = new StringBuilder();
    for (int i = 1; i <= count; i++) {
      drives.append("      - {name: D%d, driver: file-disk, sizeMiB: 2}\n".formatted(i));
      volumes.append("  %04X: {sizeMiB: 1, local: A/D%d}\n".formatted(i, i));
    }
    return """
        sites:
          A:
            serial: FARSIDE-A
            nbd: 127.0.0.1:10809
            readCacheMiB: 1
            drives:
        %svolumes:
        %s""".formatted(drives, volumes);
  }

  @Test
  void theLineIsShownWithACaretBelowThePlace() {
    String message = refusal("sites: 5\n").getMessage();

    assertThat(message)
        .contains("line 1: `sites` is the number 5.", "\n    sites: 5\n           ^");
  }

  @ParameterizedTest
  @CsvSource({
    "'', the file is empty",
    "'\n\n', the file is empty",
    "'# only a comment\n', nothing but comments",
    "'5', the file is the number 5",
    "'[]', the file is a list",
    "'{}', `sites` is missing",
    "'---\n...\n', the file is empty",
  })
  void aFileWithoutARigIsRefused(String text, String what) {
    assertThat(refusal(text).getMessage()).contains(what);
  }

  @Test
  void aFileThatIsTooLargeIsRefusedUnread() {
    assertThat(refusal("#".repeat(YamlText.LENGTH_MAX_BYTES + 1)).getMessage())
        .contains("more than the 1048576");
  }

  @Test
  void nestingWithoutEndIsRefused() {
    assertThat(refusal("[".repeat(100_000)).getMessage()).contains("line 1: ");
    assertThat(refusal("{a: ".repeat(100_000)).getMessage()).contains("line 1: ");
    assertThat(refusal("- ".repeat(100_000)).getMessage()).contains("line 1: ");
  }

  @Test
  void anAliasBombGoesNoFurtherThanItsFirstAnchor() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }

    assertThat(refusal(bomb.toString()).getMessage()).contains("line 1: anchors");
  }

  @Test
  void bytesThatAreNoTextAreRefusedWhereTheyStand() {
    assertThatThrownBy(
            () -> RigFile.parse("my.yaml", new byte[] {'a', ':', '\n', (byte) 0xC3, 'x'}))
        .hasMessageContaining("line 2: byte 0xC3 is not UTF-8");
    assertThat(refusal("sites:\n  A\u0007:\n").getMessage())
        .contains("line 2: there is a control character (0x07)");
  }

  @Test
  void aByteOrderMarkAndWindowsLineEndsDoNoHarm() throws Exception {
    assertThat(parse("\uFEFF" + LOOPBACK.replace("\n", "\r\n")).sites()).containsExactly("A", "B");
  }

  @Test
  void nothingFromTheFileReachesTheTerminalAsAControlSequence() {
    RigRefusedException refusal = refusal("sites: {\"\\e[31m\": 5}\n");

    assertThat(refusal.getMessage().chars().filter(c -> c < 0x20 && c != '\n')).isEmpty();
  }

  private static Rig parse(String text) throws RigRefusedException {
    return RigFile.parse("my.yaml", text.getBytes(StandardCharsets.UTF_8));
  }

  private static RigRefusedException refusal(String text) {
    try {
      Rig rig = parse(text);
      return fail("was not refused: " + rig);
    } catch (RigRefusedException refused) {
      return refused;
    }
  }
}
