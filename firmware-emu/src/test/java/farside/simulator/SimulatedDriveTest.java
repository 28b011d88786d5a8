package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.port.DriveOutcome;
import farside.port.Memory;
import org.junit.jupiter.api.Test;

class SimulatedDriveTest {
  private static final int LENGTH = 16 * 512;

  @Test
  void aFlushedWriteSurvivesEveryPowerLoss() {
    for (int seed = 0; seed < 30; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        bench.settle(drive);
        drive.submitFlush(2);
        bench.settle(drive);

        drive.onPowerLoss();

        assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7)).isEqualTo(16);
      }
    }
  }

  @Test
  void aWriteThroughSurvivesEveryPowerLossAndWhatWasNotFlushedBeforeItDoesNot() {
    boolean lostOnce = false;
    for (int seed = 0; seed < 60; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        bench.settle(drive);
        bench.writeThrough(drive, LENGTH, LENGTH, 8, 2);
        bench.settle(drive);

        drive.onPowerLoss();

        assertThat(bench.blocksOf(drive.medium().visible(), LENGTH, LENGTH, 8)).isEqualTo(16);
        lostOnce |= bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7) < 16;
      }
    }
    assertThat(lostOnce).isTrue();
  }

  @Test
  void aWriteThroughOverWhatWasNotFlushedIsWhatSurvives() {
    for (int seed = 0; seed < 30; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        bench.settle(drive);
        bench.writeThrough(drive, 0, LENGTH, 8, 2);
        bench.settle(drive);
        drive.submitFlush(3);
        bench.settle(drive);

        drive.onPowerLoss();

        assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 8)).isEqualTo(16);
      }
    }
  }

  @Test
  void anUnflushedWriteIsLostKeptOrTornByAPowerLoss() {
    int lost = 0;
    int kept = 0;
    int torn = 0;
    for (int seed = 0; seed < 60; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        bench.settle(drive);

        drive.onPowerLoss();

        int blocks = bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7);
        lost += blocks == 0 ? 1 : 0;
        kept += blocks == 16 ? 1 : 0;
        torn += blocks > 0 && blocks < 16 ? 1 : 0;
      }
    }
    assertThat(lost).isPositive();
    assertThat(kept).isPositive();
    assertThat(torn).isPositive();
  }

  @Test
  void whatHangsReturnsWhenTheDriveIsFreedDoneOrNotAndMayHaveTakenTheCacheWithIt() {
    int done = 0;
    int resets = 0;
    for (int seed = 0; seed < 40; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        bench.settle(drive);
        drive.faults().hang(1000);
        bench.write(drive, LENGTH, LENGTH, 8, 2);
        bench.time.runFor(100_000_000_000L);
        assertThat(drive.isHanging()).isTrue();
        assertThat(drive.drain((tag, outcome, at) -> {}, 8)).isZero();

        drive.free(30_000_000_000L);

        bench.time.runFor(SimulatedDrive.FREED_MAX_NS);
        boolean[] wasDone = new boolean[1];
        drive.drain((tag, outcome, at) -> wasDone[0] = outcome == DriveOutcome.DONE, 8);
        assertThat(drive.isIdle()).isTrue();
        done += wasDone[0] ? 1 : 0;
        resets += bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7) < 16 ? 1 : 0;
      }
    }
    assertThat(done).isBetween(1, 39);
    assertThat(resets).isBetween(1, 39);
  }

  @Test
  void aSlowDriveTakesLongerAndLosesNothing() {
    try (Bench bench = new Bench(1)) {
      SimulatedDrive drive = bench.drive(8);
      drive.faults().slowDown(100_000_000_000L);
      bench.write(drive, 0, LENGTH, 7, 1);
      bench.time.runFor(1_000_000_000L);
      assertThat(drive.isIdle()).isFalse();
      bench.time.runFor(100_000_000_000L);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7)).isEqualTo(16);
    }
  }

  @Test
  void aFlushCoversOnlyWhatWasCompleteWhenItWasSubmitted() {
    boolean lostOnce = false;
    for (int seed = 0; seed < 40; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        drive.submitFlush(2);
        bench.settle(drive);

        drive.onPowerLoss();

        lostOnce |= bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7) < 16;
      }
    }
    assertThat(lostOnce).isTrue();
  }

  @Test
  void aWriteOfADeadProcessMayLandLateButBeforeTheNextOwner() {
    boolean late = false;
    for (int seed = 0; seed < 60; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        drive.onProcessDeath();
        int atOnce = bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7);
        long waitNs = drive.lastOldIoNs() - bench.time.nowNs();
        assertThat(waitNs).isLessThanOrEqualTo(SimulatedDrive.OLD_IO_MAX_NS);
        if (waitNs > 0) {
          assertThatThrownBy(() -> drive.open(() -> {})).hasMessageContaining("dead process");
        }

        bench.time.runFor(SimulatedDrive.OLD_IO_MAX_NS + 1);
        drive.open(() -> {});

        late |= bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7) > atOnce;
      }
    }
    assertThat(late).isTrue();
  }

  @Test
  void aSpoiledExtentTakesNoWriteAsAWholeUntilItIsMended() {
    try (Bench bench = new Bench(2)) {
      SimulatedDrive drive = bench.drive(8);
      drive.faults().spoil(512, 512);
      bench.write(drive, 0, LENGTH, 7, 1);
      bench.write(drive, LENGTH, 512, 7, 2);
      bench.settle(drive);
      assertThat(bench.failed).containsExactly(1L);

      drive.mend();
      bench.write(drive, 0, LENGTH, 8, 3);
      bench.settle(drive);
      assertThat(bench.failed).containsExactly(1L);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 8)).isEqualTo(16);
    }
  }

  @Test
  void requestsCompleteOutOfOrder() {
    try (Bench bench = new Bench(3)) {
      SimulatedDrive drive = bench.drive(32);
      for (int i = 0; i < 32; i++) {
        bench.write(drive, i * 512L, 512, i, i);
      }
      bench.settle(drive);
      assertThat(bench.completed)
          .hasSize(32)
          .isNotEqualTo(bench.completed.stream().sorted().toList());
    }
  }

  @Test
  void memoryThatChangesWhileItIsWrittenFailsTheRun() {
    try (Bench bench = new Bench(4)) {
      SimulatedDrive drive = bench.drive(8);
      bench.write(drive, 0, LENGTH, 7, 1);
      Memory.putByte(bench.memory + 1000, (byte) 8);
      assertThatThrownBy(() -> bench.settle(drive))
          .hasMessageContaining("changed while pinned, at byte 1000");
    }
  }

  @Test
  void writesThatOverlapInFlightFailTheRun() {
    try (Bench bench = new Bench(5)) {
      SimulatedDrive drive = bench.drive(8);
      bench.write(drive, 0, LENGTH, 7, 1);
      assertThatThrownBy(() -> bench.write(drive, LENGTH - 512, 1024, 8, 2))
          .hasMessageContaining("overlaps");
    }
  }

  @Test
  void moreRequestsThanTheQueueTakesFailTheRun() {
    try (Bench bench = new Bench(6)) {
      SimulatedDrive drive = bench.drive(1);
      bench.write(drive, 0, 512, 7, 1);
      assertThatThrownBy(() -> bench.write(drive, 512, 512, 8, 2))
          .hasMessageContaining("queue depth is 1");
    }
  }
}
