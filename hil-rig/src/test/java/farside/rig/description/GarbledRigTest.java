package farside.rig.description;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/// Takes the default rig and lets a careless editor at it: whatever comes out is a rig, or is
/// refused with a line.
class GarbledRigTest {
  private static final long SEED = Long.getLong("farside.seed", 20_261_122L);
  private static final int TRIES = Integer.getInteger("farside.rig.tries", 1500);
  private static final String[] SPLICES = {
    ":",
    " ",
    "\t",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "#",
    "&a ",
    "*a",
    "!t ",
    "|\n",
    ">\n",
    "? ",
    "\n",
    "0",
    "-1",
    "99999999999999999999",
    "null",
    "~",
    "yes",
    "1e9",
    ".inf",
    "<<: ",
    "---\n",
    "\u0000",
    "\u2028",
    "é",
    "%YAML 1.1\n",
    ","
  };

  @Test
  void aGarbledRigIsValidOrRefusedWithALineAndNeverWorse() {
    String loopback = new String(RigFile.loopbackText(), StandardCharsets.UTF_8);
    int valid = 0;
    for (int i = 0; i < TRIES; i++) {
      SplittableRandom random = new SplittableRandom(SEED + i);
      String text = loopback;
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        text = garbled(text, random);
      }
      valid += isValid(text.getBytes(StandardCharsets.UTF_8), SEED + i) ? 1 : 0;
    }
    assertThat(valid).as("some changes only touch comments").isBetween(1, TRIES - 1);
  }

  @RepeatedTest(3)
  void bytesAtRandomAreRefusedWithALine(RepetitionInfo repetition) {
    for (int i = 0; i < 300; i++) {
      long seed = SEED + repetition.getCurrentRepetition() * 1000L + i;
      SplittableRandom random = new SplittableRandom(seed);
      byte[] bytes = new byte[random.nextInt(1, 200)];
      for (int at = 0; at < bytes.length; at++) {
        bytes[at] = (byte)
            (repetition.getCurrentRepetition() == 1
                ? random.nextInt(256)
                : random.nextInt(32, 127));
      }
      assertThat(isValid(bytes, seed)).isFalse();
    }
  }

  private static String garbled(String text, SplittableRandom random) {
    List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
    int line = random.nextInt(lines.size());
    switch (random.nextInt(7)) {
      case 0 -> lines.remove(line);
      case 1 -> lines.add(line, lines.get(line));
      case 2 -> lines.add(random.nextInt(lines.size()), lines.remove(line));
      case 3 -> lines.set(line, " ".repeat(random.nextInt(4)) + lines.get(line));
      case 4 -> lines.set(line, lines.get(line).strip());
      default -> lines.set(line, spliced(lines.get(line), random));
    }
    if (lines.isEmpty()) {
      lines.add("");
    }
    return String.join("\n", lines);
  }

  private static String spliced(String line, SplittableRandom random) {
    int from = random.nextInt(line.length() + 1);
    int to = Math.min(line.length(), from + random.nextInt(4));
    return line.substring(0, from) + SPLICES[random.nextInt(SPLICES.length)] + line.substring(to);
  }

  private static boolean isValid(byte[] bytes, long seed) {
    try {
      Rig rig = RigFile.parse("garbled.yaml", bytes);
      rig.cabinets().forEach(rig::describe);
      return true;
    } catch (RigRefusedException refused) {
      int lines = 2
          + (int) new String(bytes, StandardCharsets.UTF_8)
              .chars()
              .filter(c -> c == '\n' || c == '\r')
              .count();
      assertThat(refused.mistakes()).as("seed %d", seed).isNotEmpty().allSatisfy(mistake -> {
        assertThat(mistake.place().line()).as("seed %d", seed).isBetween(1, lines);
        assertThat(mistake.what()).as("seed %d", seed).isNotBlank();
        assertThat(mistake.cure()).as("seed %d: %s", seed, mistake).isNotBlank();
      });
      assertThat(refused.getMessage()).startsWith("rig garbled.yaml, line ");
      return false;
    } catch (RuntimeException escaped) {
      return fail("replay with -Dfarside.seed=%d -Dfarside.rig.tries=1".formatted(seed), escaped);
    }
  }
}
