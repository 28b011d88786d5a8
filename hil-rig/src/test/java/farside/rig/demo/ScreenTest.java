package farside.rig.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ScreenTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void aFileGetsNoControlSequencesAndOneLinePerTenth() {
    Screen screen = new Screen(out, false);
    for (int done = 0; done <= 1000; done++) {
      screen.progress(done, 1000, "tracks");
    }
    screen.endProgress();
    screen.verdict(true, 1234, "drained");

    assertThat(shown())
        .doesNotContain("\u001b", "\r")
        .contains("PASS   1.2 s  drained", "1000 of 1000 tracks");
    assertThat(shown().lines()).hasSize(12);
  }

  @Test
  void aTerminalGetsColoursAndABarThatIsDrawnOver() {
    Screen screen = new Screen(out, true);
    screen.progress(1, 2, "tracks");
    screen.verdict(false, 10, "no");

    assertThat(shown())
        .contains("\r", "\u001b[31mFAIL\u001b[0m", "####################....................");
  }

  @Test
  void nothingToDoIsAllDone() {
    new Screen(out, false).progress(0, 0, "tracks");

    assertThat(shown()).contains("########################################");
  }

  private String shown() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
