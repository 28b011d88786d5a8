package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.EventCode;
import farside.port.DriveOutcome;
import farside.port.Memory;
import farside.volume.DriveLabel;
import farside.volume.Labels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class LabelOnDriveTest {
  /// A new drive, of which it is known that it has no label.
  private static DiskBench loaded() {
    DiskBench bench = new DiskBench(4);
    bench.load();
    return bench;
  }

  /// A drive with so many labels on it, before the cabinet's next start.
  private static DriveInMemory labelled(int copies) {
    DiskBench bench = loaded();
    for (int i = 0; i < copies; i++) {
      bench.writeLabel();
    }
    return bench.drive;
  }

  private static DriveLabel.Found copy(DiskBench bench, int copy) {
    return DriveLabel.decode(
        bench.drive.durable().address() + DriveLabel.offsetOf(copy, bench.drive.sizeBytes()));
  }

  private static int wholeCopies(DiskBench bench) {
    int count = 0;
    for (int i = 0; i < 2; i++) {
      count += copy(bench, i) instanceof DriveLabel.Found.Whole ? 1 : 0;
    }
    return count;
  }

  private static void tear(DriveInMemory drive, int copy) {
    long at = DriveLabel.offsetOf(copy, drive.sizeBytes()) + 100;
    for (MemorySegment image : List.of(drive.image(), drive.durable())) {
      Memory.putByte(image.address() + at, (byte) ~Memory.getByte(image.address() + at));
    }
  }

  @Test
  void aNewDriveHasNoLabelAndIsKnownZero() {
    DiskBench bench = loaded();
    assertThat(bench.labels.found(0).label()).isNull();
    assertThat(bench.labels.found(0).knownZero()).isTrue();
    assertThat(bench.labels.found(0).refusal()).isNull();
  }

  @Test
  void aCopyThatCannotBeReadOnceIsReadAgain() {
    DiskBench bench = new DiskBench(4);
    bench.settle();
    for (int failures = 1; failures < LabelReader.TRIES_MAX; failures++) {
      bench.failFirst(DriveOutcome.MEDIUM_ERROR);
    }
    bench.load();
    assertThat(bench.labels.found(0).refusal()).isNull();
    assertThat(bench.labels.found(0).knownZero()).isTrue();
  }

  @Test
  void labelsAreWrittenInTurn() {
    DiskBench bench = loaded();
    bench.writeLabel();
    assertThat(wholeCopies(bench)).isEqualTo(1);
    bench.writeLabel();
    assertThat(wholeCopies(bench)).isEqualTo(2);
  }

  @Test
  void aLabelIsNotDurableBeforeItsFlush() {
    DiskBench bench = loaded();
    long ticket = bench.labels.request(0);
    bench.settle();
    bench.answer();
    assertThat(bench.labels.isDurable(0, ticket)).isFalse();
    bench.answer();
    assertThat(bench.labels.isDurable(0, ticket)).isTrue();
  }

  @Test
  void aLabelOrderedWhileOneIsWrittenIsWrittenAfterIt() {
    DiskBench bench = loaded();
    long first = bench.labels.request(0);
    bench.settle();
    long second = bench.labels.request(0);
    bench.answer();
    bench.answer();
    assertThat(bench.labels.isDurable(0, first)).isTrue();
    assertThat(bench.labels.isDurable(0, second)).isFalse();
    bench.answer();
    bench.answer();
    assertThat(bench.labels.isDurable(0, second)).isTrue();
  }

  @Test
  void anAttemptThatFailedIsRepeatedOnTheSameCopySoThatTheGoodOneStays() {
    DiskBench bench = loaded();
    bench.writeLabel();
    int good = copy(bench, 0) instanceof DriveLabel.Found.Whole ? 0 : 1;
    bench.labels.request(0);
    bench.settle();
    long offset = bench.drive.inFlight().getFirst().offsetBytes;
    assertThat(offset).isEqualTo(DriveLabel.offsetOf(1 - good, bench.drive.sizeBytes()));
    bench.failFirst(DriveOutcome.MEDIUM_ERROR);
    assertThat(bench.drive.inFlight()).isEmpty();
    bench.pass(1000 * DiskBench.MS);
    assertThat(bench.drive.inFlight().getFirst().offsetBytes).isEqualTo(offset);
  }

  @Test
  void nothingIsDestagedToADriveThatDoesNotTakeItsLabelBeforeItDoes() {
    DiskBench bench = loaded();
    bench.writeLabel();
    bench.labels.request(0);
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThat(bench.labels.isOut(0)).isFalse();
      bench.pass(1000 * DiskBench.MS);
      bench.failFirst(DriveOutcome.MEDIUM_ERROR);
    }
    assertThat(bench.labels.isOut(0)).isTrue();
    assertThat(bench.records.isDestageFailing(0)).isTrue();
    bench.write(0, 8, 1);
    bench.pass(999 * DiskBench.MS);
    assertThat(bench.drive.inFlight()).isEmpty();
    bench.pass(10 * DiskBench.MS);
    assertThat(bench.drive.inFlight().getFirst().offsetBytes)
        .isGreaterThanOrEqualTo(DiskBench.VOLUME_BYTES);
    for (int i = 0; i < 10 && bench.records.liveRecords() > 0; i++) {
      bench.drive.completeAll();
      bench.pass(1000 * DiskBench.MS);
    }
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.labels.isOut(0)).isFalse();
    assertThat(bench.records.isDestageFailing(0)).isFalse();
  }

  @Test
  void afterARestartTheCopyThatWasNotBelievedIsWrittenFirst() {
    DriveInMemory drive = labelled(2);
    for (int torn = 0; torn < 2; torn++) {
      tear(drive, torn);
      DiskBench bench = new DiskBench(drive);
      bench.load();
      assertThat(bench.labels.found(0).label()).isNotNull();
      bench.labels.request(0);
      bench.settle();
      assertThat(bench.drive.inFlight().getFirst().offsetBytes)
          .isEqualTo(DriveLabel.offsetOf(torn, bench.drive.sizeBytes()));
      bench.answer();
      bench.answer();
      assertThat(wholeCopies(bench)).isEqualTo(2);
    }
  }

  @Test
  void aDriveWithoutALabelThatIsNotKnownToBeZeroIsRefused() {
    DriveInMemory drive = new DriveInMemory(DiskBench.VOLUME_BYTES + (1 << 20), 4, false);
    DiskBench bench = new DiskBench(drive);
    bench.load();
    assertThat(bench.labels.found(0).refusal()).contains("no Farside label");
  }

  @Test
  void aDriveThatWasClearedForItsFirstLabelIsTakenAndNotForZero() {
    DriveInMemory drive = new DriveInMemory(DiskBench.VOLUME_BYTES + (1 << 20), 4, false);
    drive.mayBeLabelled = true;
    DiskBench bench = new DiskBench(drive);
    bench.load();
    assertThat(bench.labels.found(0).refusal()).isNull();
    assertThat(bench.labels.found(0).label()).isNull();
    assertThat(bench.labels.found(0).knownZero()).isFalse();
  }

  @Test
  void aNewDriveWhoseFirstLabelWasTornIsStillNew() {
    DriveInMemory drive = labelled(1);
    tear(drive, 0);
    DiskBench bench = new DiskBench(drive);
    bench.load();
    assertThat(bench.labels.found(0).refusal()).isNull();
    assertThat(bench.labels.found(0).knownZero()).isTrue();
  }

  @Test
  void thatOneCopyCannotBeReadIsSaidWithTheOther() {
    DriveInMemory drive = labelled(2);
    DiskBench bench = new DiskBench(drive);
    bench.settle();
    for (int failures = 0; failures < LabelReader.TRIES_MAX; failures++) {
      bench.failFirst(DriveOutcome.MEDIUM_ERROR);
    }
    bench.load();
    Labels.FoundLabel found = bench.labels.found(0);
    assertThat(found.label()).isNotNull();
    assertThat(found.refusal()).isNull();
    assertThat(found.doubt())
        .contains("at byte " + DriveLabel.offsetOf(0, bench.drive.sizeBytes()), "cannot be read");
    assertThat(new DiskBench(drive)).satisfies(whole -> {
      whole.load();
      assertThat(whole.labels.found(0).doubt()).isNull();
    });
  }

  @Test
  void aDriveWhoseLabelCannotBeReadIsRefusedWhateverElseIsKnownOfIt() {
    DiskBench bench = new DiskBench(4);
    bench.settle();
    for (int failures = 0; failures < LabelReader.TRIES_MAX; failures++) {
      bench.failFirst(DriveOutcome.MEDIUM_ERROR);
    }
    bench.load();
    assertThat(bench.labels.found(0).refusal()).contains("label copy 0", "cannot be read");
  }

  /// Every read of its label that the drive is asked for, until it is left in peace.
  private static int failLabelReads(DiskBench bench, DriveOutcome outcome) {
    int reads = 0;
    while (!bench.drive.inFlight().isEmpty()) {
      bench.failFirst(outcome);
      reads++;
    }
    return reads;
  }

  @Test
  void aDriveThatIsGoneAtImlIsAskedForItsLabelEachSecondUntilItIsThere() {
    DiskBench bench = new DiskBench(labelled(1));
    bench.settle();
    for (int second = 0; second < 100; second++) {
      assertThat(failLabelReads(bench, DriveOutcome.GONE)).isPositive();
      assertThat(bench.labels.found(0)).isNull();
      assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(bench.nowNs + 1000 * DiskBench.MS);
      bench.pass(1000 * DiskBench.MS);
    }
    assertThat(bench.events).containsOnlyOnce(EventCode.LABEL_AWAITED.number());
    bench.load();
    assertThat(bench.labels.found(0).label()).isNotNull();
    assertThat(bench.labels.found(0).doubt()).isNull();
  }

  @Test
  void aDriveThatGoesAfterTheFirstCopyOfItsLabelIsAskedForBothAgain() {
    DiskBench bench = new DiskBench(labelled(2));
    bench.settle();
    bench.answer();
    failLabelReads(bench, DriveOutcome.GONE);
    assertThat(bench.labels.found(0)).isNull();
    bench.pass(1000 * DiskBench.MS);
    bench.load();
    assertThat(bench.labels.found(0).label()).isNotNull();
    assertThat(bench.labels.found(0).doubt()).isNull();
  }

  @Test
  void aDriveThatIsBackButFailsOnceMoreIsTriedAsOftenAsAnyOther() {
    DiskBench bench = new DiskBench(4);
    bench.settle();
    for (int tries = 1; tries < LabelReader.TRIES_MAX; tries++) {
      bench.failFirst(DriveOutcome.GONE);
    }
    assertThat(failLabelReads(bench, DriveOutcome.MEDIUM_ERROR)).isEqualTo(5);
    assertThat(bench.labels.found(0)).isNull();
    bench.pass(1000 * DiskBench.MS);
    assertThat(failLabelReads(bench, DriveOutcome.MEDIUM_ERROR)).isEqualTo(8);
    assertThat(bench.labels.found(0).refusal()).contains("cannot be read");
  }
}
