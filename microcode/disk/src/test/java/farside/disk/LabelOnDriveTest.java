package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.EventCode;
import farside.port.DriveOutcome;
import farside.port.Memory;
import farside.volume.DriveLabel;
import farside.volume.Labels;
import org.junit.jupiter.api.Test;

class LabelOnDriveTest {
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

  private static void writeLabel(DiskBench bench) {
    long ticket = bench.labels.request(0);
    bench.settle();
    while (!bench.labels.isDurable(0, ticket)) {
      bench.drive.completeAll();
      bench.settle();
    }
  }

  private static void tear(DiskBench bench, int copy) {
    long at = DriveLabel.offsetOf(copy, bench.drive.sizeBytes());
    for (var image :
        new java.lang.foreign.MemorySegment[] {bench.drive.image(), bench.drive.durable()}) {
      Memory.putByte(
          image.address() + at + 100, (byte) ~Memory.getByte(image.address() + at + 100));
    }
  }

  @Test
  void aNewDriveHasNoLabelAndIsKnownZero() {
    DiskBench bench = new DiskBench(4);
    bench.load();
    assertThat(bench.labels.found(0).label()).isNull();
    assertThat(bench.labels.found(0).knownZero()).isTrue();
    assertThat(bench.labels.found(0).refusal()).isNull();
  }

  @Test
  void aCopyThatCannotBeReadOnceIsReadAgain() {
    DiskBench bench = new DiskBench(4);
    bench.settle();
    for (int failures = 1; failures < LabelReader.TRIES_MAX; failures++) {
      bench.drive.complete(bench.drive.inFlight().getFirst(), DriveOutcome.MEDIUM_ERROR);
      bench.settle();
    }
    bench.load();
    assertThat(bench.labels.found(0).refusal()).isNull();
    assertThat(bench.labels.found(0).knownZero()).isTrue();
  }

  @Test
  void labelsAreWrittenInTurn() {
    DiskBench bench = new DiskBench(4);
    bench.load();
    writeLabel(bench);
    assertThat(wholeCopies(bench)).isEqualTo(1);
    writeLabel(bench);
    assertThat(wholeCopies(bench)).isEqualTo(2);
  }

  @Test
  void aLabelIsNotDurableBeforeItsFlush() {
    DiskBench bench = new DiskBench(4);
    bench.load();
    long ticket = bench.labels.request(0);
    bench.settle();
    bench.drive.completeAll();
    bench.settle();
    assertThat(bench.labels.isDurable(0, ticket)).isFalse();
    bench.drive.completeAll();
    bench.settle();
    assertThat(bench.labels.isDurable(0, ticket)).isTrue();
  }

  @Test
  void aLabelOrderedWhileOneIsWrittenIsWrittenAfterIt() {
    DiskBench bench = new DiskBench(4);
    bench.load();
    long first = bench.labels.request(0);
    bench.settle();
    long second = bench.labels.request(0);
    bench.drive.completeAll();
    bench.settle();
    bench.drive.completeAll();
    bench.settle();
    assertThat(bench.labels.isDurable(0, first)).isTrue();
    assertThat(bench.labels.isDurable(0, second)).isFalse();
    bench.drive.completeAll();
    bench.settle();
    bench.drive.completeAll();
    bench.settle();
    assertThat(bench.labels.isDurable(0, second)).isTrue();
  }

  @Test
  void anAttemptThatFailedIsRepeatedOnTheSameCopySoThatTheGoodOneStays() {
    DiskBench bench = new DiskBench(4);
    bench.load();
    writeLabel(bench);
    int good = copy(bench, 0) instanceof DriveLabel.Found.Whole ? 0 : 1;
    bench.labels.request(0);
    bench.settle();
    long offset = bench.drive.inFlight().getFirst().offsetBytes;
    assertThat(offset).isEqualTo(DriveLabel.offsetOf(1 - good, bench.drive.sizeBytes()));
    bench.drive.complete(bench.drive.inFlight().getFirst(), DriveOutcome.MEDIUM_ERROR);
    bench.settle();
    assertThat(bench.drive.inFlight()).isEmpty();
    bench.pass(1000 * DiskBench.MS);
    assertThat(bench.drive.inFlight().getFirst().offsetBytes).isEqualTo(offset);
  }

