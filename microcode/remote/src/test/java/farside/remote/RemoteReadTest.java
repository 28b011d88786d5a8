package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.port.Memory;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.VolumeRole;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two remote adapters on one line, with drives that cannot read some blocks. Both drives hold
/// in each block its number and one.
class RemoteReadTest {
  private static final long MS = RemoteBench.MS;
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private final MemoryLine[] line = MemoryLine.pair();
  private final RemoteBench source = new RemoteBench(VolumeRole.R1, "G");
  private final RemoteBench target = new RemoteBench(VolumeRole.R2, "G");
  private final RemoteAdapter a = source.adapter(line[0], "AAA", "BBB");
  private final RemoteAdapter b = target.adapter(line[1], "BBB", "AAA");
  private long nowNs = 1;
  private boolean drivesTake = true;
  private boolean targetReads = true;

  @BeforeEach
  void bothDrivesHoldTheSame() {
    for (int block = 0; block < RemoteBench.TRACKS * BlockMask.BLOCKS_PER_TRACK; block++) {
      for (RemoteBench bench : new RemoteBench[] {source, target}) {
        Arrays.fill(bench.drives[0], block * 512, (block + 1) * 512, (byte) (block + 1));
      }
    }
  }

  private void start(Standing standing) {
    source.begin(standing);
    target.begin(standing);
    a.start(nowNs);
    b.start(nowNs);
    runFor(100 * MS);
  }

  private int round() {
    source.events.setNow(nowNs);
    target.events.setNow(nowNs);
    int done = a.doWork(nowNs) + b.doWork(nowNs);
    done += source.read() + (targetReads ? target.read() : 0);
    source.labelDurable(0);
    target.labelDurable(0);
    if (drivesTake) {
      done += source.destage(0) + target.destage(0);
    }
    return done;
  }

  private void settle() {
    for (int i = 0; round() > 0; i++) {
      assertThat(i).as("the adapters never rest").isLessThan(1000);
    }
  }

  private void runFor(long ns) {
    long endNs = nowNs + ns;
    settle();
    while (true) {
      long deadlineNs = Director.sooner(a.nextDeadlineNs(), b.nextDeadlineNs());
      if (deadlineNs == Director.NO_DEADLINE || deadlineNs - endNs > 0) {
        break;
      }
      assertThat(deadlineNs).as("a deadline that has passed").isGreaterThan(nowNs);
      nowNs = deadlineNs;
      settle();
    }
    nowNs = endNs;
    settle();
  }

  /// A host wants blocks 0 to 9 of track 0.
  private static int want(RemoteBench bench) {
    int slot = bench.slots.acquire(0, 0);
    bench.slots.pin(slot);
    bench.slots.want(slot, BlockMask.low(0, 10), 0);
    return slot;
  }

  private static boolean has(RemoteBench bench, int slot, int block) {
    return bench.slots.covers(slot, 1L << block, 0);
  }

