package farside.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.director.MachineCheck;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TracksAndFramesTest {
  private static TrackTable table(int tracks) {
    CrashingNvram nvram = new CrashingNvram(1 << 19, new Random(1));
    NvramLayout layout =
        new NvramLayout(nvram.sizeBytes(), new int[] {1}, new long[] {tracks * 65_536L});
    return new TrackTable(nvram, layout, 0, tracks);
  }

  @Test
  void runsOfFreeFramesAreFreeAndAsLongAsAskedWhileThereIsSuchARun() {
    Random random = new Random(5);
    FrameBitmap bitmap = new FrameBitmap(200);
    BitSet model = new BitSet(200);
    for (int step = 0; step < 20_000; step++) {
      if (random.nextInt(5) > 1) {
        int wanted = 1 + random.nextInt(16);
        long run = bitmap.findRun(wanted);
        assertThat(run < 0).isEqualTo(model.cardinality() == 200);
        if (run >= 0) {
          int first = (int) run;
          int count = (int) (run >>> 32);
          assertThat(count).isBetween(1, wanted);
          assertThat(first + count).isLessThanOrEqualTo(200);
          assertThat(model.get(first, first + count).isEmpty()).isTrue();
          bitmap.take(first, count);
          model.set(first, first + count);
        }
      } else {
        int at = model.nextSetBit(random.nextInt(200));
        if (at >= 0) {
          int count = Math.min(1 + random.nextInt(8), model.nextClearBit(at) - at);
          bitmap.free(at, count);
          model.clear(at, at + count);
        }
      }
      assertThat(bitmap.freeCount()).isEqualTo(200 - model.cardinality());
    }
  }

  @Test
  void littleMoreMemoryIsGoneThroughThanIsInUse() {
    FrameBitmap bitmap = new FrameBitmap(16_384);
    ArrayDeque<Integer> used = new ArrayDeque<>();
    int highest = 0;
    for (int step = 0; step < 100_000; step++) {
      int first = (int) bitmap.findRun(1);
      bitmap.take(first, 1);
      used.add(first);
      highest = Math.max(highest, first);
      if (used.size() > 500) {
        bitmap.free(used.poll(), 1);
      }
    }
    assertThat(highest).isLessThan(2000);
  }

  @Test
  void everySpanOfBlocksIsItsMask() {
    for (int from = 0; from <= 128; from++) {
      for (int to = from; to <= 128; to++) {
        long low = BlockMask.low(from, to);
        long high = BlockMask.high(from, to);
        assertThat(Long.bitCount(low) + Long.bitCount(high)).isEqualTo(to - from);
        if (to > from) {
          assertThat(BlockMask.contains(low, high, from)).isTrue();
          assertThat(BlockMask.contains(low, high, to - 1)).isTrue();
        }
      }
    }
  }

  @Test
  void bitsAreCountedAndWalkedAndSurvive() {
    CrashingNvram nvram = new CrashingNvram(1 << 19, new Random(1));
    NvramLayout layout =
        new NvramLayout(nvram.sizeBytes(), new int[] {1}, new long[] {130 * 65_536L});
    TrackTable table = new TrackTable(nvram, layout, 0, 130);
    assertThat(table.owed().set(0)).isTrue();
    assertThat(table.owed().set(0)).isFalse();
    table.owed().set(64);
    table.owed().set(129);
    assertThat(table.owed().next(1)).isEqualTo(64);
    assertThat(table.owed().next(65)).isEqualTo(129);
    assertThat(table.owed().next(130)).isEqualTo(-1);
    TrackTable again = new TrackTable(nvram, layout, 0, 130);
    assertThat(again.owed().count()).isEqualTo(3);
    again.owed().setAll();
    assertThat(again.owed().count()).isEqualTo(130);
    assertThat(new TrackTable(nvram, layout, 0, 130).owed().count()).isEqualTo(130);
    again.owed().clearAll();
    assertThat(again.owed().next(0)).isEqualTo(-1);
    assertThat(again.pending().count()).isZero();
  }

  @Test
  void aTrackSetAgainStaysPendingUntilTheNewerNumberIsStable() {
    TrackTable table = table(10);
    table.setPending(3, 5);
    table.setPending(4, 6);
    table.setPending(3, 8);
    table.onStable(5);
    assertThat(table.pending().isSet(3)).isTrue();
    table.onStable(7);
    assertThat(table.pending().isSet(3)).isTrue();
    assertThat(table.pending().isSet(4)).isFalse();
    table.onStable(8);
    assertThat(table.pending().count()).isZero();
  }

  @Test
  void aTrackClearedAndSetAgainWaitsForItsOwnNumber() {
    TrackTable table = table(10);
    table.setPending(3, 5);
    table.onStable(5);
    table.setPending(3, 9);
    table.onStable(8);
    assertThat(table.pending().isSet(3)).isTrue();
  }

  @Test
  void atANewSessionEveryPendingTrackWaitsForAllThatWasAssigned() {
    TrackTable table = table(10);
    table.setPending(3, 5);
    table.setPending(4, 6);
    table.renumber(20);
    table.onStable(19);
    assertThat(table.pending().count()).isEqualTo(2);
    table.onStable(20);
    assertThat(table.pending().count()).isZero();
  }

  @Test
  void whatThePeerLostIsOwed() {
    TrackTable table = table(10);
    table.setPending(3, 5);
    table.pendingBecomesOwed();
    assertThat(table.owed().isSet(3)).isTrue();
    assertThat(table.pending().count()).isZero();
    table.setPending(3, 9);
    table.onStable(5);
    assertThat(table.pending().isSet(3)).isTrue();
  }

  @Test
  void partsOfTheLayoutDoNotOverlapAndAnotherRigHasAnotherFingerprint() {
    NvramLayout layout =
        new NvramLayout(1 << 22, new int[] {1, 2}, new long[] {65_536 * 100, 65_536 * 65});
    assertThat(layout.volumeStateOffset(63) + NvramLayout.VOLUME_STATE_BYTES)
        .isLessThanOrEqualTo(layout.pendingOffset(0));
    assertThat(layout.pendingOffset(0) + layout.tableWords(0) * 8L).isEqualTo(layout.owedOffset(0));
    assertThat(layout.owedOffset(1) + layout.tableWords(1) * 8L)
        .isLessThanOrEqualTo(layout.headerOffset(0));
    assertThat(layout.headerOffset(layout.frameCount())).isLessThanOrEqualTo(layout.frameOffset(0));
    assertThat(layout.frameOffset(layout.frameCount())).isLessThanOrEqualTo(1 << 22);
    assertThat(layout.frameOffset(0) % 4096).isZero();
    NvramLayout other =
        new NvramLayout(1 << 22, new int[] {2, 1}, new long[] {65_536 * 100, 65_536 * 65});
    assertThat(other.fingerprint()).isNotEqualTo(layout.fingerprint());
    assertThatThrownBy(() -> new NvramLayout(1 << 16, new int[] {1}, new long[] {65_536}))
        .isInstanceOf(MachineCheck.class);
  }

  /// Lives as long as somebody could use the slots.
  private final MemorySegment slotMemory = Arena.ofAuto().allocate(2 * 65_536L, 4096);

  private SlotDirectory slots(int count) {
    return new SlotDirectory(slotMemory.address(), count, 0, 1);
  }

  @Test
  void theSlotUsedLongestAgoIsGivenAwayButNeverAPinnedOne() {
    SlotDirectory slots = slots(2);
    int first = slots.acquire(0, 1);
    int second = slots.acquire(0, 2);
    slots.pin(first);
    assertThat(slots.acquire(0, 3)).isEqualTo(second);
    slots.pin(second);
    assertThat(slots.acquire(0, 4)).isEqualTo(SlotDirectory.NONE);
    slots.unpin(first);
    assertThat(slots.acquire(0, 4)).isEqualTo(first);
    assertThat(slots.find(0, 1)).isEqualTo(SlotDirectory.NONE);
  }

  @Test
  void aVolumeThatKeepsItsSlotsBusyLeavesOneForEachOther() {
    SlotDirectory slots = new SlotDirectory(0, 4, 0, 3);
    for (int track = 0; track < 2; track++) {
      slots.onStageStarted(slots.acquire(0, track), 0, 1);
    }
    assertThat(slots.acquire(0, 2)).isEqualTo(SlotDirectory.NONE);
    int busy = slots.acquire(0, 1);
    slots.pin(busy);
    slots.pin(slots.acquire(1, 0));
    assertThat(slots.acquire(1, 1)).isEqualTo(SlotDirectory.NONE);
    slots.pin(slots.acquire(2, 0));
    slots.unpin(busy);
    assertThat(slots.acquire(0, 2)).isEqualTo(SlotDirectory.NONE);
    slots.onStageEnded(busy, 0, 1, true);
    assertThat(slots.acquire(0, 2)).isEqualTo(busy);
  }

  @Test
  void blocksThatChangedOnTheDriveDuringARead() {
    SlotDirectory slots = slots(1);
    int slot = slots.acquire(0, 1);
    slots.want(slot, 0xF, 0);
    assertThat(slots.pollWanted()).isEqualTo(slot);
    slots.onStageStarted(slot, 0, 4);
    slots.onDriveChanged(0, 1, 2, 3, 0);
    slots.onStageEnded(slot, 0, 4, true);
    assertThat(slots.covers(slot, 0b1011, 0)).isTrue();
    assertThat(slots.covers(slot, 0b0100, 0)).isFalse();
    slots.want(slot, 0xF, 0);
    slots.onStageStarted(slot, 2, 3);
    slots.onStageEnded(slot, 2, 3, true);
    assertThat(slots.covers(slot, 0xF, 0)).isTrue();
  }

  @Test
  void aChangeOfTheDriveUpdatesAnIdleSlotAndInvalidatesAPinnedOne() {
    SlotDirectory slots = slots(1);
    int slot = slots.acquire(0, 1);
    Memory.putByte(slots.addressOf(slot), (byte) 1);
    slots.onDriveChanged(0, 1, 0, 1, 0);
    assertThat(slots.covers(slot, 1, 0)).isTrue();
    assertThat(Memory.getByte(slots.addressOf(slot))).isZero();
    slots.pin(slot);
    slots.onDriveChanged(0, 1, 0, 1, 0);
    assertThat(slots.covers(slot, 1, 0)).isFalse();
  }

  @Test
  void aFailedBlockIsTriedAgainWhenItIsWantedAgain() {
    SlotDirectory slots = slots(1);
    int slot = slots.acquire(0, 1);
    slots.want(slot, 1, 0);
    slots.pollWanted();
    slots.onStageStarted(slot, 0, 1);
    slots.onStageEnded(slot, 0, 1, false);
    assertThat(slots.failed(slot, 1, 0)).isTrue();
    slots.want(slot, 1, 0);
    assertThat(slots.failed(slot, 1, 0)).isFalse();
    assertThat(slots.pollWanted()).isEqualTo(slot);
  }

  @Test
  void whatTheDriveTookSinceItFailedHasNotFailedAnyMore() {
    SlotDirectory slots = new SlotDirectory(slotMemory.address(), 1, 1, 1);
    int shared = slots.acquire(0, 1);
    slots.pin(shared);
    for (int slot : new int[] {shared, slots.beginPrivate(0, 0, 1)}) {
      slots.onStageStarted(slot, 0, 2);
      slots.onStageEnded(slot, 0, 2, false);
    }
    slots.onDriveChanged(0, 1, 0, 1, 0);
    for (int slot : new int[] {shared, 1}) {
      assertThat(slots.failed(slot, 0b01, 0)).isFalse();
      assertThat(slots.failed(slot, 0b10, 0)).isTrue();
    }
  }

  private static int lacking(SlotDirectory slots, int from, int to) {
    int slot = slots.acquire(0, 1);
    slots.want(slot, BlockMask.low(from, to), BlockMask.high(from, to));
    slots.pollWanted();
    slots.onStageStarted(slot, from, to);
    slots.onNotGiven(slot, from, to);
    return slot;
  }

  @Test
  void whatTheDriveTookMeanwhileIsNotLackingAnyMore() {
    SlotDirectory slots = slots(1);
    int slot = lacking(slots, 0, 4);
    assertThat(slots.pollLacking()).isEqualTo(slot);
    slots.pin(slot);
    slots.onDriveChanged(0, 1, 1, 3, 0);
    assertThat(slots.lackingLow(slot)).isEqualTo(0b1001);
    slots.onBrought(slot, 0b0001, 0);
    slots.onNowhere(slot, -1, -1);
    assertThat(slots.covers(slot, 0b0001, 0)).isTrue();
    assertThat(slots.failed(slot, 0b1000, 0)).isTrue();
    assertThat(slots.failed(slot, 0b0110, 0)).isFalse();
    // The drive gives these now.
    slots.want(slot, 0b0110, 0);
    assertThat(slots.wantedLow(slot)).isEqualTo(0b0110);
    assertThatThrownBy(() -> slots.onBrought(slot, 0b0010, 0)).isInstanceOf(MachineCheck.class);
  }

  @Test
  void aSlotThatADriveInDoubtMayStillWriteIntoIsNoTracksAndBusyUntilTheReadHasReturned() {
    SlotDirectory slots = slots(2);
    slots.setMirrored(0);
    int slot = slots.acquire(0, 1);
    slots.pin(slot);
    slots.want(slot, 0b1111, 0);
    slots.pollWanted();
    slots.onStageStarted(slot, 0, 2);
    slots.setInDoubt(0, true);
    assertThat(slots.isStranded(slot)).isTrue();
    assertThat(slots.failed(slot, 0b1000, 0)).isTrue();
    assertThat(slots.pollWanted()).isEqualTo(SlotDirectory.NONE);
    slots.unpin(slot);
    int other = slots.acquire(0, 1);
    assertThat(other).isNotEqualTo(slot);
    slots.pin(other);
    assertThat(slots.acquire(0, 2)).isEqualTo(SlotDirectory.NONE);
    assertThat(slots.isStarved(0)).isFalse();
    slots.onStageStarted(other, 5, 6);
    slots.setInDoubt(0, true);
    slots.unpin(other);
    assertThat(slots.isStarved(0)).isTrue();
    slots.onStageEnded(slot, 0, 2, true);
    assertThat(slots.covers(slot, 0b0001, 0)).isFalse();
    assertThat(slots.isStarved(0)).isFalse();
    int again = slots.acquire(0, 1);
    assertThat(again).isEqualTo(slot);
    assertThat(slots.isStranded(again)).isFalse();
    slots.onStageDropped(other, 5, 6);
    assertThat(slots.find(0, 1)).isEqualTo(again);
    assertThat(slots.acquire(0, 2)).isEqualTo(other);
    assertThat(slots.find(0, 1)).isEqualTo(again);
  }

  @Test
  void whatIsWantedWhileADriveIsInDoubtLacksIfThereIsAnotherMirrorAndElseHasFailed() {
    SlotDirectory slots = slots(2);
    int local = slots.acquire(0, 1);
    slots.setInDoubt(0, true);
    slots.want(local, 0b1, 0);
    slots.onDriveNotAsked(slots.pollWanted());
    assertThat(slots.failed(local, 0b1, 0)).isTrue();
    assertThat(slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
    slots.setMirrored(0);
    assertThat(slots.failed(local, 0b1, 0)).isFalse();
    slots.want(local, 0b10, 0);
    slots.onDriveNotAsked(slots.pollWanted());
    assertThat(slots.pollLacking()).isEqualTo(local);
    assertThat(slots.lackingLow(local)).isEqualTo(0b11);
    slots.onDriveAskedAgain(local);
    assertThat(slots.lackingLow(local)).isZero();
    assertThat(slots.pollWanted()).isEqualTo(local);
    assertThat(slots.wantedLow(local)).isEqualTo(0b11);
  }

  @Test
  void aSlotThatWasGivenAwayLacksNothing() {
    SlotDirectory slots = slots(1);
    lacking(slots, 0, 4);
    int slot = slots.acquire(0, 2);
    assertThat(slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
    assertThat(slots.lackingLow(slot)).isZero();
  }

  @Test
  void aSlotIsBusyUntilTheLastPieceOfItsReadIsBackAndAPrivateOneCountsForNobody() {
    SlotDirectory slots = new SlotDirectory(0, 2, 1, 2);
    int slot = slots.acquire(0, 1);
    slots.onStageStarted(slot, 0, 4);
    slots.onStageSplit(slot);
    slots.onNotGiven(slot, 0, 2);
    assertThat(slots.acquire(0, 2)).isEqualTo(SlotDirectory.NONE);
    int own = slots.beginPrivate(0, 0, 5);
    slots.onStageStarted(own, 0, 2);
    slots.onStageEnded(slot, 2, 4, true);
    assertThat(slots.acquire(0, 2)).isNotEqualTo(SlotDirectory.NONE);
    slots.onStageEnded(own, 0, 2, false);
    slots.pin(slots.acquire(0, 2));
    assertThat(slots.acquire(0, 3)).isEqualTo(SlotDirectory.NONE);
    assertThat(slots.acquire(1, 3)).isNotEqualTo(SlotDirectory.NONE);
  }

  @Test
  void aPrivateSlotIsNobodysElseAndSeesWhatTheDriveTakes() {
    SlotDirectory slots = new SlotDirectory(slotMemory.address(), 1, 1, 1);
    int slot = slots.beginPrivate(0, 0, 1);
    assertThat(slots.find(0, 1)).isEqualTo(SlotDirectory.NONE);
    slots.pin(slots.acquire(0, 1));
    assertThat(slots.acquire(0, 2)).isEqualTo(SlotDirectory.NONE);
    slots.want(slot, 0b11, 0);
    slots.onStageStarted(slot, 0, 2);
    slots.onDriveChanged(0, 1, 0, 1, 0);
    slots.onStageEnded(slot, 0, 2, true);
    assertThat(slots.covers(slot, 0b10, 0)).isTrue();
    assertThat(slots.covers(slot, 0b01, 0)).isFalse();
    slots.onDriveChanged(0, 1, 1, 2, 0);
    assertThat(slots.covers(slot, 0b10, 0)).isFalse();
  }
}
