package farside.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void factsAreIndentedInTheirOrder() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("b", 1);
    map.put("a", List.of(true, "x"));
    map.put("none", null);
    map.put("nothing", List.of());
    map.put("empty", new LinkedHashMap<String, Object>());

    assertThat(JsonText.of(map)).isEqualTo("""
            {
              "b": 1,
              "a": [
                true,
                "x"
              ],
              "none": null,
              "nothing": [],
              "empty": {}
            }
            """);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE})
  void wholeNumbersKeepEveryDigit(long number) throws Exception {
    assertThat(JSON.readTree(JsonText.of(number)).longValue()).isEqualTo(number);
  }

  @Test
  void everyCharacterComesBack() throws Exception {
    StringBuilder all = new StringBuilder();
    for (int c = 0; c <= 0xFFFF; c++) {
      all.append((char) c);
    }
    String text = JsonText.of(all.toString());

    assertThat(text.strip()).doesNotContain("\n", "\u001b", "\u2028");
    assertThat(JSON.readTree(text.getBytes(StandardCharsets.UTF_8)).textValue())
        .isEqualTo(all.toString());
  }

  @Test
  void anythingThatIsWrittenIsReadTheSame() throws Exception {
    for (long seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      Object fact = draw(random, 4);

      JsonNode read = JSON.readTree(JsonText.of(fact).getBytes(StandardCharsets.UTF_8));

      assertThat(read).as("seed %d", seed).isEqualTo(JSON.readTree(JSON.writeValueAsBytes(fact)));
    }
  }

  @Test
  void whatItCannotWriteIsAProgrammersSlip() {
    assertThatThrownBy(() -> JsonText.of(1.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.Double");
  }

  private static Object draw(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 5 : 7)) {
      case 0 -> null;
      case 1 -> random.nextBoolean();
      // Jackson reads a small number as an int, so both sides go through it.
      case 2 -> random.nextInt();
      case 3 -> random.nextLong();
      case 4 -> drawString(random);
      case 5 -> {
        List<Object> list = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          list.add(draw(random, depth - 1));
        }
        yield list;
      }
      default -> {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          map.put(drawString(random), draw(random, depth - 1));
        }
        yield map;
      }
    };
  }

  /// Whole characters only: Jackson's own writer refuses half ones.
  private static String drawString(Random random) {
    StringBuilder out = new StringBuilder();
    for (int i = random.nextInt(8); i > 0; i--) {
      int c = random.nextInt(random.nextBoolean() ? 0x80 : 0x10FFFF);
      if (c < 0xD800 || c > 0xDFFF) {
        out.appendCodePoint(c);
      }
    }
    return out.toString();
  }
}
