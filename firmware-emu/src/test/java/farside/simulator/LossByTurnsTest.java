package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.volume.PairState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A pair whose sites lose their power, and the NVRAM with it, one after the other, while what was
/// answered is on one drive only.
class LossByTurnsTest {
  private static final long MILLI = SiteBench.MILLI;
  private static final long SECOND = SiteBench.SECOND;
  private static final long SIZE = SiteBench.VOLUME_BYTES;
  private static final String VOLUME = SiteBench.VOLUME;

  private final SiteBench bench = new SiteBench(7, 0);
  private final VirtualTime time = bench.time;
  private final Oracle oracle = bench.oracle;
  private final SimulatedLine line = bench.line();
  private final SimulatedSite a = bench.ofPair(0, line);
  private final SimulatedSite b = bench.ofPair(1, line);
  private final DriveMedium near = a.drives().getFirst().medium();
  private final DriveMedium far = b.drives().getFirst().medium();
  private final DriveFaults faultsOfFar = b.drives().getFirst().faults();

  @BeforeEach
  void mirror() {
    a.start();
    b.start();
    awaitSynchronized();
  }

  @AfterEach
  void release() {
    bench.close();
  }

  private boolean isSynchronized() {
    return a.isReady() && a.standingOf(VOLUME).pairState() == PairState.SYNCHRONIZED;
  }

  private void awaitSynchronized() {
    assertThat(time.runUntil(this::isSynchronized, 60 * SECOND)).isTrue();
  }

  /// Hosts write for a while, then nobody asks for anything.
  private void write(long ns) {
    WorkloadProgram program =
        new WorkloadProgram(a.host(), VOLUME, SIZE, false, time, bench.draws.fork());
    program.start();
    time.runFor(ns);
    program.stop();
    assertThat(time.runUntil(program::isQuiet, 10 * SECOND)).isTrue();
    time.runFor(SECOND);
  }

  private static void losePower(SimulatedSite site) {
    site.losePower();
    site.start();
  }

  private void assertThatBothHaveAllThatWasAnswered() {
    assertThat(time.runUntil(() -> a.isSettled() && b.isSettled(), 60 * SECOND))
        .as(a.unsettled() + "; " + b.unsettled())
        .isTrue();
    assertThat(near.visible().mismatch(far.visible(), 0, SIZE))
        .as("first byte that differs")
        .isEqualTo(-1);
    oracle.history(VOLUME).adopt(near.visible(), "the drives");
  }

  @Test
  void aPairWhoseSitesLoseTheirNvramOneAfterTheOtherLosesNothing() {
    faultsOfFar.fill(1000);
    write(100 * MILLI);
    // All of it is on the source's drive, and the target knows that; its own has none of it.
    assertThat(near.visible().mismatch(far.visible(), 0, SIZE)).isNotNegative();
    assertThat(near.visible().mismatch(near.stable(), 0, SIZE)).isEqualTo(-1);

    losePower(a);
    time.after(5 * SECOND, () -> faultsOfFar.fill(0));
    awaitSynchronized();
    // Only the memory that the source lost knew what the drive of the target lacked.
    losePower(b);
    assertThatBothHaveAllThatWasAnswered();
  }
}
