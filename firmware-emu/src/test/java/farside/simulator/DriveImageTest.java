package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DriveImageTest {
  private static final int SIZE = 3 * 64 * 1024 + 4096;
  private static final int CHUNK = 64 * 1024;

  private final DriveImage image = new DriveImage(SIZE);

  /// Against an array that is told the same, with contents that are used again all the time.
  @Test
  void itHoldsWhatWasWrittenLast() {
    Draws draws = new Draws(1);
    byte[] expected = new byte[SIZE];
    byte[] keptExpected = new byte[SIZE];
    DriveImage kept = new DriveImage(SIZE);
    for (int step = 0; step < 3000; step++) {
      int lengthBytes = 512 * (1 + draws.below(140));
      int offsetBytes = 512 * draws.below((SIZE - lengthBytes) / 512 + 1);
      switch (draws.below(4)) {
        case 0 -> {
          image.zero(offsetBytes, lengthBytes);
          Arrays.fill(expected, offsetBytes, offsetBytes + lengthBytes, (byte) 0);
        }
        case 1 -> {
          kept.copyFrom(image, offsetBytes, lengthBytes);
          System.arraycopy(expected, offsetBytes, keptExpected, offsetBytes, lengthBytes);
        }
        default -> {
          byte[] bytes = new byte[lengthBytes];
          draws.fill(bytes, 0, lengthBytes);
          image.write(offsetBytes, bytes, 0, lengthBytes);
          System.arraycopy(bytes, 0, expected, offsetBytes, lengthBytes);
        }
      }
      if (step % 100 == 0) {
        assertThat(Arrays.mismatch(bytesOf(image), expected)).isEqualTo(-1);
        assertThat(Arrays.mismatch(bytesOf(kept), keptExpected)).isEqualTo(-1);
        assertThat(image.mismatch(kept, 0, SIZE))
            .isEqualTo(Arrays.mismatch(expected, keptExpected));
      }
    }
  }

  @Test
  void aPieceThatBeginsWithinABlockIsRead() {
    byte[] bytes = new byte[2048];
    new Draws(2).fill(bytes, 0, 2048);
    image.write(1024, bytes, 0, 2048);
    byte[] read = new byte[1000];
    image.read(1124, read, 0, 1000);
    assertThat(read).isEqualTo(Arrays.copyOfRange(bytes, 100, 1100));
  }

  @Test
  void whatWasNeverWrittenOrZeroedAsAWholeIsToldAsZero() {
    image.write(CHUNK, new byte[512], 0, 512);
    assertThat(holes()).containsExactly(0L, 2L * CHUNK, 3L * CHUNK);
    image.zero(CHUNK, CHUNK - 512);
    assertThat(holes()).doesNotContain((long) CHUNK);
    image.zero(CHUNK, CHUNK);
    assertThat(holes()).contains((long) CHUNK);
    image.copyFrom(new DriveImage(SIZE));
    assertThat(holes()).as("after a loss nobody knows").isEmpty();
  }

  private List<Long> holes() {
    List<Long> holes = new ArrayList<>();
    image.tellHoles((from, to) -> holes.add(from));
    return holes;
  }

  private static byte[] bytesOf(DriveImage image) {
    byte[] bytes = new byte[SIZE];
    image.read(0, bytes, 0, SIZE);
    return bytes;
  }
}
