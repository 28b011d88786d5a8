package farside.rig.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RunDirectoryTest {
  private final RunDirectory directory = new RunDirectory(Path.of("/tmp/r"));

  @Test
  void everySiteHasAPlaceOfItsOwn() {
    assertThat(directory.nvram("A")).hasToString("/tmp/r/A/nvram");
    assertThat(directory.controlSocket("B")).hasToString("/tmp/r/B/control.sock");
    assertThat(directory.log("B")).hasToString("/tmp/r/B/farside.log");
    assertThat(directory.drive("A", "D1.img")).hasToString("/tmp/r/A/D1.img");
    assertThat(directory.drive("A", "/data/d1")).hasToString("/data/d1");
  }

  @Test
  void aPathTooLongForASocketIsSeen() {
    assertThat(directory.hasRoomForSocket("A")).isTrue();
    assertThat(new RunDirectory(Path.of("/", "x".repeat(94))).hasRoomForSocket("A"))
        .isFalse();
    assertThat(new RunDirectory(Path.of("/", "é".repeat(45))).hasRoomForSocket("A"))
        .isTrue();
    assertThat(new RunDirectory(Path.of("/", "é".repeat(46))).hasRoomForSocket("A"))
        .isFalse();
  }
}
