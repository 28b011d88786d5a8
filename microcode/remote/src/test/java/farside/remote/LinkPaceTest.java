package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

class LinkPaceTest {
  private static final long MS = 1_000_000;

  /// A line of fixed delay and rate, kept as busy as the pace allows.
  private static LinkPace driven(long delayNs, long bytesPerSecond, int frameBytes, int frames) {
    record Sent(long place, long sentNs, long aheadBytes, long toldNs) {}
    LinkPace pace = new LinkPace();
    ArrayDeque<Sent> way = new ArrayDeque<>();
    long nowNs = 0;
    long freeNs = 0;
    for (int i = 0; i < frames; i++) {
      while (!pace.hasRoom(frameBytes)) {
        Sent first = way.remove();
        nowNs = Math.max(nowNs, first.toldNs);
        pace.onProven(first.place);
        pace.onAnswer(nowNs - first.sentNs, first.aheadBytes);
      }
      freeNs = Math.max(freeNs, nowNs) + frameBytes * 1_000_000_000L / bytesPerSecond;
      long aheadBytes = pace.inFlightBytes() + frameBytes;
      way.add(new Sent(pace.onSent(frameBytes), nowNs, aheadBytes, freeNs + delayNs));
    }
    return pace;
  }

  @Test
  void delayAndRateOfABusyLinkAreFound() {
    LinkPace pace = driven(4 * MS, 20_000_000, 8192, 2000);
    assertThat(pace.delayNs()).isBetween(4 * MS, 5 * MS);
    assertThat(pace.bytesPerSecond()).isBetween(16_000_000L, 25_000_000L);
  }

  @Test
  void aSlowLinkIsNotGivenALongQueue() {
    LinkPace pace = driven(MS, 1_000_000, 4096, 500);
    assertThat(pace.inFlightBytes()).isLessThanOrEqualTo(LinkPace.LIMIT_BYTES_MIN);
    assertThat(pace.hasRoom(LinkPace.LIMIT_BYTES_MIN)).isFalse();
  }

  @Test
  void aLongFastLinkIsFilledInTheEnd() {
    LinkPace pace = driven(20 * MS, 100_000_000, 8192, 5000);
    assertThat(pace.inFlightBytes()).isGreaterThan(1_500_000);
  }

  @Test
  void aLinkThatIsAskedForLittleDoesNotLookSlow() {
    LinkPace pace = new LinkPace();
    for (int i = 0; i < 100; i++) {
      long place = pace.onSent(4096);
      pace.onProven(place);
      pace.onAnswer(10 * MS, 4096);
    }
    assertThat(pace.arrivalNs(65_536)).isLessThan(10.0 * MS);
    assertThat(pace.hasRoom(65_536)).isTrue();
  }

  @Test
  void aFrameAlwaysGoesOverALinkWithNothingOnIt() {
    assertThat(new LinkPace().hasRoom(1 << 20)).isTrue();
  }
}
