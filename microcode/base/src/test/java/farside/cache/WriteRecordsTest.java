package farside.cache;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WriteRecordsTest {
  private static final int LOCAL = 0;
  private static final int MIRRORED = 1;
  private static final int BLOCKS = 256;
  private static final long VOLUME_BYTES = BLOCKS * 512L;
  private static final long[] SIZES = {VOLUME_BYTES, VOLUME_BYTES};

  /// Two volumes, a drive for each, and a peer for the second: what each holds is one version
  /// per block.
  private static final class Bench {
    final MemorySegment slotMemory = Arena.ofAuto().allocate(2 * 65_536, 4096);
    final CrashingNvram nvram;
    final NvramLayout layout;
    final long[][] drive = new long[2][BLOCKS];
    final long[] peer = new long[BLOCKS];
    WriteRecords records;
    WriteNumbers numbers;
    List<Integer> written = new ArrayList<>();
    int bad;

    Bench(long nvramBytes, Random random) {
      nvram = new CrashingNvram(nvramBytes, random);
      layout = new NvramLayout(nvramBytes, new int[] {0x10, 0x11}, SIZES);
      start();
    }

    /// IML: only NVRAM is left.
    WriteRecords.Found start() {
      SlotDirectory slots = new SlotDirectory(slotMemory.address(), 2, 0, 2);
      int incoming = 8;
      records = new WriteRecords(
          nvram, layout, slots, new int[] {0, 1}, 2, layout.frameCount() - incoming, incoming);
      numbers = new WriteNumbers(nvram);
      written = new ArrayList<>();
      var found = records.recover((record, volume, track, localPending) -> bad++, 0);
      records.releaseRecovered();
      numbers.recover(found.highestOwn());
      return found;
    }

    int write(int volume, int block, int blocks, long version, boolean zeroes) {
      int record = records.reserve(zeroes ? 1 : (blocks + 7) / 8, false, volume);
      if (record == WriteRecords.NONE) {
        return 0;
      }
      int fit = zeroes ? blocks : Math.min(blocks, records.framesOf(record) * 8);
      for (int i = 0; i < fit && !zeroes; i++) {
        Memory.at(records.addressOf(record) + i * 512L, 8).set(ValueLayout.JAVA_LONG, 0, version);
      }
      int crc = zeroes ? 0 : Memory.crc32c(records.addressOf(record), fit * 512);
      boolean mirrored = volume == MIRRORED;
      records.commit(
          record,
          volume,
          block * 512L,
          fit * 512,
          numbers.next(),
          zeroes,
          true,
          false,
          crc,
          mirrored,
          mirrored,
          WriteRecords.NONE,
          0);
      return fit;
    }

    void overlay(long[] image, int record) {
      int from = (int) (records.offsetOf(record) / 512);
      for (int i = 0; i < records.lengthOf(record) / 512; i++) {
        image[from + i] = records.isZeroes(record)
            ? 0
            : Memory.at(records.addressOf(record) + i * 512L, 8).get(ValueLayout.JAVA_LONG, 0);
      }
    }

    /// What the cabinet would serve: records over the drive.
    long[] seen(int volume) {
      long[] image = drive[volume].clone();
      for (int r = records.localHeadOf(volume);
          r != WriteRecords.NONE;
          r = records.localNextOf(r)) {
        overlay(image, r);
      }
      return image;
    }

    /// What the peer would have once it was sent all that it may lack.
    long[] mirrored() {
      long[] image = peer.clone();
      for (int r = records.remoteHeadOf(MIRRORED);
          r != WriteRecords.NONE;
          r = records.remoteNextOf(r)) {
        overlay(image, r);
      }
      return image;
    }

    /// Takes all that is dirty of one track to the drive, oldest first.
    void destage(int drive) {
      int record = records.peekDirty(drive);
      if (record == WriteRecords.NONE) {
        return;
      }
      List<Integer> chain = new ArrayList<>();
      for (int r = records.newestOf(drive, records.trackOf(record));
          r != WriteRecords.NONE;
          r = records.olderOf(r)) {
        if (records.isDirty(r)) {
          chain.addFirst(r);
        }
      }
      for (int r : chain) {
        records.onDestageStarted(r);
        overlay(this.drive[drive], r);
      }
      for (int r : chain) {
        written.add(r);
        records.onDestageWritten(r);
      }
    }

    void flush() {
      List<Integer> covered = written;
      written = new ArrayList<>();
      for (int r : covered) {
        records.onStable(r);
      }
    }

    /// The peer says that it has, on its drive, the oldest that it may lack.
    void peerStable() {
      int record = records.remoteHeadOf(MIRRORED);
      if (record != WriteRecords.NONE) {
        records.release(record);
        overlay(peer, record);
        records.clearRemotePending(record);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void nothingCommittedIsLostAndNothingOlderWinsAtWhateverCommitTheCabinetStops(long seed) {
    Random random = new Random(seed);
    Bench bench = new Bench(300_000 / 4096 * 4096, random);
    long[][] model = new long[2][BLOCKS];
    for (int step = 1; step < 3000; step++) {
      if (random.nextInt(10) == 0) {
        bench.nvram.crashAfter(random.nextInt(6));
      }
      long[][] after = {model[0].clone(), model[1].clone()};
      boolean crashed = false;
      try {
        act(bench, random, step, after);
      } catch (CrashingNvram.Crash crash) {
        crashed = true;
        bench.start();
      }
      String when = "seed " + seed + " step " + step;
      for (int volume = 0; volume < 2; volume++) {
        long[] seen = bench.seen(volume);
        if (crashed && !Arrays.equals(seen, after[volume])) {
          assertThat(seen).as(when).isEqualTo(model[volume]);
        } else {
          assertThat(Arrays.equals(seen, after[volume])).as(when).isTrue();
        }
        model[volume] = seen;
      }
      assertThat(Arrays.equals(bench.mirrored(), model[MIRRORED]))
          .as(when + ", peer")
          .isTrue();
      bench.records.checkInvariants();
      assertThat(bench.bad).isZero();
    }
    bench.nvram.crashAfter(Integer.MAX_VALUE);
    for (int i = 0; i < 1000 && bench.records.liveRecords() > 0; i++) {
      bench.peerStable();
      bench.destage(0);
      bench.destage(1);
      bench.flush();
    }
    assertThat(bench.records.liveRecords()).isZero();
    assertThat(bench.records.hostFramesFree()).isEqualTo(bench.records.hostFramesMax());
    assertThat(bench.drive[LOCAL]).isEqualTo(model[LOCAL]);
    assertThat(bench.drive[MIRRORED]).isEqualTo(model[MIRRORED]);
    assertThat(bench.peer).isEqualTo(model[MIRRORED]);
  }

  private static void act(Bench bench, Random random, long version, long[][] after) {
    switch (random.nextInt(9)) {
      case 0, 1, 2 -> {
        int volume = random.nextInt(2);
        int first = random.nextInt(2) * 128 + random.nextInt(20);
        int count = 1 + random.nextInt(20);
        boolean zeroes = random.nextInt(4) == 0;
        // What is committed is in the model even if the cabinet stops right after: the last
        // commit is the record's.
        long[] intended = after[volume].clone();
        Arrays.fill(intended, first, first + count, zeroes ? 0 : version);
        int fit = bench.write(volume, first, count, version, zeroes);
        System.arraycopy(intended, first, after[volume], first, fit);
      }
      case 3, 4 -> bench.destage(random.nextInt(2));
      case 5 -> bench.flush();
      case 6 -> bench.peerStable();
      case 7 -> {
        int held = bench.records.oldestHeld(MIRRORED);
        if (held != WriteRecords.NONE) {
          bench.records.release(held);
        }
      }
      default -> {
        int reserved = bench.records.reserve(1 + random.nextInt(16), random.nextBoolean(), 0);
        if (reserved != WriteRecords.NONE) {
          bench.records.abandon(reserved);
        }
      }
    }
  }

  @Test
  void aRecordWhosePayloadWasDamagedIsReportedAndDropped() {
    Bench bench = new Bench(1 << 19, new Random(1));
    bench.write(LOCAL, 0, 4, 9, false);
    int record = bench.records.localHeadOf(LOCAL);
    Memory.putByte(bench.records.addressOf(record) + 100, (byte) 1);
    var found = bench.start();
    assertThat(bench.bad).isEqualTo(1);
    assertThat(found.kept()).isZero();
    assertThat(bench.start().bad()).isZero();
  }

  @Test
  void aRecordThatThePeerMayLackIsHeldAfterARestartAndNotDestaged() {
    Bench bench = new Bench(1 << 19, new Random(1));
    bench.write(MIRRORED, 0, 4, 9, false);
    bench.records.release(bench.records.oldestHeld(MIRRORED));
    bench.start();
    assertThat(bench.records.peekDirty(MIRRORED)).isEqualTo(WriteRecords.NONE);
    assertThat(bench.records.oldestHeld(MIRRORED)).isNotEqualTo(WriteRecords.NONE);
  }

  @Test
  void eachSideHasItsOwnShare() {
    Bench bench = new Bench(1 << 19, new Random(1));
    while (bench.records.reserve(16, false, 0) != WriteRecords.NONE) {}
    assertThat(bench.records.hostFramesFree()).isZero();
    assertThat(bench.records.incomingFramesFree()).isEqualTo(8);
    int incoming = bench.records.reserve(16, true, 0);
    assertThat(bench.records.framesOf(incoming)).isEqualTo(8);
    assertThat(bench.records.reserve(1, true, 0)).isEqualTo(WriteRecords.NONE);
  }

  @Test
  void aVolumeThatGivesNothingBackLeavesTheOthersTheirPart() {
    Bench bench = new Bench(1 << 19, new Random(1));
    int most = bench.records.hostFramesFree();
    bench.records.guarantee(LOCAL, 20);
    bench.records.guarantee(MIRRORED, 10);
    int taken = 0;
    int record = bench.records.reserve(7, false, LOCAL);
    while (record != WriteRecords.NONE) {
      taken += bench.records.framesOf(record);
      record = bench.records.reserve(7, false, LOCAL);
    }
    assertThat(taken).isEqualTo(most - 10);
    assertThat(bench.records.isTight(LOCAL)).isTrue();
    assertThat(bench.records.isTight(MIRRORED)).isTrue();
    int other = bench.records.reserve(16, false, MIRRORED);
    assertThat(bench.records.framesOf(other)).isEqualTo(10);
    bench.records.abandon(other);
    assertThat(bench.records.reserve(1, false, LOCAL)).isEqualTo(WriteRecords.NONE);
  }

  @Test
  void aPinnedRecordKeepsItsFramesUntilItIsUnpinned() {
    Bench bench = new Bench(1 << 19, new Random(1));
    bench.write(LOCAL, 0, 8, 9, false);
    int record = bench.records.localHeadOf(LOCAL);
    bench.records.pin(record);
    bench.destage(LOCAL);
    bench.flush();
    assertThat(bench.records.hostFramesFree()).isEqualTo(bench.records.hostFramesMax() - 1);
    bench.records.unpin(record);
    assertThat(bench.records.hostFramesFree()).isEqualTo(bench.records.hostFramesMax());
  }

  @Test
  void recordsToSendAreRebuiltInTheOrderOfTheirNumbers() {
    Bench bench = new Bench(1 << 19, new Random(1));
    for (int i = 0; i < 6; i++) {
      bench.write(MIRRORED, i * 8, 8, i, false);
    }
    bench.records.rebuildToSend(2);
    List<Long> numbers = new ArrayList<>();
    while (!bench.records.toSend().isEmpty()) {
      numbers.add(bench.records.numberOf(bench.records.toSend().pollInt()));
    }
    assertThat(numbers).containsExactly(3L, 4L, 5L, 6L);
  }

  @Test
  void copiesDoNotTellHowFarThePeersWritesAreHere() {
    Bench bench = new Bench(1 << 20, new Random(1));
    commitIncoming(bench, 7, false);
    commitIncoming(bench, 1_000_000, true);
    assertThat(bench.start().highestIncoming()).isEqualTo(7);
    assertThat(bench.records.liveRecords()).isEqualTo(2);
  }

  private static void commitIncoming(Bench bench, long number, boolean copy) {
    int record = bench.records.reserve(1, true, 0);
    int crc = Memory.crc32c(bench.records.addressOf(record), 512);
    bench.records.commit(
        record, 0, 0, 512, number, false, true, copy, crc, false, false, WriteRecords.NONE, 0);
  }

  @Test
  void numbersNeverRepeatWhateverStops() {
    CrashingNvram nvram = new CrashingNvram(1 << 16, new Random(1));
    long highest = 0;
    for (int life = 0; life < 20; life++) {
      WriteNumbers numbers = new WriteNumbers(nvram);
      numbers.recover(0);
      for (int i = 0; i < 5; i++) {
        long number = numbers.next();
        assertThat(number).isGreaterThan(highest);
        highest = number;
      }
      if (life == 10) {
        numbers.skipTo(highest + 5);
        highest += 5;
      }
    }
  }
}
