package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// When two cabinets with one mirrored volume count as being at rest.
class AtRestTest {
  private static final long SECOND = SiteBench.SECOND;

  private final SiteBench bench = new SiteBench(7, 0);
  private final VirtualTime time = bench.time;
  private final SimulatedLine line = bench.line();
  private final SimulatedSite source = bench.ofPair(0, line);
  private final SimulatedSite target = bench.ofPair(1, line);
  private final SimulatedDrive far = target.drives().getFirst();

  @BeforeEach
  void synchronize() {
    List.of(source, target).forEach(SimulatedSite::start);
    assertThat(time.runUntil(this::isAtRest, 5 * SECOND)).isTrue();
  }

  @AfterEach
  void release() {
    bench.close();
  }

  @Test
  void aSiteIsNotAtRestBeforeItsDriveHasALabelThatItRefusedOnce() {
    long before = far.writes();
    far.faults().spoil(SiteBench.VOLUME_BYTES, RigDraw.RESERVED_BYTES);
    line.cut();
    // What it heard of its peer last is old: its label is to say so, and nobody waits for that.
    assertThat(time.runUntil(() -> far.writes() > before && far.isIdle(), 2 * SECOND))
        .isTrue();
    far.mend();
    line.restore();

    assertThat(time.runUntil(this::isAtRest, 5 * SECOND)).isTrue();
    long writes = far.writes();
    time.runFor(2 * SECOND);
    assertThat(far.writes()).as("writes to a drive at rest").isEqualTo(writes);
  }

  private boolean isAtRest() {
    return source.isSettled() && target.isSettled();
  }
}
