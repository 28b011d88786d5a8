package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SiteClockTest {
  private static final long SECOND = 1_000_000_000;
  private static final long YEAR_MS = 365L * 24 * 3600 * 1000;

  @Test
  void twoSitesClocksDriftApart() {
    for (long originNs : new long[] {-5 * SECOND, 0, Long.MAX_VALUE - SECOND}) {
      VirtualTime time = new VirtualTime(originNs);
      SiteClock right = new SiteClock(time, 0, new Draws(1));
      SiteClock fast = new SiteClock(time, 20_000, new Draws(1));
      SiteClock slow = new SiteClock(time, -20_000, new Draws(1));
      time.runFor(100 * SECOND);
      assertThat(right.read(time.nowNs()) - originNs).isEqualTo(100 * SECOND);
      assertThat(fast.read(time.nowNs()) - originNs).isEqualTo(102 * SECOND);
      assertThat(slow.read(time.nowNs()) - originNs).isEqualTo(98 * SECOND);
    }
  }

  @Test
  void whatIsDueAtATimeOfTheClockIsDueAsSoonAsItShowsIt() {
    Draws draws = new Draws(3);
    for (long ppm : new long[] {-20_000, -1, 0, 1, 13_333, 20_000}) {
      VirtualTime time = new VirtualTime(Long.MAX_VALUE - 50 * SECOND);
      SiteClock clock = new SiteClock(time, ppm, draws.fork());
      for (int i = 0; i < 1000; i++) {
        time.runFor(draws.between(0, SECOND));
        long dueNs = clock.read(time.nowNs()) + draws.skewed(1, 100 * SECOND);
        long atNs = clock.virtualAt(dueNs);
        assertThat(clock.read(atNs) - dueNs).isNotNegative();
        assertThat(clock.read(atNs - 3) - dueNs).isNegative();
      }
    }
  }

  @Test
  void theRisingClockBeginsAnewWithThePowerAndNeverGoesBackOtherwise() {
    VirtualTime time = new VirtualTime(7);
    SiteClock clock = new SiteClock(time, -20_000, new Draws(4));
    long beforeNs = clock.read(time.nowNs());
    time.runFor(SECOND);
    assertThat(clock.read(time.nowNs())).isGreaterThan(beforeNs);
    clock.restart();
    long restartedNs = clock.read(time.nowNs());
    assertThat(Math.abs(restartedNs - beforeNs)).isGreaterThan(2 * SECOND);
    time.runFor(SECOND);
    assertThat(clock.read(time.nowNs()) - restartedNs).isEqualTo(SECOND / 100 * 98);
  }

  @Test
  void theDateMayBeSetYearsForwardAndBack() {
    boolean forward = false;
    boolean back = false;
    boolean beforeAllDates = false;
    for (int seed = 0; seed < 40; seed++) {
      VirtualTime time = new VirtualTime(0);
      SiteClock clock = new SiteClock(time, 0, new Draws(seed));
      long beforeMs = clock.wallMsAtZero();
      clock.setDate();
      forward |= clock.wallMsAtZero() - beforeMs > YEAR_MS;
      back |= beforeMs - clock.wallMsAtZero() > YEAR_MS;
      beforeAllDates |= clock.wallMsAtZero() < 0;
      assertThat(clock.read(0)).isZero();
    }
    assertThat(forward).isTrue();
    assertThat(back).isTrue();
    assertThat(beforeAllDates).isTrue();
  }
}