  @Test
  void nothingIsDestagedToADriveThatDoesNotTakeItsLabelBeforeItDoes() {
    DiskBench bench = new DiskBench(4);
    bench.load();
    writeLabel(bench);
    bench.labels.request(0);
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThat(bench.labels.isOut(0)).isFalse();
      bench.pass(1000 * DiskBench.MS);
      bench.drive.complete(bench.drive.inFlight().getFirst(), DriveOutcome.MEDIUM_ERROR);
      bench.settle();
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
    DiskBench before = new DiskBench(4);
    before.load();
    writeLabel(before);
    writeLabel(before);
    for (int torn = 0; torn < 2; torn++) {
      tear(before, torn);
      DiskBench bench = new DiskBench(before.drive);
      bench.load();
      assertThat(bench.labels.found(0).label()).isNotNull();
      bench.labels.request(0);
      bench.settle();
      assertThat(bench.drive.inFlight().getFirst().offsetBytes)
          .isEqualTo(DriveLabel.offsetOf(torn, bench.drive.sizeBytes()));
      bench.drive.completeAll();
      bench.settle();
      bench.drive.completeAll();
      bench.settle();
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
    DiskBench first = new DiskBench(4);
    first.load();
    writeLabel(first);
    tear(first, 0);
    DiskBench bench = new DiskBench(first.drive);
    bench.load();
    assertThat(bench.labels.found(0).refusal()).isNull();
    assertThat(bench.labels.found(0).knownZero()).isTrue();
  }

  @Test
  void thatOneCopyCannotBeReadIsSaidWithTheOther() {
    DiskBench first = new DiskBench(4);
    first.load();
    writeLabel(first);
    writeLabel(first);
    DiskBench bench = new DiskBench(first.drive);
    bench.settle();
    for (int failures = 0; failures < LabelReader.TRIES_MAX; failures++) {
      bench.drive.complete(bench.drive.inFlight().getFirst(), DriveOutcome.MEDIUM_ERROR);
      bench.settle();
    }
    bench.load();
    Labels.FoundLabel found = bench.labels.found(0);
    assertThat(found.label()).isNotNull();
    assertThat(found.refusal()).isNull();
    assertThat(found.doubt())
        .contains("at byte " + DriveLabel.offsetOf(0, bench.drive.sizeBytes()), "cannot be read");
    assertThat(new DiskBench(first.drive)).satisfies(whole -> {
      whole.load();
      assertThat(whole.labels.found(0).doubt()).isNull();
    });
  }

  @Test
  void aDriveWhoseLabelCannotBeReadIsRefusedWhateverElseIsKnownOfIt() {
    DiskBench bench = new DiskBench(4);
    bench.settle();
    for (int failures = 0; failures < LabelReader.TRIES_MAX; failures++) {
      bench.drive.complete(bench.drive.inFlight().getFirst(), DriveOutcome.MEDIUM_ERROR);
      bench.settle();
    }
    bench.load();
    assertThat(bench.labels.found(0).refusal()).contains("label copy 0", "cannot be read");
  }

  /// Every read of its label that the drive is asked for, until it is left in peace.
  private static int failLabelReads(DiskBench bench, DriveOutcome outcome) {
    int reads = 0;
    while (!bench.drive.inFlight().isEmpty()) {
      bench.drive.complete(bench.drive.inFlight().getFirst(), outcome);
      bench.settle();
      reads++;
    }
    return reads;
  }

  @Test
  void aDriveThatIsGoneAtImlIsAskedForItsLabelEachSecondUntilItIsThere() {
    DiskBench first = new DiskBench(4);
    first.load();
    writeLabel(first);
    DiskBench bench = new DiskBench(first.drive);
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
    DiskBench first = new DiskBench(4);
    first.load();
    writeLabel(first);
    writeLabel(first);
    DiskBench bench = new DiskBench(first.drive);
    bench.settle();
    bench.drive.completeAll();
    bench.settle();
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
      bench.drive.complete(bench.drive.inFlight().getFirst(), DriveOutcome.GONE);
      bench.settle();
    }
    assertThat(failLabelReads(bench, DriveOutcome.MEDIUM_ERROR)).isEqualTo(5);
    assertThat(bench.labels.found(0)).isNull();
    bench.pass(1000 * DiskBench.MS);
    assertThat(failLabelReads(bench, DriveOutcome.MEDIUM_ERROR)).isEqualTo(8);
    assertThat(bench.labels.found(0).refusal()).contains("cannot be read");
  }
}
