package farside.director;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecurrencesTest {
  private final Recurrences recurrences = new Recurrences();

  private List<Long> told(int times, long place) {
    List<Long> told = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      long count = recurrences.count(place);
      if (count > 0) {
        told.add(count);
      }
    }
    return told;
  }

  @Test
  void eachPlaceIsToldTheFirstTheSecondTheFourthTime() {
    assertThat(told(20, 7)).containsExactly(1L, 2L, 4L, 8L, 16L);
    assertThat(told(3, 8)).containsExactly(1L, 2L);
    assertThat(told(12, 7)).containsExactly(32L);
  }

  @Test
  void aDriveThatFailsEverywhereDoesNotFloodTheLog() {
    List<Long> told = new ArrayList<>();
    for (int place = 0; place < 100_000; place++) {
      told.addAll(told(1, place));
    }
    assertThat(told).hasSizeLessThan(Recurrences.PLACES_MAX + 20);
  }
}
