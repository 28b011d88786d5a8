package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.port.DriveOutcome;
import farside.volume.DriveLabel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DestageTest {
  private static final long MS = DiskBench.MS;

  private static DiskBench loaded(int queueDepth) {
    DiskBench bench = new DiskBench(queueDepth);
    bench.load();
    return bench;
  }

  private static DriveInMemory.Request only(DiskBench bench, DriveInMemory.Kind kind) {
    List<DriveInMemory.Request> found =
        bench.drive.inFlight().stream().filter(r -> r.kind == kind).toList();
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  @Test
  void neighbouringWritesGoToTheDriveInOneRequest() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.write(8, 8, 2);
    bench.write(16, 4, 3);
    bench.pass(20 * MS);
    assertThat(bench.drive.log()).containsExactly("WRITE 0+10240");
  }

  @Test
  void aWriteWaitsForNeighboursAndTheDeadlineSaysHowLong() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.settle();
    assertThat(bench.drive.log()).isEmpty();
    assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(bench.nowNs + 20 * MS);
  }

  @Test
  void withMuchOfNvramInUseWhatIsThereGoesTogetherAfterTwoMilliseconds() {
    DiskBench bench = loaded(32);
    fill(bench, 1);
    bench.settle();
    bench.pass(MS);
    assertThat(bench.drive.log()).isEmpty();
    bench.write(0, 8, 100);
    bench.pass(MS);
    assertThat(bench.records.peekDirty(0)).isEqualTo(WriteRecords.NONE);
    bench.answer();
    assertThat(bench.drive.log()).doesNotContain("FLUSH 0+0");
    bench.pass(2 * MS);
    assertThat(bench.drive.log()).containsOnlyOnce("FLUSH 0+0");
    bench.answer();
    assertThat(bench.records.liveRecords()).isZero();
  }

  @Test
  void withMostOfNvramInUseNothingWaits() {
    DiskBench bench = loaded(32);
    fill(bench, 3);
    bench.settle();
    assertThat(bench.records.peekDirty(0)).isEqualTo(WriteRecords.NONE);
    bench.answer();
    assertThat(bench.drive.log()).contains("FLUSH 0+0");
  }

  /// So many quarters of it are in use.
  private static void fill(DiskBench bench, int quarters) {
    for (int version = 1;
        bench.records.hostFramesFree() * 4 >= bench.records.hostFramesMax() * (4 - quarters);
        version++) {
      bench.write(version % DiskBench.TRACKS * 128, 128, version);
    }
  }

  @Test
  void theNewestContentOfABlockWins() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.write(2, 2, 2);
    bench.zero(3, 1);
    bench.pass(20 * MS);
    bench.drive.completeAll();
    assertThat(bench.versionOn(bench.drive.image(), 1)).isEqualTo(1);
    assertThat(bench.versionOn(bench.drive.image(), 2)).isEqualTo(2);
    assertThat(bench.versionOn(bench.drive.image(), 3)).isZero();
    assertThat(bench.versionOn(bench.drive.image(), 4)).isEqualTo(1);
  }

  @Test
  void whatComesWhileItsTrackIsInFlightWaitsForTheNextDestage() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.write(0, 8, 2);
    bench.pass(20 * MS);
    assertThat(bench.drive.log()).containsExactly("WRITE 0+4096");
    bench.answer();
    assertThat(bench.drive.log()).containsExactly("WRITE 0+4096", "WRITE 0+4096");
    bench.drive.completeAll();
    assertThat(bench.versionOn(bench.drive.image(), 0)).isEqualTo(2);
  }

  @Test
  void nothingIsStableBeforeAFlushThatWasSubmittedAfterItsWriteHadCompleted() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    bench.pass(50 * MS);
    var firstFlush = only(bench, DriveInMemory.Kind.FLUSH);
    bench.write(128, 8, 2);
    bench.pass(20 * MS);
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.DONE);
    bench.settle();
    bench.drive.complete(firstFlush, DriveOutcome.DONE);
    bench.settle();
    assertThat(bench.records.liveRecords()).isEqualTo(1);
    bench.pass(50 * MS);
    bench.answer();
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.versionOn(bench.drive.durable(), 128)).isEqualTo(2);
  }

  @Test
  void aHostThatWaitsGetsItsFlushAtOnceAndOnlyOne() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.write(128, 8, 2);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    bench.answer();
    bench.answer();
    assertThat(bench.drive.log()).containsExactly("WRITE 0+4096", "WRITE 65536+4096", "FLUSH 0+0");
    assertThat(bench.records.isStableUpTo(0, bench.memory.numbers().last())).isTrue();
  }

  @Test
  void aWriteThatAloneIsWaitedForIsWrittenThrough() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    bench.answer();
    assertThat(bench.drive.log()).containsExactly("WRITE_THROUGH 0+4096");
    assertThat(bench.records.isStableUpTo(0, bench.memory.numbers().last())).isTrue();
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(1);
  }

  @Test
  void whatWasWrittenBeforeItAndNotFlushedSharesAFlushWithIt() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    bench.write(128, 8, 2);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    bench.answer();
    bench.answer();
    assertThat(bench.drive.log()).containsExactly("WRITE 0+4096", "WRITE 65536+4096", "FLUSH 0+0");
    assertThat(bench.records.liveRecords()).isZero();
  }

  @Test
  void noFlushIsSubmittedWhileAWriteThroughIsInFlight() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    var through = only(bench, DriveInMemory.Kind.WRITE_THROUGH);
    bench.write(128, 8, 2);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.DONE);
    bench.settle();
    assertThat(bench.drive.inFlight()).containsExactly(through);
    bench.answer();
    assertThat(bench.records.isStableUpTo(0, 1)).isTrue();
    assertThat(bench.records.isStableUpTo(0, 2)).isFalse();
    only(bench, DriveInMemory.Kind.FLUSH);
    bench.answer();
    assertThat(bench.records.isStableUpTo(0, 2)).isTrue();
  }

  /// What lay in the drive's cache may be gone with it.
  @Test
  void afterAFailedWriteThroughWhatWasWrittenMeanwhileIsDestagedAgain() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    var through = only(bench, DriveInMemory.Kind.WRITE_THROUGH);
    bench.write(128, 8, 2);
    bench.pass(20 * MS);
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.DONE);
    bench.settle();
    bench.drive.complete(through, DriveOutcome.GONE);
    bench.settle();
    assertThat(bench.records.isDestageFailing(0)).isTrue();
    assertThat(bench.versionOn(bench.drive.image(), 128)).isZero();
    finish(bench);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(1);
    assertThat(bench.versionOn(bench.drive.durable(), 128)).isEqualTo(2);
    assertThat(bench.records.isDestageFailing(0)).isFalse();
  }

  @Test
  void tracksThatAreDueTogetherGoUpwardsFromWhereTheDriveStandsAndThenFromTheBottom() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    for (int track : new int[] {2, 0, 1}) {
      bench.write(track * 128, 8, 2);
    }
    bench.pass(20 * MS);
    assertThat(bench.drive.log())
        .containsExactly("WRITE 0+4096", "WRITE 65536+4096", "WRITE 131072+4096", "WRITE 0+4096");
  }

  @Test
  void whatComesLaterDoesNotPutOffTheFlushThatIsWaitedForAndSharesTheNext() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.write(128, 8, 2);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    bench.failFirst(DriveOutcome.DONE);
    bench.write(256, 8, 3);
    bench.write(384, 8, 4);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.settle();
    bench.failFirst(DriveOutcome.DONE);
    var flush = only(bench, DriveInMemory.Kind.FLUSH);
    bench.drive.complete(flush, DriveOutcome.DONE);
    bench.settle();
    assertThat(bench.records.isStableUpTo(0, 2)).isTrue();
    while (!bench.drive.inFlight().isEmpty()) {
      bench.answer();
    }
    assertThat(bench.drive.log()).filteredOn("FLUSH 0+0"::equals).hasSize(2);
    assertThat(bench.records.isStableUpTo(0, 4)).isTrue();
  }

  @Test
  void aFailedDestageIsReportedAndTriedAgainAfterASecond() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.MEDIUM_ERROR);
    bench.settle();
    assertThat(bench.records.isDestageFailing(0)).isTrue();
    assertThat(bench.events).contains(EventCode.DESTAGE_FAILED.number());
    assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(bench.nowNs + 1000 * MS);
    bench.pass(1000 * MS);
    bench.answer();
    assertThat(bench.records.isDestageFailing(0)).isFalse();
    bench.pass(50 * MS);
    bench.answer();
    assertThat(bench.records.liveRecords()).isZero();
  }

  private static void failTrack0(DiskBench bench) {
    List<DriveInMemory.Request> writes = bench.drive.inFlight().stream()
        .filter(r -> r.kind == DriveInMemory.Kind.WRITE && r.offsetBytes < 65_536)
        .toList();
    assertThat(writes).hasSize(1);
    bench.drive.complete(writes.getFirst(), DriveOutcome.MEDIUM_ERROR);
    bench.settle();
  }

  @Test
  void oneBadTrackHoldsUpNoOther() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    failTrack0(bench);
    bench.write(128, 8, 2);
    bench.pass(20 * MS);
    bench.answer();
    bench.pass(50 * MS);
    bench.answer();
    assertThat(bench.versionOn(bench.drive.durable(), 128)).isEqualTo(2);
    assertThat(bench.records.liveRecords()).isEqualTo(1);
    // The volume does not hold all that was answered: a flush must not say so.
    assertThat(bench.records.isDestageFailing(0)).isTrue();
    assertThat(bench.records.isStableUpTo(0, 1)).isFalse();
  }

  @Test
  void whatIsWrittenToABadTrackWaitsForItsNextAttemptAndGoesWithIt() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    failTrack0(bench);
    bench.write(4, 8, 2);
    bench.records.wantFlush(0, bench.memory.numbers().last());
    bench.pass(999 * MS);
    assertThat(bench.drive.inFlight()).isEmpty();
    bench.pass(MS);
    bench.answer();
    bench.answer();
    assertThat(bench.drive.log()).containsExactly("WRITE 0+4096", "WRITE 0+6144", "FLUSH 0+0");
    assertThat(bench.versionOn(bench.drive.durable(), 3)).isEqualTo(1);
    assertThat(bench.versionOn(bench.drive.durable(), 4)).isEqualTo(2);
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.records.isDestageFailing(0)).isFalse();
  }

  @Test
  void aTrackThatGoesOnFailingIsTriedOnceASecondAndToldOnce() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    for (int attempt = 0; attempt < 5; attempt++) {
      failTrack0(bench);
      assertThat(bench.drive.inFlight()).isEmpty();
      assertThat(bench.adapter.nextDeadlineNs()).isEqualTo(bench.nowNs + 1000 * MS);
      bench.pass(1000 * MS);
    }
    assertThat(bench.events).containsOnlyOnce(EventCode.DESTAGE_FAILED.number());
    finish(bench);
  }

  @Test
  void aFlushThatFailsWhileABadTrackIsTriedAgainLosesNeither() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.write(128, 8, 2);
    bench.pass(20 * MS);
    failTrack0(bench);
    bench.answer();
    bench.pass(970 * MS);
    var flush = only(bench, DriveInMemory.Kind.FLUSH);
    bench.pass(30 * MS);
    bench.drive.complete(flush, DriveOutcome.GONE);
    bench.settle();
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.DONE);
    bench.settle();
    finish(bench);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(1);
    assertThat(bench.versionOn(bench.drive.durable(), 128)).isEqualTo(2);
    assertThat(bench.records.isDestageFailing(0)).isFalse();
  }

  @Test
  void afterAFailedFlushWhatItCoveredIsDestagedAgain() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    bench.pass(50 * MS);
    bench.drive.complete(only(bench, DriveInMemory.Kind.FLUSH), DriveOutcome.GONE);
    bench.settle();
    assertThat(bench.records.isDestageFailing(0)).isTrue();
    assertThat(bench.versionOn(bench.drive.image(), 0)).isZero();
    finish(bench);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(1);
  }

  /// What lay in the drive's cache is gone, and whoever asks next is told that all is well.
  @Test
  void afterAFailedFlushOfTheLabelTheDataIsWrittenAgainToo() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    bench.labels.request(0);
    bench.settle();
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.DONE);
    bench.settle();
    bench.drive.complete(only(bench, DriveInMemory.Kind.FLUSH), DriveOutcome.GONE);
    bench.settle();
    finish(bench);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(1);
  }

  @Test
  void afterAFailedFlushTheLabelIsWrittenAgainToo() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    bench.pass(50 * MS);
    var flush = only(bench, DriveInMemory.Kind.FLUSH);
    long ticket = bench.labels.request(0);
    bench.settle();
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.DONE);
    bench.settle();
    bench.drive.complete(flush, DriveOutcome.GONE);
    bench.settle();
    for (int i = 0; i < 500 && !bench.labels.isDurable(0, ticket); i++) {
      bench.drive.completeAll();
      bench.pass(5 * MS);
    }
    assertThat(bench.labels.isDurable(0, ticket)).isTrue();
    assertThat(newestLabelOn(bench)).isNotNull();
  }

  private static DriveLabel newestLabelOn(DiskBench bench) {
    DriveLabel newest = null;
    for (int copy = 0; copy < 2; copy++) {
      long at = DriveLabel.offsetOf(copy, bench.drive.sizeBytes());
      if (DriveLabel.decode(bench.drive.durable().address() + at)
              instanceof DriveLabel.Found.Whole whole
          && (newest == null || whole.label().sequence() > newest.sequence())) {
        newest = whole.label();
      }
    }
    return newest;
  }

  @Test
  void afterAFailedFlushNoOlderContentGoesOverWhatWasWrittenSince() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    bench.pass(50 * MS);
    var flush = only(bench, DriveInMemory.Kind.FLUSH);
    bench.write(0, 8, 2);
    bench.pass(20 * MS);
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE), DriveOutcome.DONE);
    bench.settle();
    bench.drive.complete(flush, DriveOutcome.GONE);
    bench.settle();
    finish(bench);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(2);
  }

  @Test
  void afterAFailedFlushNoOlderContentGoesOverWhatIsInFlight() {
    DiskBench bench = loaded(8);
    bench.write(0, 8, 1);
    bench.pass(20 * MS);
    bench.answer();
    bench.pass(50 * MS);
    var flush = only(bench, DriveInMemory.Kind.FLUSH);
    bench.write(0, 8, 2);
    bench.pass(20 * MS);
    bench.drive.complete(flush, DriveOutcome.GONE);
    bench.settle();
    finish(bench);
    assertThat(bench.versionOn(bench.drive.durable(), 0)).isEqualTo(2);
  }

  @Test
  void aDriveWhoseQueueIsFullIsWaitedForWithoutADeadlineInThePast() {
    DiskBench bench = loaded(2);
    int slot = bench.slots.acquire(0, 2);
    bench.slots.pin(slot);
    bench.slots.want(slot, 1L | 1L << 2, 0);
    bench.settle();
    assertThat(bench.drive.inFlight()).hasSize(2);
    bench.write(0, 8, 1);
    bench.pass(30 * MS);
    assertThat(bench.adapter.nextDeadlineNs()).isGreaterThan(bench.nowNs);
  }

  @Test
  void everySecondBlockIsMoreThanTheQueueTakesAtOnce() {
    DiskBench bench = loaded(4);
    for (int block = 0; block < 128; block += 2) {
      bench.write(block, 1, block + 1);
    }
    bench.pass(20 * MS);
    finish(bench);
    for (int block = 0; block < 128; block += 2) {
      assertThat(bench.versionOn(bench.drive.durable(), block)).isEqualTo(block + 1);
    }
  }

  @Test
  void aBlockReadWhileItIsWrittenIsNotBelieved() {
    DiskBench bench = loaded(8);
    int slot = bench.slots.acquire(0, 0);
    bench.slots.want(slot, 1, 0);
    bench.settle();
    var read = only(bench, DriveInMemory.Kind.READ);
    bench.write(0, 1, 1);
    bench.records.wantFlush(0, 1);
    bench.settle();
    bench.drive.complete(only(bench, DriveInMemory.Kind.WRITE_THROUGH), DriveOutcome.DONE);
    bench.settle();
    assertThat(bench.records.liveRecords()).isZero();
    bench.drive.complete(read, DriveOutcome.DONE);
    bench.settle();
    assertThat(bench.slots.covers(slot, 1, 0)).isFalse();
  }

  /// The drive does all that it is asked until nothing is left.
  private static void finish(DiskBench bench) {
    for (int i = 0; i < 5000 && bench.records.liveRecords() > 0; i++) {
      bench.drive.completeAll();
      bench.pass(5 * MS);
    }
    assertThat(bench.records.liveRecords()).isZero();
  }

  /// Random writes against a drive that reorders, fails, and forgets its cache when a flush
  /// fails: whatever instant is looked at, NVRAM over what is safely on the drive gives the
  /// newest content of every block, and so does NVRAM over all that the drive was ever told.
  @ParameterizedTest
  @ValueSource(longs = {1, 5, 6, 7, 8})
  void whateverTheDriveDoesNothingCommittedIsLostOrOlder(long seed) {
    Random random = new Random(seed);
    DiskBench bench = loaded(1 + random.nextInt(12));
    long[] model = new long[(int) (DiskBench.VOLUME_BYTES / 512)];
    long ticket = 0;
    long labelId = 0;
    for (int step = 0; step < 1500; step++) {
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> {
          int track = random.nextInt(DiskBench.TRACKS);
          int first = random.nextInt(24);
          int count = 1 + random.nextInt(16);
          boolean zeroes = random.nextInt(5) == 0;
          int record = zeroes
              ? bench.zero(track * 128 + first, count)
              : bench.write(track * 128 + first, count, step + 1);
          if (record != WriteRecords.NONE) {
            for (int i = 0; i < bench.records.lengthOf(record) / 512; i++) {
              model[track * 128 + first + i] = zeroes ? 0 : step + 1;
            }
          }
        }
        case 3 -> {
          bench.records.wantFlush(0, bench.records.highestAnswerable(0));
          if (random.nextInt(8) == 0) {
            bench.labels.setLabelId(0, step);
            ticket = bench.labels.request(0);
            labelId = step;
          }
        }
        case 4, 5, 6, 7 -> {
          List<DriveInMemory.Request> flights = new ArrayList<>(bench.drive.inFlight());
          if (!flights.isEmpty()) {
            boolean fails = random.nextInt(12) == 0;
            bench.drive.complete(
                flights.get(random.nextInt(flights.size())),
                fails ? DriveOutcome.MEDIUM_ERROR : DriveOutcome.DONE);
          }
        }
        case 8 -> bench.nowNs += random.nextLong(30 * MS);
        default -> bench.nowNs += random.nextInt(20) == 0 ? 1000 * MS : MS;
      }
      bench.settle();
      bench.records.checkInvariants();
      if (ticket > 0 && bench.labels.isDurable(0, ticket)) {
        assertThat(newestLabelOn(bench).labelId()).as("seed " + seed).isEqualTo(labelId);
      }
      assertSame(
          bench.recovered(bench.drive.durable()),
          model,
          "seed " + seed + " step " + step + ", durable");
      assertSame(
          bench.recovered(bench.drive.image()),
          model,
          "seed " + seed + " step " + step + ", image");
    }
    finish(bench);
    assertSame(bench.recovered(bench.drive.durable()), model, "seed " + seed + ", end");
  }

  private static void assertSame(long[] found, long[] model, String when) {
    int block = Arrays.mismatch(found, model);
    assertThat(block < 0 ? "" : "block " + block + " has " + found[block] + ", not " + model[block])
        .as(when)
        .isEmpty();
  }
}
