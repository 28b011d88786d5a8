package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.cache.SlotDirectory;
import farside.director.EventCode;
import farside.port.DriveOutcome;
import farside.volume.VolumeRole;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Drives that cannot read some blocks.
class FailedReadsTest {
  private static final long ALL = -1L;

  /// What the drive says of the place of the error.
  enum Hint {
    EXACT,
    START_OF_THE_READ,
    NONE
  }

  private final long[] bad = new long[2];
  private int readsFailed;
  private Hint hint = Hint.NONE;
  private DriveOutcome outcome = DriveOutcome.MEDIUM_ERROR;

  private static DiskBench loaded(VolumeRole role, int queueDepth) {
    DiskBench bench = new DiskBench(
        new DriveInMemory(DiskBench.VOLUME_BYTES + (1 << 20), queueDepth, true), role);
    bench.load();
    return bench;
  }

  private void spoil(int block) {
    bad[block / 64] |= 1L << block;
  }

  /// Reads of bad blocks of track 0 fail, all others do not.
  private void serve(DiskBench bench) {
    bench.settle();
    while (!bench.drive.inFlight().isEmpty()) {
      for (DriveInMemory.Request request : bench.drive.inFlight()) {
        int badBlock = firstBad(request);
        if (request.kind == DriveInMemory.Kind.READ && badBlock >= 0) {
          readsFailed++;
          bench.drive.complete(
              request,
              outcome,
              switch (hint) {
                case EXACT -> badBlock * 512L;
                case START_OF_THE_READ -> request.offsetBytes;
                case NONE -> -1;
              });
        } else {
          bench.drive.complete(request, DriveOutcome.DONE);
        }
      }
      bench.settle();
    }
  }

  private int firstBad(DriveInMemory.Request request) {
    for (long at = request.offsetBytes; at < request.offsetBytes + request.lengthBytes; at += 512) {
      if (at < BlockMask.TRACK_BYTES && BlockMask.contains(bad[0], bad[1], (int) (at / 512))) {
        return (int) (at / 512);
      }
    }
    return -1;
  }

  @ParameterizedTest
  @EnumSource(Hint.class)
  void aTrackWithBadBlocksGivesAllItsOthers(Hint given) {
    hint = given;
    for (int queueDepth : new int[] {1, 8}) {
      DiskBench bench = loaded(VolumeRole.LOCAL, queueDepth);
      readsFailed = 0;
      spoil(37);
      spoil(38);
      spoil(127);
      int slot = bench.slots.acquire(0, 0);
      bench.slots.want(slot, ALL, ALL);
      serve(bench);
      assertThat(bench.slots.covers(slot, ~bad[0], ~bad[1])).isTrue();
      for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
        assertThat(bench.slots.failed(
                slot, BlockMask.low(block, block + 1), BlockMask.high(block, block + 1)))
            .as("block %d", block)
            .isEqualTo(BlockMask.contains(bad[0], bad[1], block));
      }
      assertThat(readsFailed).isBetween(4, 24);
      assertThat(bench.slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
      assertThat(bench.slots.isBeingRead(slot)).isFalse();
      assertThat(Collections.frequency(bench.events, EventCode.STAGE_FAILED.number()))
          .isOne();
    }
  }

  @Test
  void aBadBlockThatIsReadOverAndOverIsToldLessAndLessOften() {
    DiskBench bench = loaded(VolumeRole.LOCAL, 4);
    spoil(5);
    int slot = bench.slots.acquire(0, 0);
    for (int i = 0; i < 20; i++) {
      bench.slots.want(slot, ALL, ALL);
      serve(bench);
    }
    assertThat(Collections.frequency(bench.events, EventCode.STAGE_FAILED.number()))
        .isEqualTo(5);
  }

  @Test
  void onlyTheBadBlocksOfAMirroredVolumeAreLacking() {
    DiskBench bench = loaded(VolumeRole.R2, 4);
    spoil(5);
    spoil(64);
    int slot = bench.slots.acquire(0, 0);
    bench.slots.want(slot, ALL, ALL);
    serve(bench);
    assertThat(bench.slots.pollLacking()).isEqualTo(slot);
    assertThat(bench.slots.lackingLow(slot)).isEqualTo(bad[0]);
    assertThat(bench.slots.lackingHigh(slot)).isEqualTo(bad[1]);
    assertThat(bench.slots.failed(slot, ALL, ALL)).isFalse();
    // Whoever wants them waits, and the drive is not asked again.
    bench.slots.want(slot, ALL, ALL);
    bench.settle();
    assertThat(bench.drive.inFlight()).isEmpty();
  }

  @Test
  void whatIsReadForThePeerFailsAndIsNotAskedBack() {
    DiskBench bench = loaded(VolumeRole.R1, 4);
    spoil(5);
    int slot = bench.slots.beginPrivate(0, 0, 0);
    bench.slots.want(slot, ALL, ALL);
    serve(bench);
    assertThat(bench.slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
    assertThat(bench.slots.failed(slot, bad[0], bad[1])).isTrue();
    assertThat(bench.slots.covers(slot, ~bad[0], ~bad[1])).isTrue();
  }

  @Test
  void aDriveThatIsGoneIsNotSearchedForBadBlocks() {
    DiskBench bench = loaded(VolumeRole.R1, 4);
    outcome = DriveOutcome.GONE;
    spoil(5);
    int slot = bench.slots.acquire(0, 0);
    bench.slots.want(slot, ALL, ALL);
    serve(bench);
    assertThat(readsFailed).isOne();
    assertThat(bench.slots.lackingLow(slot)).isEqualTo(ALL);
    assertThat(bench.slots.lackingHigh(slot)).isEqualTo(ALL);
  }

  @Test
  void aBlockThatWasWrittenWhileItsReadFailedIsReadAgain() {
    DiskBench bench = loaded(VolumeRole.R1, 8);
    int slot = bench.slots.acquire(0, 0);
    bench.slots.want(slot, 1, 0);
    bench.settle();
    DriveInMemory.Request read = bench.drive.inFlight().getFirst();
    bench.write(0, 1, 7);
    bench.pass(20 * DiskBench.MS);
    bench.drive.complete(bench.drive.inFlight().get(1), DriveOutcome.DONE);
    bench.settle();
    bench.pass(60 * DiskBench.MS);
    bench.drive.complete(bench.drive.inFlight().get(1), DriveOutcome.DONE);
    bench.settle();
    bench.drive.complete(read, DriveOutcome.MEDIUM_ERROR);
    bench.settle();
    assertThat(bench.slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
    assertThat(bench.slots.failed(slot, 1, 0)).isFalse();
    bench.slots.want(slot, 1, 0);
    serve(bench);
    assertThat(bench.slots.covers(slot, 1, 0)).isTrue();
    assertThat(DiskBench.versionAt(bench.slots.addressOf(slot))).isEqualTo(7);
  }
}
