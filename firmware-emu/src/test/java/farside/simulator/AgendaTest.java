package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

class AgendaTest {
  private record Put(long timeNs, int number) {}

  private final Agenda agenda = new Agenda();
  private final List<Put> waiting = new ArrayList<>();
  private Put happened;

  @Test
  void whatIsEarlierHappensFirstAndOfOneInstantWhatWasPutThereFirst() {
    agendaKeepsOrderFrom(0);
  }

  @Test
  void theClockMayWrapMeanwhile() {
    agendaKeepsOrderFrom(Long.MAX_VALUE - 1000);
  }

  private void agendaKeepsOrderFrom(long originNs) {
    Draws draws = new Draws(7);
    for (int number = 0; number < 2_000; number++) {
      // Few instants, so that many things share one.
      put(new Put(originNs + number / 10 + draws.below(40), number));
      for (int i = draws.below(3); i > 0 && !agenda.isEmpty(); i--) {
        takeFirst(originNs);
      }
    }
    while (!agenda.isEmpty()) {
      takeFirst(originNs);
    }
    assertThat(waiting).isEmpty();
  }

  private void put(Put put) {
    waiting.add(put);
    agenda.add(put.timeNs, () -> happened = put);
  }

  private void takeFirst(long originNs) {
    Comparator<Put> byTime = Comparator.comparingLong(put -> put.timeNs - originNs);
    Put first = waiting.stream().min(byTime.thenComparingInt(Put::number)).orElseThrow();
    assertThat(agenda.firstNs()).isEqualTo(first.timeNs);
    agenda.removeFirst().run();
    assertThat(happened).isEqualTo(first);
    waiting.remove(first);
  }
}
