package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.DriveOutcome;
import farside.port.Memory;
import farside.simulator.DriveFaults.Lie;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// That what is wrong with a simulated drive really bites.
class DriveFaultsTest {
  private static final int LENGTH = 16 * 512;
  private static final int VOLUME_BYTES = 256 * 1024;

  @Test
  void aRequestThatFailsOnceSucceedsWhenItIsTriedAgain() {
    try (Bench bench = new Bench(1)) {
      SimulatedDrive drive = bench.drive(8);
      drive.faults().fail(500);
      int tries = 0;
      while (bench.completed.size() < 20) {
        bench.write(drive, 0, LENGTH, 7, tries++);
        bench.settle(drive);
      }
      assertThat(bench.failed).hasSizeGreaterThan(5);
      assertThat(drive.faults().failedRequests()).isEqualTo(bench.failed.size());

      drive.faults().fail(0);
      bench.write(drive, 0, LENGTH, 8, tries);
      bench.settle(drive);
      assertThat(bench.completed).endsWith((long) tries);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 8)).isEqualTo(16);
    }
  }

  @Test
  void aReadThatFailsOnceLeavesNoiseInItsMemory() {
    try (Bench bench = new Bench(2)) {
      SimulatedDrive drive = bench.drive(8);
      bench.write(drive, 0, 512, 7, 1);
      bench.settle(drive);
      drive.faults().fail(1000);
      drive.submitRead(0, bench.memory + 4096, 512, 2);
      bench.settle(drive);
      assertThat(bench.failed).containsExactly(2L);
      assertThat(Memory.at(bench.memory + 4096, 512).mismatch(Memory.at(bench.memory, 512)))
          .isNotEqualTo(-1);
    }
  }

  @Test
  void aDriveCountsTheReadsThatItsOwnerSawFailThoughItIsWellByThen() {
    try (Bench bench = new Bench(2)) {
      SimulatedDrive drive = bench.drive(8);
      drive.faults().fail(1000);
      drive.submitRead(0, bench.memory, 512, 1);
      drive.submitRead(512, bench.memory + 512, 512, 2);
      bench.write(drive, LENGTH, 512, 7, 3);
      bench.time.runFor(1_000_000_000L);
      assertThat(drive.failedReads()).isZero();
      drive.mend();
      bench.settle(drive);
      assertThat(bench.failed).hasSize(3);
      assertThat(drive.failedReads()).isEqualTo(2);

      drive.faults().setGone(true);
      drive.submitRead(0, bench.memory, 512, 4);
      bench.settle(drive);
      assertThat(bench.failed).hasSize(4);
      assertThat(drive.failedReads()).isEqualTo(2);
      drive.onProcessDeath();
      drive.open(() -> {});
      assertThat(drive.failedReads()).isZero();
    }
  }

  @Test
  void aFlushThatFailsMayTakeWithItWhatItWasToMakeStableAndTheNextDoesNotSaySo() {
    int lost = 0;
    int kept = 0;
    for (int seed = 0; seed < 40; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        bench.settle(drive);
        drive.faults().fail(1000);
        drive.submitFlush(2);
        bench.settle(drive);
        drive.faults().fail(0);
        drive.submitFlush(3);
        bench.settle(drive);
        assertThat(bench.failed).containsExactly(2L);
        assertThat(bench.completed).containsExactly(1L, 3L);
        boolean isWhole = bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7) == 16;
        lost += isWhole ? 0 : 1;
        kept += isWhole ? 1 : 0;
      }
    }
    assertThat(lost).isPositive();
    assertThat(kept).isPositive();
  }

  @Test
  void aDriveThatHasGoneFailsEverythingTakesNothingAndComesBackWithWhatItHad() {
    try (Bench bench = new Bench(3)) {
      SimulatedDrive drive = bench.drive(8);
      bench.write(drive, 0, LENGTH, 7, 1);
      bench.settle(drive);
      drive.submitFlush(2);
      bench.settle(drive);

      drive.faults().setGone(true);
      List<DriveOutcome> outcomes = new ArrayList<>();
      bench.write(drive, 0, LENGTH, 8, 3);
      drive.submitRead(LENGTH, bench.memory + LENGTH, 512, 4);
      drive.submitFlush(5);
      bench.time.runFor(1_000_000_000L);
      drive.drain((tag, outcome, at) -> outcomes.add(outcome), 8);
      assertThat(outcomes).hasSize(3).containsOnly(DriveOutcome.GONE);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7)).isEqualTo(16);

      drive.faults().setGone(false);
      bench.write(drive, 0, LENGTH, 8, 6);
      bench.settle(drive);
      assertThat(bench.completed).endsWith(6L);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 8)).isEqualTo(16);
    }
  }

  @Test
  void aDriveWithoutRoomFailsWritesAndReadsAndFlushesGoOn() {
    int torn = 0;
    for (int seed = 0; seed < 30; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        List<DriveOutcome> outcomes = new ArrayList<>();
        drive.faults().fill(1000);
        bench.write(drive, 0, LENGTH, 7, 1);
        bench.time.runFor(1_000_000_000L);
        drive.drain((tag, outcome, at) -> outcomes.add(outcome), 8);
        assertThat(outcomes).containsExactly(DriveOutcome.NO_SPACE);
        int blocks = bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7);
        torn += blocks > 0 && blocks < 16 ? 1 : 0;

        drive.submitRead(LENGTH, bench.memory + LENGTH, 512, 2);
        drive.submitFlush(3);
        drive.faults().fill(0);
        bench.settle(drive);
        bench.write(drive, 0, LENGTH, 8, 4);
        bench.settle(drive);
        assertThat(bench.completed).containsExactlyInAnyOrder(2L, 3L, 4L);
        assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 8)).isEqualTo(16);
      }
    }
    assertThat(torn).isPositive();
  }

  @Test
  void ofWhatWasWrittenLastSomeBlocksCanBeLostAndNoOthers() {
    try (Bench bench = new Bench(5)) {
      SimulatedDrive drive = bench.drive(8);
      bench.write(drive, 0, LENGTH, 7, 1);
      bench.write(drive, 4L * LENGTH, LENGTH, 7, 2);
      bench.settle(drive);
      drive.medium().loseLatest(4L * LENGTH, new Draws(1));
      assertThat(drive.medium().lost().count()).isBetween(2, 14);

      drive.submitRead(0, bench.memory, LENGTH, 3);
      drive.submitRead(4L * LENGTH, bench.memory + 4L * LENGTH, LENGTH, 4);
      bench.settle(drive);
      assertThat(bench.failed).containsExactly(3L);
      assertThat(bench.completed).contains(4L);
    }
  }

  @Test
  void aWriteThatIsUnderWayWhenTheDriveGoesFailsAndMayBeThereInPart() {
    int torn = 0;
    for (int seed = 0; seed < 30; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.write(drive, 0, LENGTH, 7, 1);
        drive.faults().setGone(true);
        bench.settle(drive);
        assertThat(bench.failed).containsExactly(1L);
        int blocks = bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7);
        torn += blocks > 0 && blocks < 16 ? 1 : 0;
      }
    }
    assertThat(torn).isPositive();
  }

  @Test
  void aLostWriteIsCalledDoneAndTheBlocksHoldWhatTheyHeld() {
    try (Bench bench = new Bench(4)) {
      SimulatedDrive drive = bench.drive(8);
      DamagedBlocks damaged = new DamagedBlocks(VOLUME_BYTES);
      bench.write(drive, 0, LENGTH, 7, 1);
      bench.settle(drive);
      drive.medium().lie(Lie.LOST_WRITE, 1000, damaged);
      bench.write(drive, 0, LENGTH, 8, 2);
      bench.settle(drive);
      bench.writeThrough(drive, LENGTH, LENGTH, 8, 3);
      bench.settle(drive);
      assertThat(bench.completed).containsExactly(1L, 2L, 3L);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7)).isEqualTo(16);
      assertThat(bench.blocksOf(drive.medium().stable(), LENGTH, LENGTH, 8)).isZero();
      assertThat(drive.faults().lies()).isEqualTo(2);
      assertThat(damaged.contains(0)).isTrue();
      assertThat(damaged.contains(2 * LENGTH - 1)).isTrue();
      assertThat(damaged.contains(2 * LENGTH)).isFalse();
    }
  }

  @Test
  void aMisdirectedWriteIsAtAWrongPlaceAndTheRightOneHoldsWhatItHeld() {
    try (Bench bench = new Bench(5)) {
      SimulatedDrive drive = bench.drive(8);
      DamagedBlocks damaged = new DamagedBlocks(VOLUME_BYTES);
      bench.write(drive, 0, LENGTH, 7, 1);
      bench.settle(drive);
      drive.medium().lie(Lie.MISDIRECTED_WRITE, 1000, damaged);
      bench.write(drive, 0, LENGTH, 8, 2);
      bench.settle(drive);
      assertThat(bench.completed).containsExactly(1L, 2L);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7)).isEqualTo(16);
      assertThat(bench.blocksOf(drive.medium().visible(), LENGTH, VOLUME_BYTES - LENGTH, 8))
          .isEqualTo(16);
      // All that is not what it should be is told of.
      DriveImage expected = new DriveImage(Bench.MIB);
      byte[] sevens = new byte[LENGTH];
      Arrays.fill(sevens, (byte) 7);
      expected.write(0, sevens, 0, LENGTH);
      for (long at = drive.medium().visible().mismatch(expected, 0, Bench.MIB);
          at >= 0;
          at = drive.medium().visible().mismatch(expected, DamagedBlocks.endOf(at), Bench.MIB)) {
        assertThat(damaged.contains(at)).isTrue();
      }
    }
  }

  @Test
  void zeroesMayBeMisdirectedToo() {
    try (Bench bench = new Bench(5)) {
      SimulatedDrive drive = bench.drive(8);
      bench.write(drive, 0, VOLUME_BYTES, 7, 1);
      bench.settle(drive);
      drive.medium().lie(Lie.MISDIRECTED_WRITE, 1000, new DamagedBlocks(VOLUME_BYTES));
      drive.submitZero(0, LENGTH, 2);
      bench.settle(drive);
      assertThat(bench.completed).containsExactly(1L, 2L);
      assertThat(bench.blocksOf(drive.medium().visible(), 0, VOLUME_BYTES, 0)).isEqualTo(16);
    }
  }

  @Test
  void aStaleReadReturnsWhatWasThereBeforeTheLastWrite() {
    try (Bench bench = new Bench(6)) {
      SimulatedDrive drive = bench.drive(8);
      DamagedBlocks damaged = new DamagedBlocks(VOLUME_BYTES);
      bench.write(drive, 0, 512, 7, 1);
      bench.settle(drive);
      drive.medium().lie(Lie.STALE_READ, 1000, damaged);
      bench.write(drive, 0, 512, 8, 2);
      bench.settle(drive);
      assertThat(readByte(bench, drive)).isEqualTo((byte) 7);
      assertThat(damaged.contains(0)).isTrue();
      drive.mend();
      assertThat(readByte(bench, drive)).isEqualTo((byte) 8);
    }
  }

  @Test
  void nothingIsLiedAboutBeyondTheVolume() {
    try (Bench bench = new Bench(7)) {
      SimulatedDrive drive = bench.drive(8);
      drive.medium().lie(Lie.LOST_WRITE, 1000, new DamagedBlocks(VOLUME_BYTES));
      bench.write(drive, VOLUME_BYTES, LENGTH, 7, 1);
      bench.settle(drive);
      assertThat(bench.blocksOf(drive.medium().visible(), VOLUME_BYTES, LENGTH, 7))
          .isEqualTo(16);
    }
  }

  @Test
  void aWriteThroughOfADeadProcessMayLandLateToo() {
    boolean late = false;
    for (int seed = 0; seed < 60; seed++) {
      try (Bench bench = new Bench(seed)) {
        SimulatedDrive drive = bench.drive(8);
        bench.writeThrough(drive, 0, LENGTH, 7, 1);
        drive.onProcessDeath();
        int atOnce = bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7);
        bench.time.runFor(SimulatedDrive.OLD_IO_MAX_NS + 1);
        late |= bench.blocksOf(drive.medium().visible(), 0, LENGTH, 7) > atOnce;
      }
    }
    assertThat(late).isTrue();
  }

  private static byte readByte(Bench bench, SimulatedDrive drive) {
    long address = bench.memory + Bench.MIB / 2;
    drive.submitRead(0, address, 512, 99);
    bench.settle(drive);
    return Memory.getByte(address);
  }
}
