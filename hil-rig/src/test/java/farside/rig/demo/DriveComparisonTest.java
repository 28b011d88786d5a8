package farside.rig.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DriveComparisonTest {
  private static final int LENGTH = 3 << 20;

  @TempDir
  Path directory;

  private Path one;
  private Path other;

  @BeforeEach
  void makeTwins() throws IOException {
    byte[] content = new byte[LENGTH];
    content[5_000] = 1;
    one = Files.write(directory.resolve("one"), content);
    other = Files.write(directory.resolve("other"), content);
  }

  @Test
  void twinsAreEqual() throws IOException {
    assertThat(DriveComparison.firstDifference(one, other, LENGTH))
        .isEqualTo(DriveComparison.EQUAL);
  }

  @Test
  void theFirstByteThatDiffersIsFound() throws IOException {
    byte[] content = Files.readAllBytes(other);
    content[(1 << 20) + 17] = 9;
    content[(2 << 20) + 1] = 9;
    Files.write(other, content);

    assertThat(DriveComparison.firstDifference(one, other, LENGTH)).isEqualTo((1 << 20) + 17);
  }

  @Test
  void whatLiesBeyondTheVolumeDoesNotCount() throws IOException {
    byte[] content = Files.readAllBytes(other);
    content[LENGTH - 1] = 9;
    Files.write(other, content);

    assertThat(DriveComparison.firstDifference(one, other, LENGTH - 1))
        .isEqualTo(DriveComparison.EQUAL);
  }

  @Test
  void aDriveThatEndsTooEarlyDiffersWhereItEnds() throws IOException {
    Files.write(other, Arrays.copyOf(Files.readAllBytes(other), 100_000));
    assertThat(DriveComparison.firstDifference(one, other, LENGTH)).isEqualTo(100_000);

    Files.write(one, Arrays.copyOf(Files.readAllBytes(one), 100_000));
    assertThat(DriveComparison.firstDifference(one, other, LENGTH)).isEqualTo(100_000);
  }
}
