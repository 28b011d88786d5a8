package farside.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class WakefulnessTest {
  /// What comes to a cabinet, as the test says.
  private static final class FakeTraffic implements Wakefulness.Traffic {
    long requests;
    int outstanding;
    long frames;
    long outstandingBytes;
    boolean isDriveAtWork;
    boolean isReadAwaited;

    @Override
    public boolean isReadAwaited() {
      return isReadAwaited;
    }

    @Override
    public long outstandingBytes() {
      return outstandingBytes;
    }

    @Override
    public boolean isDriveAtWork() {
      return isDriveAtWork;
    }

    @Override
    public long requests() {
      return requests;
    }

    @Override
    public int outstanding() {
      return outstanding;
    }

    @Override
    public long frames() {
      return frames;
    }
  }

  private static final long STEP_NS = 20_000;

  private final FakeTraffic traffic = new FakeTraffic();
  private final Wakefulness wakefulness = new Wakefulness(traffic);
  private long nowNs = 5_000_000_000L;

  private boolean mayLook() {
    nowNs += STEP_NS;
    return wakefulness.mayLook(nowNs);
  }

  private boolean mayLookAfterRequests(int count) {
    traffic.requests += count;
    return mayLook();
  }

  private boolean mayLookAfterFrames(int count) {
    traffic.frames += count;
    return mayLook();
  }

  private int looksOf(int sleeps) {
    int looks = 0;
    for (int i = 0; i < sleeps; i++) {
      looks += mayLookAfterRequests(1) ? 1 : 0;
    }
    return looks;
  }

  @Test
  void whereNothingEverCameALoopSleeps() {
    assertThat(mayLook()).isFalse();
  }

  @Test
  void aHostThatAsksForOneThingAtATimeIsLookedFor() {
    assertThat(mayLookAfterRequests(1)).isTrue();
    traffic.outstanding = Wakefulness.OUTSTANDING_MAX;
    assertThat(mayLookAfterRequests(1)).isTrue();
  }

  @Test
  void whatADriveReadsForAHostIsLookedForHoweverMuchThatIs() {
    traffic.isDriveAtWork = true;
    traffic.outstanding = Wakefulness.OUTSTANDING_MAX + 1;
    traffic.outstandingBytes = Wakefulness.OUTSTANDING_BYTES_MAX + 1;
    assertThat(mayLookAfterRequests(Wakefulness.OUTSTANDING_MAX + 1)).isFalse();

    traffic.isReadAwaited = true;

    assertThat(mayLook()).isTrue();
  }

  @Test
  void aDriveThatReadsForLongIsNotLookedFor() {
    traffic.isReadAwaited = true;
    int looks = 0;
    for (int i = 0; i < 10 * Wakefulness.SLEEPS_PER_TRIAL; i++) {
      if (mayLook()) {
        looks++;
        wakefulness.onNothing();
      }
    }
    assertThat(looks).isLessThan(20);
  }

  @Test
  void nothingIsLookedForWhileADriveIsAtWork() {
    traffic.isDriveAtWork = true;
    assertThat(mayLookAfterRequests(1)).isFalse();

    traffic.isDriveAtWork = false;

    assertThat(mayLookAfterRequests(1)).isTrue();
  }

  @Test
  void aHostThatWritesMuchAtOnceIsNotLookedFor() {
    traffic.outstandingBytes = Wakefulness.OUTSTANDING_BYTES_MAX + 1;
    assertThat(mayLookAfterRequests(1)).isFalse();

    traffic.outstandingBytes = Wakefulness.OUTSTANDING_BYTES_MAX;
    nowNs += Wakefulness.LATELY_NS;

    assertThat(mayLookAfterRequests(1)).isTrue();
  }

  @Test
  void aHostThatAskedLongAgoIsNotLookedFor() {
    mayLookAfterRequests(1);

    nowNs += Wakefulness.LATELY_NS;

    assertThat(mayLook()).isFalse();
  }

  @Test
  void hostsWithManyRequestsAreNotLookedForThoughAllWereAnsweredThisTime() {
    traffic.outstanding = Wakefulness.OUTSTANDING_MAX + 1;
    assertThat(mayLookAfterRequests(1)).isFalse();
    traffic.outstanding = 0;
    assertThat(mayLookAfterRequests(1)).isFalse();

    nowNs += Wakefulness.LATELY_NS;

    assertThat(mayLookAfterRequests(1)).isTrue();
    assertThat(mayLookAfterRequests(Wakefulness.OUTSTANDING_MAX + 1)).isFalse();
  }

  @Test
  void aPeerThatSendsSingleFramesIsLookedForFromTheEighthOn() {
    for (int i = 1; i < Wakefulness.LONE_FRAMES; i++) {
      assertThat(mayLookAfterFrames(1)).isFalse();
    }
    assertThat(mayLookAfterFrames(1)).isTrue();
    assertThat(mayLook()).isTrue();

    assertThat(mayLookAfterFrames(2)).isFalse();
    assertThat(mayLookAfterFrames(1)).isFalse();
  }

  @Test
  void aPeerThatOnlyGivesASignOfLifeNowAndThenIsNotLookedFor() {
    for (int i = 0; i < 100; i++) {
      mayLookAfterFrames(1);
      nowNs += 500_000_000;

      assertThat(mayLook()).isFalse();
    }
  }

  @Test
  void whereLooksAreInVainOnlyOneSleepInSixteenBeginsWithOne() {
    looksOf(1);
    for (int i = 0; i < 100; i++) {
      wakefulness.onNothing();
    }

    assertThat(looksOf(10 * Wakefulness.SLEEPS_PER_TRIAL)).isEqualTo(10);
  }

  @Test
  void aTrialThatFindsSomethingMakesLooksPayAgain() {
    looksOf(1);
    for (int i = 0; i < 100; i++) {
      wakefulness.onNothing();
    }

    wakefulness.onFound();

    assertThat(looksOf(10)).isEqualTo(10);
  }

  @Test
  void whoIsCrowdedOutDoesNotLookThoughItPaidBefore() {
    for (int i = 0; i < 100; i++) {
      wakefulness.onFound();
    }

    wakefulness.onCrowdedOut();

    assertThat(looksOf(Wakefulness.SLEEPS_PER_TRIAL)).isEqualTo(1);
  }

  @Test
  void aLoopStaysAwakeIfMostSleepsSinceItWasAskedBeganWithALook() {
    looksOf(10);
    assertThat(wakefulness.staysAwake()).isTrue();
    assertThat(wakefulness.staysAwake()).isFalse();

    wakefulness.onCrowdedOut();
    looksOf(Wakefulness.SLEEPS_PER_TRIAL);

    assertThat(wakefulness.staysAwake()).isFalse();
  }

  @Test
  void theEnvironmentHasLoopsSleepAtOnceAndNothingElse() {
    assertThat(Wakefulness.isWanted(null)).isTrue();
    assertThat(Wakefulness.isWanted("")).isTrue();
    assertThat(Wakefulness.isWanted("at-once")).isFalse();
    assertThatThrownBy(() -> Wakefulness.isWanted("never"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("FARSIDE_SLEEP=never")
        .hasMessageContaining("Set it to at-once");
  }
}
