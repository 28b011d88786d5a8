package farside.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UseOrderTest {
  private static List<Integer> fromOldest(UseOrder order) {
    List<Integer> slots = new ArrayList<>();
    for (int slot = order.oldest(); slot != SlotDirectory.NONE; slot = order.nextAfter(slot)) {
      slots.add(slot);
    }
    return slots;
  }

  @Test
  void whatWasNeverUsedComesInItsOwnOrder() {
    assertThat(fromOldest(new UseOrder(4))).containsExactly(0, 1, 2, 3);
    assertThat(fromOldest(new UseOrder(1))).containsExactly(0);
    assertThat(fromOldest(new UseOrder(0))).isEmpty();
  }

  @Test
  void afterAnyUsesTheOrderIsThatOfTheLastOnes() {
    long seed = System.nanoTime();
    var random = new SplittableRandom(seed);
    int count = 1 + random.nextInt(20);
    var order = new UseOrder(count);
    List<Integer> expected = new ArrayList<>(IntStream.range(0, count).boxed().toList());
    for (int use = 0; use < 1000; use++) {
      int slot = random.nextInt(count);
      boolean isUse = random.nextInt(4) > 0;
      expected.remove(Integer.valueOf(slot));
      if (isUse) {
        order.onUse(slot);
        expected.add(slot);
      } else {
        order.onUseless(slot);
        expected.addFirst(slot);
      }
      assertThat(fromOldest(order)).as("seed %d", seed).isEqualTo(expected);
    }
  }
}
