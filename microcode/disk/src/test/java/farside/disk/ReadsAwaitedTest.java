package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.DriveOutcome;
import org.junit.jupiter.api.Test;

/// Whether somebody waits for what a drive reads.
class ReadsAwaitedTest {
  private static final long MS = DiskBench.MS;

  private final DiskBench bench = new DiskBench(4);

  private void want(int track) {
    int slot = bench.slots.acquire(0, track);
    bench.slots.pin(slot);
    bench.slots.want(slot, 1, 0);
    bench.settle();
  }

  @Test
  void nobodyWaitsForALabelOrForWhatIsWritten() {
    bench.settle();
    assertThat(bench.adapter.isIdle()).isFalse();
    assertThat(bench.adapter.isReading()).isFalse();
    bench.load();
    assertThat(bench.adapter.isIdle()).isTrue();

    bench.write(0, 8, 1);
    bench.pass(20 * MS);

    assertThat(bench.adapter.isIdle()).isFalse();
    assertThat(bench.adapter.isReading()).isFalse();
  }

  @Test
  void aReadIsAwaitedUntilTheDriveHasAnsweredIt() {
    bench.load();
    want(0);
    want(1);
    assertThat(bench.adapter.isReading()).isTrue();

    bench.drive.complete(bench.drive.inFlight().getFirst(), DriveOutcome.DONE);
    bench.settle();
    assertThat(bench.adapter.isReading()).isTrue();

    bench.answer();
    assertThat(bench.adapter.isReading()).isFalse();
  }

  @Test
  void nobodyWaitsForADriveThatHangs() {
    bench.load();
    want(0);

    for (long ms = 0; ms <= DiskBench.PATIENCE.hungNs() / MS; ms += 1_000) {
      bench.pass(1_000 * MS);
    }

    assertThat(bench.adapter.isReading()).isFalse();
  }
}