  private static int contentOf(RemoteBench bench, int slot, int block) {
    return Memory.getByte(bench.slots.addressOf(slot) + block * 512L + 511);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatOneDriveCannotReadComesFromTheOtherAndIsWrittenBack(boolean sourceLost) {
    RemoteBench asker = sourceLost ? source : target;
    RemoteBench lender = sourceLost ? target : source;
    asker.lose(3);
    asker.lose(7);
    // Not the asker's drive, so that it shows whose content it is.
    Arrays.fill(asker.drives[0], 3 * 512, 4 * 512, (byte) 99);
    start(SYNCHRONIZED);
    drivesTake = false;
    int slot = want(asker);
    runFor(MS);
    for (int block = 0; block < 10; block++) {
      assertThat(has(asker, slot, block)).as("block %d", block).isTrue();
      assertThat(contentOf(asker, slot, block)).isEqualTo(block + 1);
    }
    drivesTake = true;
    runFor(MS);
    assertThat(asker.drives[0][3 * 512]).isEqualTo((byte) 4);
    assertThat(asker.records.liveRecords()).isZero();
    assertThat((sourceLost ? a : b).linkDesk().repairedBlocks(0)).isEqualTo(2);
    assertThat(asker.told)
        .contains(EventCode.BLOCKS_BORROWED.number(), EventCode.BLOCKS_REPAIRED.number());
    assertThat(lender.told).doesNotContain(EventCode.BLOCKS_BORROWED.number());
    // Nobody needs the peer for it any more.
    asker.slots.unpin(slot);
    for (int track = 100; track < 108; track++) {
      asker.slots.acquire(0, track);
    }
    long sent = line[0].sentFrames();
    slot = want(asker);
    asker.read();
    assertThat(has(asker, slot, 3)).isTrue();
    assertThat(line[0].sentFrames()).isEqualTo(sent);
  }

  @Test
  void whatNeitherDriveCanReadFailsAndIsNotAskedBack() {
    source.lose(3);
    target.lose(3);
    source.lose(4);
    drivesTake = false;
    start(SYNCHRONIZED);
    int slot = want(source);
    runFor(MS);
    assertThat(source.slots.failed(slot, 0b1000, 0)).isTrue();
    assertThat(source.told).containsOnlyOnce(EventCode.BLOCKS_NOWHERE.number());
    assertThat(target.told).doesNotContain(EventCode.BLOCKS_NOWHERE.number());
    // The block beside it comes all the same, and alone is written back.
    assertThat(has(source, slot, 4)).isTrue();
    assertThat(source.records.liveRecords()).isEqualTo(1);
    assertThat(contentOf(source, slot, 4)).isEqualTo(5);
  }

  @Test
  void aPeerWhoseDriveIsInDoubtSaysSoAtOnce() {
    source.lose(3);
    start(SYNCHRONIZED);
    drivesTake = false;
    targetReads = false;
    target.slots.setInDoubt(0, true);
    int slot = want(source);
    runFor(MS);
    assertThat(source.slots.failed(slot, 0b1000, 0)).isTrue();
    assertThat(has(source, slot, 4)).isTrue();
    target.slots.setInDoubt(0, false);
    targetReads = true;
    source.slots.want(slot, 0b1000, 0);
    runFor(MS);
    assertThat(has(source, slot, 3)).isTrue();
  }

  @Test
  void whatADriveInDoubtDoesNotGiveComesFromThePeerAndIsNotWrittenBack() {
    Arrays.fill(source.drives[0], (byte) 99);
    start(SYNCHRONIZED);
    drivesTake = false;
    source.slots.setInDoubt(0, true);
    int slot = want(source);
    runFor(MS);
    int other = source.slots.acquire(0, 1);
    source.slots.pin(other);
    source.slots.want(other, 1, 0);
    runFor(MS);
    for (int block = 0; block < 10; block++) {
      assertThat(has(source, slot, block)).as("block %d", block).isTrue();
      assertThat(contentOf(source, slot, block)).isEqualTo(block + 1);
    }
    assertThat(contentOf(source, other, 0)).isEqualTo((byte) 129);
    assertThat(source.records.liveRecords()).isZero();
    assertThat(source.told)
        .containsOnlyOnce(EventCode.READ_FROM_PEER.number())
        .doesNotContain(EventCode.BLOCKS_BORROWED.number(), EventCode.READ_FROM_DRIVE.number());
    source.slots.setInDoubt(0, false);
    runFor(MS);
    assertThat(source.told).containsOnlyOnce(EventCode.READ_FROM_DRIVE.number());
    source.slots.want(slot, 1L << 20, 0);
    runFor(MS);
    assertThat(contentOf(source, slot, 20)).isEqualTo(99);
  }

  @Test
  void whatThePeerHasNotGivenWhenTheDriveAnswersAgainIsReadFromTheDrive() {
    start(SYNCHRONIZED);
    targetReads = false;
    source.slots.setInDoubt(0, true);
    int slot = want(source);
    runFor(MS);
    assertThat(has(source, slot, 3)).isFalse();
    source.slots.setInDoubt(0, false);
    settle();
    assertThat(has(source, slot, 3)).isTrue();
    // The late answer is nobody's.
    Arrays.fill(target.drives[0], (byte) 77);
    targetReads = true;
    runFor(10 * MS);
    assertThat(contentOf(source, slot, 3)).isEqualTo(4);
    assertThat(source.records.liveRecords()).isZero();
  }

  @Test
  void aTrackThatHostsNeverStopWantingBlocksOfIsReadFromThePeerForAsLongAsTheDriveIsInDoubt() {
    start(SYNCHRONIZED);
    source.slots.setInDoubt(0, true);
    targetReads = false;
    int slot = want(source);
    runFor(MS);
    for (int block = 10; block < 60; block++) {
      // Each is wanted while the one before is on its way, for longer than the link timeout.
      source.slots.want(slot, 1L << block, 0);
      runFor(100 * MS);
      targetReads = true;
      for (int i = 0; i < 10 && !has(source, slot, block - 1); i++) {
        round();
      }
      targetReads = false;
      assertThat(has(source, slot, block - 1)).as("block %d", block - 1).isTrue();
      assertThat(has(source, slot, block)).as("block %d", block).isFalse();
    }
    assertThat(source.told).doesNotContain(EventCode.BLOCKS_NOWHERE.number());
  }

  @Test
  void withoutTheLinkReadsOfADriveInDoubtFailAtTheLinkTimeoutAndTheLogIsNotFlooded() {
    start(SYNCHRONIZED);
    source.slots.setInDoubt(0, true);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(MS);
    for (int i = 0; i < 20; i++) {
      int slot = want(source);
      runFor(2_999 * MS);
      assertThat(source.slots.failed(slot, 0b1000, 0)).isFalse();
      runFor(2 * MS);
      assertThat(source.slots.failed(slot, 0b1000, 0)).isTrue();
      source.slots.unpin(slot);
    }
    assertThat(source.told.stream().filter(n -> n == EventCode.BLOCKS_NOWHERE.number()))
        .hasSize(5);
  }

  @Test
  void aTargetWhoseSourceMayHaveGoneOnAloneDoesNotAskItForWhatADriveInDoubtHolds() {
    start(SYNCHRONIZED);
    target.volumes.get(0).become(SYNCHRONIZED.staleSince(5), "test");
    target.slots.setInDoubt(0, true);
    int slot = want(target);
    runFor(0);
    assertThat(target.slots.failed(slot, 0b1000, 0)).isTrue();
  }

  @Test
  void aPairThatIsNotSynchronizedIsNotAsked() {
    source.lose(3);
    line[0].carrier = false;
    start(SYNCHRONIZED.alone(8));
    int slot = want(source);
    source.read();
    settle();
    assertThat(source.slots.failed(slot, 0b1000, 0)).isTrue();
    assertThat(has(source, slot, 2)).isTrue();
  }

  @Test
  void aReaderWaitsForTheSessionButNotLongerThanTheLinkTimeout() {
    target.lose(3);
    start(SYNCHRONIZED);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(MS);
    int slot = want(target);
    runFor(2_999 * MS);
    assertThat(target.slots.failed(slot, 0b1000, 0)).isFalse();
    runFor(2 * MS);
    assertThat(target.slots.failed(slot, 0b1000, 0)).isTrue();
    assertThat(target.told).contains(EventCode.BLOCKS_NOWHERE.number());
  }

  /// A block of the slot is wanted, and comes to lack.
  private void want(RemoteBench bench, int slot, int block) {
    bench.slots.want(slot, 1L << block, 0);
    runFor(0);
  }

  @Test
  void eachBlockOfATrackIsWaitedForAsLongWhenThereIsNoSession() {
    target.lose(3);
    target.lose(50);
    target.lose(60);
    start(SYNCHRONIZED);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(MS);
    int slot = want(target);
    runFor(1_000 * MS);
    want(target, slot, 50);
    runFor(1_000 * MS);
    want(target, slot, 60);
    runFor(999 * MS);
    assertThat(target.slots.failedLow(slot)).isZero();
    runFor(2 * MS);
    assertThat(target.slots.failedLow(slot)).isEqualTo(1L << 3);
    runFor(1_000 * MS);
    assertThat(target.slots.failedLow(slot)).isEqualTo(1L << 3 | 1L << 50);
    runFor(1_000 * MS);
    assertThat(target.slots.failedLow(slot)).isEqualTo(1L << 3 | 1L << 50 | 1L << 60);
  }

  @Test
  void aBlockThatWasWrittenAndLacksAgainIsWaitedForAnew() {
    target.lose(3);
    target.lose(4);
    start(SYNCHRONIZED);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(MS);
    int slot = want(target);
    runFor(2_000 * MS);
    target.write(0, 3, true, false, nowNs);
    runFor(MS);
    assertThat(target.slots.lackingLow(slot)).isEqualTo(1L << 4);
    target.lose(3);
    want(target, slot, 3);
    runFor(1_000 * MS);
    assertThat(target.slots.failedLow(slot)).isEqualTo(1L << 4);
    runFor(2_000 * MS);
    assertThat(target.slots.failedLow(slot)).isEqualTo(1L << 3 | 1L << 4);
  }

  /// Found by the simulator: RARE, seed 930055.
  @Test
  void aBlockThatIsMissedWhileThePeerIsAskedForOthersIsWaitedForAsLongAsThey() {
    source.lose(3);
    source.lose(50);
    drivesTake = false;
    targetReads = false;
    start(SYNCHRONIZED);
    int slot = want(source);
    runFor(2_000 * MS);
    want(source, slot, 50);
    runFor(900 * MS);
    // One read, of what the peer was asked for first.
    targetReads = true;
    round();
    targetReads = false;
    runFor(0);
    assertThat(has(source, slot, 3)).isTrue();
    runFor(2_099 * MS);
    assertThat(source.slots.failedLow(slot)).isZero();
    runFor(2 * MS);
    assertThat(source.slots.failedLow(slot)).isEqualTo(1L << 50);
  }

  @Test
  void whatASessionDidNotAnswerIsAskedForInTheNext() {
    source.lose(3);
    targetReads = false;
    drivesTake = false;
    start(SYNCHRONIZED);
    int slot = want(source);
    runFor(MS);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(MS);
    targetReads = true;
    line[0].carrier = true;
    line[1].carrier = true;
    runFor(500 * MS);
    assertThat(has(source, slot, 3)).isTrue();
    assertThat(contentOf(source, slot, 3)).isEqualTo(4);
  }

  @Test
  void aWriteThatIsThereWhenTheBlockComesIsNotWrittenOver() {
    source.lose(3);
    targetReads = false;
    drivesTake = false;
    start(SYNCHRONIZED);
    want(source);
    runFor(MS);
    int record = source.write(0, 3, true, true, nowNs);
    targetReads = true;
    runFor(MS);
    // Of the two records of the track the host's is the only one of this block.
    assertThat(source.records.newestOf(0, 0)).isEqualTo(record);
    assertThat(source.records.olderOf(record)).isEqualTo(WriteRecords.NONE);
    drivesTake = true;
    runFor(MS);
    assertThat(source.drives[0][3 * 512]).isEqualTo((byte) 5);
  }

  @Test
  void aWriteThatComesAfterwardsGoesOverTheRepair() {
    source.lose(3);
    drivesTake = false;
    start(SYNCHRONIZED);
    want(source);
    runFor(MS);
    int repair = source.records.newestOf(0, 0);
    assertThat(source.records.firstBlock(repair)).isEqualTo(3);
    assertThat(source.records.endBlock(repair)).isEqualTo(4);
    int record = source.write(0, 3, true, true, nowNs);
    assertThat(source.records.olderOf(record)).isEqualTo(repair);
    runFor(MS);
    drivesTake = true;
    runFor(MS);
    assertThat(source.drives[0][3 * 512]).isEqualTo((byte) 5);
  }

  @Test
  void aBlockThatTheDriveHasTakenMeanwhileIsReadFromTheDrive() {
    source.lose(3);
    targetReads = false;
    start(SYNCHRONIZED);
    int slot = want(source);
    runFor(MS);
    source.write(0, 3, true, true, nowNs);
    runFor(MS);
    assertThat(source.drives[0][3 * 512]).isEqualTo((byte) 5);
    targetReads = true;
    runFor(MS);
    assertThat(has(source, slot, 3)).isFalse();
    assertThat(source.slots.failed(slot, 0b1000, 0)).isFalse();
    source.slots.want(slot, 0b1000, 0);
    source.read();
    assertThat(contentOf(source, slot, 3)).isEqualTo(5);
    assertThat(a.linkDesk().repairedBlocks(0)).isZero();
  }

  @Test
  void anAnswerFromBeforeAWriteIsNotTakenForABlockThatLacksAgain() {
    source.lose(3);
    source.lose(4);
    targetReads = false;
    start(SYNCHRONIZED);
    int slot = want(source);
    source.slots.want(slot, 0b1_1000, 0);
    runFor(MS);
    source.write(0, 3, true, true, nowNs);
    runFor(MS);
    assertThat(source.drives[0][3 * 512]).isEqualTo((byte) 5);
    // The drive takes the block, and does not give it all the same.
    source.lose(3);
    source.slots.want(slot, 0b1000, 0);
    runFor(MS);
    target.drives[0][3 * 512] = 77;
    targetReads = true;
    runFor(2 * MS);
    source.slots.want(slot, 0b1000, 0);
    runFor(2 * MS);
    assertThat(contentOf(source, slot, 4)).isNotZero();
    assertThat(has(source, slot, 3) && contentOf(source, slot, 3) != 5).isFalse();
  }

  @Test
  void manyBadTracksOnBothSidesWithEverySlotPinnedAreAllServed() {
    drivesTake = false;
    start(SYNCHRONIZED);
    int[] slots = new int[2 * RemoteBench.TRACKS];
    RemoteBench[] benches = {source, target};
    for (int i = 0; i < 2; i++) {
      for (int track = 100; track < 104; track++) {
        benches[i].slots.pin(benches[i].slots.acquire(0, track));
      }
      for (int track = 0; track < RemoteBench.TRACKS; track++) {
        int slot = benches[i].slots.acquire(0, track);
        assertThat(slot).isNotEqualTo(SlotDirectory.NONE);
        benches[i].slots.pin(slot);
        // Odd blocks here, even ones there.
        long low = i == 0 ? 0x5555 : 0xAAAA;
        benches[i].slots.want(slot, low, 0);
        benches[i].slots.pollWanted();
        for (int block = i; block < 16; block += 2) {
          benches[i].slots.onStageStarted(slot, block, block + 1);
          benches[i].slots.onNotGiven(slot, block, block + 1);
        }
        slots[i * RemoteBench.TRACKS + track] = slot;
      }
    }
    runFor(MS);
    for (int i = 0; i < 2; i++) {
      for (int track = 0; track < RemoteBench.TRACKS; track++) {
        int slot = slots[i * RemoteBench.TRACKS + track];
        assertThat(benches[i].slots.covers(slot, i == 0 ? 0x5555 : 0xAAAA, 0)).isTrue();
        assertThat(contentOf(benches[i], slot, i + 4)).isEqualTo((byte) (track * 128 + i + 5));
      }
    }
  }
}
