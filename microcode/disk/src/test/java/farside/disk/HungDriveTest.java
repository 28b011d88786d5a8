package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.SlotDirectory;
import farside.director.Director;
import farside.director.EventCode;
import farside.port.DriveOutcome;
import farside.volume.DriveLabel;
import farside.volume.VolumeRole;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A drive that is slow, and one that does not answer: [DiskBench#PATIENCE] is 2 s and 30 s.
class HungDriveTest {
  private static final long MS = DiskBench.MS;
  private static final long SECOND = 1000 * MS;

  /// A drive with its label on it.
  private static DiskBench labelled() {
    return labelled(VolumeRole.LOCAL);
  }

  private static DiskBench labelled(VolumeRole role) {
    DiskBench bench =
        new DiskBench(new DriveInMemory(DiskBench.VOLUME_BYTES + (1 << 20), 8, true), role);
    bench.load();
    bench.writeLabel();
    return bench;
  }

  private static void wait(DiskBench bench, int seconds) {
    for (int i = 0; i < seconds; i++) {
      bench.pass(SECOND);
    }
  }

  /// A write of track 0 that the drive does not answer.
  private static DiskBench hanging() {
    DiskBench bench = labelled();
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    assertThat(bench.drive.inFlight()).hasSize(1);
    wait(bench, 30);
    assertThat(health(bench)).isEqualTo("in doubt");
    return bench;
  }

  private static String health(DiskBench bench) {
    return bench.adapter.figures(0).health();
  }

  private static long count(DiskBench bench, EventCode code) {
    return bench.events.stream().filter(number -> number == code.number()).count();
  }

  @Test
  void aDriveWithARequestThatTakesTooLongIsSuspectAndNothingElseChanges() {
    DiskBench bench = labelled();
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.pass(1999 * MS);
    assertThat(health(bench)).isEqualTo("well");
    assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(bench.nowNs + MS);
    bench.pass(MS);
    assertThat(health(bench)).isEqualTo("suspect");
    assertThat(bench.adapter.figures(0).oldestMs()).isEqualTo(2000);
    assertThat(bench.events).contains(EventCode.DRIVE_SUSPECT.number());
    bench.write(128, 8, 2);
    bench.pass(20 * MS);
    assertThat(bench.drive.inFlight()).hasSize(2);
    assertThat(bench.records.isDestageFailing(0)).isFalse();
  }

  @Test
  void aSuspectDriveIsWellAgainWhenNoRequestWasSlowForTenTimesAsLong() {
    DiskBench bench = labelled();
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    wait(bench, 3);
    bench.answerAll();
    bench.pass(50 * MS);
    bench.answerAll();
    long deadlineNs = bench.adapter.nextDeadlineNs();
    assertThat(deadlineNs - bench.nowNs).isLessThanOrEqualTo(20 * SECOND);
    bench.pass(deadlineNs - bench.nowNs - 1);
    assertThat(health(bench)).isEqualTo("suspect");
    bench.pass(1);
    assertThat(health(bench)).isEqualTo("well");
    assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(Director.NO_DEADLINE);
    assertThat(count(bench, EventCode.DRIVE_SUSPECT)).isEqualTo(1);
    assertThat(count(bench, EventCode.DRIVE_WELL)).isEqualTo(1);
  }

  @Test
  void aDriveThatIsSlowAgainAndAgainIsToldOnce() {
    DiskBench bench = labelled();
    for (int i = 0; i < 20; i++) {
      bench.write(0, 8, i);
      bench.pass(20 * MS);
      wait(bench, 3);
      bench.answerAll();
      bench.pass(50 * MS);
      bench.answerAll();
    }
    assertThat(count(bench, EventCode.DRIVE_SUSPECT)).isEqualTo(1);
    assertThat(bench.events).doesNotContain(EventCode.DRIVE_IN_DOUBT.number());
  }

  @Test
  void aDriveThatDoesNotAnswerIsInDoubtAndGetsNothingMore() {
    DiskBench bench = hanging();
    bench.write(128, 8, 2);
    int slot = want(bench, 1);
    wait(bench, 60);
    assertThat(bench.drive.inFlight()).hasSize(1);
    assertThat(bench.records.isDestageFailing(0)).isTrue();
    assertThat(bench.slots.failed(slot, 1, 0)).isTrue();
    assertThat(bench.labels.isOut(0)).isTrue();
    assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(Director.NO_DEADLINE);
    assertThat(count(bench, EventCode.DRIVE_IN_DOUBT)).isEqualTo(1);
    assertThat(bench.records.liveRecords()).isEqualTo(2);
  }

  private static int want(DiskBench bench, int track) {
    int slot = bench.slots.acquire(0, track);
    assertThat(slot).isNotEqualTo(SlotDirectory.NONE);
    bench.slots.pin(slot);
    bench.slots.want(slot, 1, 0);
    return slot;
  }

  @Test
  void whoeverWaitsForAReadThatHangsIsToldAndItsMemoryStaysUntilItReturns() {
    DiskBench bench = labelled();
    int slot = want(bench, 1);
    bench.settle();
    assertThat(bench.drive.inFlight()).hasSize(1);
    wait(bench, 29);
    assertThat(bench.slots.failed(slot, 1, 0)).isFalse();
    wait(bench, 1);
    assertThat(bench.slots.failed(slot, 1, 0)).isTrue();
    bench.slots.unpin(slot);
    // Two slots there are: the one that the drive may still write into is not given away.
    assertThat(bench.slots.acquire(0, 0)).isNotEqualTo(slot);
    assertThat(bench.slots.acquire(0, 2)).isNotEqualTo(slot);
  }

  @Test
  void whatADriveInDoubtHadTakenGoesToItAgainWhenItIsBackAfterALabel() {
    DiskBench bench = labelled();
    bench.write(128, 8, 7);
    bench.pass(20 * MS);
    bench.answer();
    // Written, not stable; the flush that would make it so hangs.
    bench.pass(50 * MS);
    bench.write(0, 8, 8);
    wait(bench, 31);
    assertThat(health(bench)).isEqualTo("in doubt");
    List<DriveInMemory.Request> late = bench.drive.inFlight();
    assertThat(late).hasSize(2);
    for (DriveInMemory.Request request : late) {
      bench.drive.complete(
          request,
          request.kind == DriveInMemory.Kind.FLUSH ? DriveOutcome.GONE : DriveOutcome.DONE);
    }
    bench.drive.loseCache();
    bench.settle();
    assertThat(health(bench)).isEqualTo("returning");
    bench.answerAll();
    wait(bench, 2);
    bench.answerAll();
    assertThat(health(bench)).isEqualTo("suspect");
    for (int i = 0; i < 3; i++) {
      wait(bench, 2);
      bench.answerAll();
    }
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.records.isDestageFailing(0)).isFalse();
    assertThat(bench.versionOn(bench.drive.durable(), 128)).isEqualTo(7);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(8);
  }

  @Test
  void aFlushThatADriveInDoubtCallsDoneCoversNothing() {
    DiskBench bench = labelled();
    bench.write(128, 8, 7);
    bench.pass(20 * MS);
    bench.answer();
    bench.pass(50 * MS);
    assertThat(bench.drive.inFlight()).hasSize(1);
    wait(bench, 31);
    assertThat(health(bench)).isEqualTo("in doubt");
    // Who resets a drive sends it again what it has not answered: the flush comes after the loss.
    bench.drive.completeDoingNothing(bench.drive.inFlight().getFirst());
    bench.drive.loseCache();
    for (int i = 0; i < 5; i++) {
      bench.settle();
      bench.answerAll();
      wait(bench, 2);
    }
    bench.answerAll();
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.versionOn(bench.drive.durable(), 128)).isEqualTo(7);
  }

  @Test
  void whatLandsLateIsNeverOverAnythingNewer() {
    DiskBench bench = hanging();
    bench.write(0, 8, 2);
    bench.write(4, 8, 3);
    wait(bench, 100);
    assertThat(bench.drive.inFlight()).hasSize(1);
    bench.drive.completeAll();
    assertThat(bench.versionOn(bench.drive.image(), 0)).isEqualTo(1);
    for (int i = 0; i < 4; i++) {
      bench.settle();
      bench.answerAll();
      wait(bench, 2);
    }
    bench.answerAll();
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(2);
    assertThat(bench.versionOn(bench.drive.durable(), 4)).isEqualTo(3);
  }

  @Test
  void aDriveIsInDoubtUntilTheLastRequestHasReturnedInWhateverOrder() {
    DiskBench bench = labelled();
    bench.write(0, 8, 1);
    bench.write(128, 8, 2);
    bench.write(256, 8, 3);
    bench.pass(20 * MS);
    wait(bench, 31);
    var requests = new java.util.ArrayList<>(bench.drive.inFlight());
    assertThat(requests).hasSize(3);
    Collections.reverse(requests);
    bench.drive.complete(requests.get(0), DriveOutcome.MEDIUM_ERROR);
    wait(bench, 5);
    bench.drive.complete(requests.get(1), DriveOutcome.DONE);
    wait(bench, 5);
    assertThat(health(bench)).isEqualTo("in doubt");
    assertThat(bench.drive.inFlight()).hasSize(1);
    bench.drive.complete(requests.get(2), DriveOutcome.DONE);
    bench.settle();
    assertThat(health(bench)).isEqualTo("returning");
    assertThat(bench.drive.inFlight().getFirst().kind).isEqualTo(DriveInMemory.Kind.READ);
  }

  @Test
  void aDriveThatComesBackWithAnotherLabelIsRefusedAndNothingIsWrittenToIt() {
    DiskBench bench = hanging();
    bench.drive.completeAll();
    for (int copy = 0; copy < 2; copy++) {
      bench
          .drive
          .image()
          .asSlice(DriveLabel.offsetOf(copy, bench.drive.sizeBytes()), DriveLabel.BYTES)
          .fill((byte) 0);
    }
    bench.settle();
    bench.answerAll();
    wait(bench, 5);
    assertThat(health(bench)).isEqualTo("refused");
    assertThat(bench.events).contains(EventCode.DRIVE_REFUSED.number());
    assertThat(bench.drive.inFlight()).isEmpty();
    assertThat(bench.adapter.isOutOfUse(0)).isTrue();
    assertThat(bench.records.liveRecords()).isEqualTo(1);
  }

  @Test
  void aLabelThatCannotBeReadWhenTheDriveIsBackIsReadAgainEachSecond() {
    DiskBench bench = hanging();
    bench.answer();
    for (int attempt = 0; attempt < 3; attempt++) {
      for (int failures = 0; failures < 2 * LabelReader.TRIES_MAX; failures++) {
        var read = bench.drive.inFlight().getFirst();
        assertThat(read.kind).isEqualTo(DriveInMemory.Kind.READ);
        bench.drive.complete(read, DriveOutcome.MEDIUM_ERROR);
        bench.settle();
      }
      assertThat(bench.drive.inFlight()).isEmpty();
      assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(bench.nowNs + SECOND);
      bench.pass(SECOND);
    }
    bench.answerAll();
    assertThat(health(bench)).isEqualTo("suspect");
  }

  @Test
  void aDriveThatHangsOverItsLabelAtImlIsAwaitedAndReadInTheEnd() {
    DiskBench bench = new DiskBench(8);
    bench.settle();
    wait(bench, 40);
    assertThat(health(bench)).isEqualTo("in doubt");
    assertThat(bench.labels.found(0)).isNull();
    for (int copy = 0; copy < 2; copy++) {
      bench.answer();
    }
    assertThat(bench.labels.found(0)).isNotNull();
    assertThat(health(bench)).isEqualTo("suspect");
    assertThat(bench.slots.isInDoubt(0)).isFalse();
    wait(bench, 5);
    assertThat(bench.drive.inFlight()).isEmpty();
  }

  @Test
  void whatAReadBringsOrDoesNotBringLateIsNeitherBelievedNorLookedFor() {
    DiskBench bench = labelled(VolumeRole.R1);
    int slot = bench.slots.acquire(0, 1);
    bench.slots.pin(slot);
    bench.slots.want(slot, 0b1011, 0);
    bench.settle();
    wait(bench, 31);
    assertThat(health(bench)).isEqualTo("in doubt");
    bench.slots.unpin(slot);
    var reads = List.copyOf(bench.drive.inFlight());
    bench.drive.complete(reads.get(0), DriveOutcome.MEDIUM_ERROR);
    bench.drive.complete(reads.get(1), DriveOutcome.DONE);
    bench.settle();
    // Only its label is read.
    assertThat(bench.drive.inFlight()).hasSize(1);
    assertThat(bench.drive.inFlight().getFirst().lengthBytes).isEqualTo(DriveLabel.BYTES);
    assertThat(bench.slots.isBeingRead(slot)).isFalse();
    for (int i = 0; i < 3; i++) {
      bench.answerAll();
      wait(bench, 2);
    }
    assertThat(bench.slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
    assertThat(bench.slots.find(0, 1)).isEqualTo(SlotDirectory.NONE);
    int again = want(bench, 1);
    bench.settle();
    bench.answerAll();
    assertThat(bench.slots.covers(again, 1, 0)).isTrue();
  }

  @Test
  void whatIsWantedOfAMirroredVolumeLacksAtOnceAndNothingOfItIsRead() {
    DiskBench bench = labelled(VolumeRole.R1);
    int hanging = want(bench, 1);
    bench.settle();
    assertThat(bench.drive.inFlight()).hasSize(1);
    wait(bench, 30);
    assertThat(bench.slots.isStranded(hanging)).isTrue();
    assertThat(bench.slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
    int slot = want(bench, 1);
    assertThat(slot).isNotEqualTo(hanging);
    bench.settle();
    assertThat(bench.drive.inFlight()).hasSize(1);
    assertThat(bench.slots.failed(slot, 1, 0)).isFalse();
    assertThat(bench.slots.pollLacking()).isEqualTo(slot);
    assertThat(bench.slots.lackingLow(slot)).isEqualTo(1);
    assertThat(bench.records.isDriveInDoubt(0)).isTrue();
    bench.answerAll();
    wait(bench, 2);
    bench.answerAll();
    assertThat(bench.slots.isInDoubt(0)).isFalse();
    assertThat(bench.records.isDriveInDoubt(0)).isFalse();
  }

  @Test
  void aCabinetThatDidNotRunForAWhileDoesNotBlameItsDrives() {
    DiskBench bench = labelled();
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.pass(SECOND);
    // As when the process was stopped: nobody looked, and nothing could come back.
    bench.pass(100 * SECOND);
    assertThat(health(bench)).isEqualTo("well");
    wait(bench, 28);
    assertThat(health(bench)).isEqualTo("suspect");
    wait(bench, 2);
    assertThat(health(bench)).isEqualTo("in doubt");
  }

  /// A write that the drive has taken and not made stable, beside a read that hangs; then the
  /// cabinet is stopped, for so long that the drive would be in doubt otherwise.
  private static DiskBench stoppedOverADriveThatHangs() {
    DiskBench bench = labelled();
    bench.write(128, 8, 7);
    bench.pass(20 * MS);
    bench.answer();
    want(bench, 2);
    bench.settle();
    assertThat(bench.drive.inFlight()).hasSize(1);
    bench.nowNs += 30 * SECOND;
    return bench;
  }

  private static void goesToTheDriveAgain(DiskBench bench) {
    for (int i = 0; i < 4; i++) {
      bench.pass(SECOND);
      bench.answerAll();
    }
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.versionOn(bench.drive.durable(), 128)).isEqualTo(7);
    assertThat(bench.events).doesNotContain(EventCode.DRIVE_IN_DOUBT.number());
    assertThat(bench.records.isDestageFailing(0)).isFalse();
  }

  @Test
  void whatADriveHadTakenThatWasResetWhileTheCabinetWasStoppedGoesToItAgain() {
    DiskBench bench = stoppedOverADriveThatHangs();
    bench.drive.completeAll();
    bench.drive.loseCache();
    bench.settle();
    goesToTheDriveAgain(bench);
  }

  @Test
  void whatADriveTookThatIsResetAfterTheCabinetWasStoppedGoesToItAgain() {
    DiskBench bench = stoppedOverADriveThatHangs();
    bench.settle();
    // The cabinet runs again, and the flush of what was written is with the drive when that is
    // reset: though it is done, it covers nothing.
    var late = bench.drive.inFlight();
    assertThat(late).hasSize(2);
    assertThat(late.get(1).kind).isEqualTo(DriveInMemory.Kind.FLUSH);
    bench.write(0, 8, 9);
    bench.pass(20 * MS);
    assertThat(bench.drive.inFlight()).hasSize(3);
    bench.drive.complete(late.get(0), DriveOutcome.DONE);
    bench.settle();
    bench.write(256, 8, 10);
    bench.pass(20 * MS);
    // Nothing more is sent to it before it has returned all that it had then.
    assertThat(bench.drive.inFlight()).hasSize(2);
    bench.drive.completeDoingNothing(late.get(1));
    bench.drive.completeAll();
    bench.drive.loseCache();
    bench.settle();
    goesToTheDriveAgain(bench);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(9);
    assertThat(bench.versionOn(bench.drive.durable(), 256)).isEqualTo(10);
  }

  @Test
  void aLabelThatMayHaveBeenLostWhileTheCabinetWasStoppedIsWrittenAgain() {
    DiskBench bench = labelled();
    long ticket = bench.labels.request(0);
    bench.settle();
    bench.nowNs += 30 * SECOND;
    bench.drive.completeAll();
    bench.drive.loseCache();
    bench.settle();
    for (int i = 0; i < 3; i++) {
      bench.answerAll();
      bench.pass(SECOND);
    }
    assertThat(bench.labels.isDurable(0, ticket)).isTrue();
    for (int copy = 0; copy < 2; copy++) {
      long at = DriveLabel.offsetOf(copy, bench.drive.sizeBytes());
      assertThat(DriveLabel.decode(bench.drive.durable().address() + at))
          .isInstanceOf(DriveLabel.Found.Whole.class);
    }
  }
}
