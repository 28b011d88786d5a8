package farside.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.driver.posix.ThreadCpus;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class SharedCpuTest {
  /// A machine that the test fills as it likes.
  private static final class FakePlace implements SharedCpu.Place {
    double waitShareAtHome;
    double waitShareAway;
    boolean isHome;
    boolean isTaken;
    boolean keepsNoAccount;
    int moves;
    long waitedNs;

    @Override
    public boolean stay() {
      moves++;
      isHome = !isTaken;
      return isHome;
    }

    @Override
    public boolean roam() {
      moves++;
      isHome = false;
      return !isTaken;
    }

    @Override
    public long waitedNs() {
      return keepsNoAccount ? -1 : waitedNs;
    }
  }

  private static final long ROUND_NS = 10_000_000;

  private final FakePlace place = new FakePlace();
  private boolean staysAwake;
  private final SharedCpu shared = new SharedCpu(place, () -> staysAwake);
  private long nowNs = 5_000_000_000L;

  private void runFor(long ns) {
    for (long end = nowNs + ns; nowNs < end; nowNs += ROUND_NS) {
      double share = place.isHome ? place.waitShareAtHome : place.waitShareAway;
      place.waitedNs += (long) (share * ROUND_NS);
      shared.onRound(nowNs);
    }
  }

  @Test
  void aLoopThatHasItsCpuWhenItWantsItStaysAtHome() {
    place.waitShareAtHome = 0.2;

    runFor(60_000_000_000L);

    assertThat(place.isHome).isTrue();
    assertThat(place.moves).isEqualTo(1);
  }

  @Test
  void aLoopThatWaitsForItsCpuLeavesAndStaysAwayWhereItWaitsNoLonger() {
    place.waitShareAtHome = 0.4;
    place.waitShareAway = 0.05;

    runFor(2 * SharedCpu.LOOK_NS);

    assertThat(place.isHome).isFalse();
    runFor(SharedCpu.AWAY_NS / 2);
    assertThat(place.isHome).isFalse();
    assertThat(place.moves).isEqualTo(2);
  }

  @Test
  void aLoopThatLeftTriesItsHomeAgainAndStaysThereOnceTheRushIsOver() {
    place.waitShareAtHome = 0.4;
    runFor(2 * SharedCpu.LOOK_NS);
    place.waitShareAtHome = 0.1;

    runFor(SharedCpu.AWAY_NS + 2 * SharedCpu.LOOK_NS);

    assertThat(place.isHome).isTrue();
    assertThat(place.moves).isEqualTo(3);
  }

  @Test
  void whereEveryCpuIsFullALoopComesHomeAndTriesMoreAndMoreSeldom() {
    place.waitShareAtHome = 0.5;
    place.waitShareAway = 0.45;

    runFor(4 * SharedCpu.HOLD_NS_MAX);

    // 1, 2, 4, 8, 16 and 32 s, and then each 32 s: there and back each time, and the first coming.
    assertThat(place.isHome).isTrue();
    assertThat(place.moves).isBetween(1 + 2 * 6, 1 + 2 * 8);
  }

  @Test
  void aLoopThatLooksForNewsIsAwayForAsLongAndComesHomeAfterwards() {
    runFor(2 * SharedCpu.LOOK_NS);
    staysAwake = true;

    runFor(20 * SharedCpu.LOOK_NS);
    boolean wasHome = place.isHome;
    staysAwake = false;
    runFor(2 * SharedCpu.LOOK_NS);

    assertThat(wasHome).isFalse();
    assertThat(place.isHome).isTrue();
    assertThat(place.moves).isEqualTo(3);
  }

  @Test
  void aLoopOnTrialThatBeginsToLookForNewsIsAwayTillItEnds() {
    place.waitShareAtHome = 0.4;
    runFor(SharedCpu.LOOK_NS + ROUND_NS);
    staysAwake = true;

    runFor(4 * SharedCpu.LOOK_NS);
    boolean wasHome = place.isHome;
    place.waitShareAtHome = 0.1;
    staysAwake = false;
    runFor(2 * SharedCpu.LOOK_NS);

    assertThat(wasHome).isFalse();
    assertThat(place.isHome).isTrue();
  }

  @Test
  void aLoopThatSomebodyElseMovesIsLeftWhereItWasPut() {
    place.waitShareAtHome = 0.4;
    place.waitShareAway = 0.4;
    runFor(SharedCpu.LOOK_NS);
    place.isTaken = true;

    runFor(60_000_000_000L);

    assertThat(place.moves).isEqualTo(2);
  }

  @Test
  void whereTheSystemKeepsNoAccountOfWaitingALoopIsNeverMoved() {
    place.keepsNoAccount = true;

    runFor(60_000_000_000L);

    assertThat(place.moves).isZero();
  }

  @Test
  void twoLoopsThatMeetAtOnePlaceShareOneCpuOfThoseTheyMayUse() throws InterruptedException {
    BitSet everywhere = new ThreadCpus().now();
    Assumptions.assumeTrue(everywhere.cardinality() > 1, "one CPU only: no choice");

    BitSet first = homeOf("/run/rig");
    BitSet second = homeOf("/run/rig");

    assertThat(first.cardinality()).isEqualTo(1);
    assertThat(everywhere.intersects(first)).isTrue();
    assertThat(second).isEqualTo(first);
  }

  private static BitSet homeOf(String meetingPlace) throws InterruptedException {
    AtomicReference<BitSet> home = new AtomicReference<>();
    Thread thread = Thread.ofPlatform().start(() -> {
      SharedCpu.of(meetingPlace, () -> false).onRound(0);
      home.set(new ThreadCpus().now());
    });
    thread.join();
    return home.get();
  }

  @Test
  void thePinIsAnyOrNothing() {
    assertThat(SharedCpu.isWanted(null)).isTrue();
    assertThat(SharedCpu.isWanted("")).isTrue();
    assertThat(SharedCpu.isWanted("any")).isFalse();
    assertThatThrownBy(() -> SharedCpu.isWanted("none"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "FARSIDE_CPU=none is not known. Set it to any, and cabinets run where the system"
                + " says, or unset it.");
  }
}
