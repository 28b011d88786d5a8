package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.port.DriveOutcome;
import farside.volume.VolumeRole;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Tracks that come into the cache before a host asks for them.
class ReadAheadOnDriveTest {
  private static final int TRACKS = 24;
  private static final int SLOTS = 64;
  private static final int QUEUE_DEPTH = 8;
  private static final long MS = DiskBench.MS;
  private static final long ALL = -1L;

  private final DiskBench bench = loaded(VolumeRole.LOCAL, TRACKS * 65_536L);

  private static DiskBench loaded(VolumeRole role, long volumeBytes) {
    return loaded(role, volumeBytes, SLOTS);
  }

  private static DiskBench loaded(VolumeRole role, long volumeBytes, int slotCount) {
    DriveInMemory drive = new DriveInMemory(volumeBytes + (1 << 20), QUEUE_DEPTH, false);
    DiskBench bench = new DiskBench(drive, role, volumeBytes, slotCount);
    bench.drive.mayBeLabelled = true;
    bench.load();
    return bench;
  }

  /// Three reads of one track each: from here on the reader is read ahead of.
  private static void readThree(DiskBench bench) {
    for (int track = 0; track < 3; track++) {
      bench.memory.readAhead().onRead(0, track, track + 1);
    }
    bench.settle();
  }

  private List<String> reads() {
    return bench.drive.log().stream()
        .filter(request -> request.startsWith("READ"))
        .toList();
  }

  private DriveInMemory.Request onlyRead() {
    List<DriveInMemory.Request> found = bench.drive.inFlight().stream()
        .filter(request -> request.kind == DriveInMemory.Kind.READ)
        .toList();
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  private long versionIn(int track, int block) {
    int slot = bench.slots.find(0, track);
    return DiskBench.versionAt(bench.slots.addressOf(slot) + block * 512L);
  }

  private boolean isWhole(int track) {
    int slot = bench.slots.find(0, track);
    return slot != SlotDirectory.NONE && bench.slots.covers(slot, ALL, ALL);
  }

  /// Takes a write to the drive, and leaves what else it has.
  private void destage(int block, long version) {
    bench.write(block, 8, version);
    bench.pass(20 * MS);
    for (DriveInMemory.Request request : bench.drive.inFlight()) {
      if (request.kind == DriveInMemory.Kind.WRITE) {
        bench.drive.complete(request, DriveOutcome.DONE);
      }
    }
    bench.settle();
  }

  @Test
  void tracksThatLieSideBySideAreReadInOneRequest() {
    destage(4 * 128 + 5, 7);
    readThree(bench);
    assertThat(reads()).containsExactly("READ 196608+262144");
    bench.answer();
    for (int track = 3; track < 7; track++) {
      assertThat(isWhole(track)).isTrue();
    }
    assertThat(versionIn(4, 5)).isEqualTo(7);
    assertThat(versionIn(3, 5)).isZero();
    assertThat(bench.adapter.figures(0).aheadTracks()).isEqualTo(4);
    assertThat(bench.adapter.figures(0).aheadUsedTracks()).isZero();
    assertThat(bench.adapter.figures(0).stagedBytes()).isZero();
    bench.memory.readAhead().onRead(0, 3, 5);
    assertThat(bench.adapter.figures(0).aheadUsedTracks()).isEqualTo(2);
  }

  @Test
  void whatLiesScatteredInMemoryIsReadInOneRequestToo() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 500; i++) {
      bench.slots.acquire(0, 1000 + random.nextInt(SLOTS));
    }
    for (int track = 3; track < 7; track++) {
      destage(track * 128, 10 + track);
    }
    readThree(bench);
    bench.answer();
    assertThat(reads()).containsExactly("READ 196608+262144");
    for (int track = 3; track < 7; track++) {
      assertThat(versionIn(track, 0)).isEqualTo(10 + track);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEDIUM_ERROR", "GONE", "NO_SPACE"})
  void oneThatFailsLeavesNoTraceAndWhoComesThereHasItStaged(DriveOutcome outcome) {
    DiskBench source = loaded(VolumeRole.R1, TRACKS * 65_536L);
    readThree(source);
    int waiting = source.slots.find(0, 4);
    source.slots.want(waiting, 0b1000, 0);
    source.drive.complete(source.drive.inFlight().getFirst(), outcome, 4 * 65_536L + 3 * 512);
    source.settle();
    assertThat(source.drive.inFlight()).isEmpty();
    assertThat(source.events).doesNotContain(EventCode.STAGE_FAILED.number());
    assertThat(source.adapter.figures(0).errorCount()).isZero();
    assertThat(source.slots.pollLacking()).isEqualTo(SlotDirectory.NONE);
    assertThat(source.slots.failed(waiting, ALL, ALL)).isFalse();
    assertThat(source.slots.isBeingRead(waiting)).isFalse();
    // As a reader does as long as it waits.
    source.slots.want(waiting, 0b1000, 0);
    source.settle();
    source.answer();
    assertThat(source.slots.covers(waiting, 0b1000, 0)).isTrue();
    assertThat(source.slots.covers(waiting, 1, 0)).isFalse();
  }

  @Test
  void whatIsWrittenMeanwhileIsNotTakenFromTheReadWhicheverEndsFirst() {
    for (boolean readEndsFirst : new boolean[] {true, false}) {
      DiskBench own = loaded(VolumeRole.LOCAL, TRACKS * 65_536L);
      readThree(own);
      var read = own.drive.inFlight().getFirst();
      own.write(4 * 128, 8, 9);
      own.pass(20 * MS);
      var write = own.drive.inFlight().get(1);
      // What the read finds there is anything until the write is over.
      if (readEndsFirst) {
        own.drive.complete(read, DriveOutcome.DONE);
        own.settle();
      }
      own.drive.complete(write, DriveOutcome.DONE);
      own.settle();
      own.pass(50 * MS);
      own.drive.complete(own.drive.inFlight().getLast(), DriveOutcome.DONE);
      own.settle();
      assertThat(own.records.liveRecords()).isZero();
      if (!readEndsFirst) {
        own.drive.complete(read, DriveOutcome.DONE);
        own.settle();
      }
      int slot = own.slots.find(0, 4);
      assertThat(own.slots.covers(slot, ~0xFFL, ALL)).isTrue();
      assertThat(own.slots.covers(slot, 0xFF, 0)).isEqualTo(readEndsFirst);
      if (readEndsFirst) {
        assertThat(DiskBench.versionAt(own.slots.addressOf(slot))).isEqualTo(9);
      }
    }
  }

  @Test
  void whatHostsAndDestageWantGoesFirst() {
    for (int track = 10; track < 14; track++) {
      int slot = bench.slots.acquire(0, track);
      bench.slots.pin(slot);
      bench.slots.want(slot, ALL, ALL);
    }
    readThree(bench);
    assertThat(bench.drive.inFlight()).hasSize(4);
    assertThat(reads()).doesNotContain("READ 196608+262144");
    bench.failFirst(DriveOutcome.DONE);
    assertThat(onlyReadOf(3)).isTrue();
  }

  private boolean onlyReadOf(int track) {
    return bench.drive.inFlight().stream()
        .anyMatch(
            request -> request.offsetBytes == track * 65_536L && request.lengthBytes > 65_536);
  }

  @Test
  void whileWritesPressNothingIsReadAhead() {
    while (bench.records.hostFramesFree() * 4L >= bench.records.hostFramesMax() * 3L) {
      bench.write(0, 64, 1);
    }
    readThree(bench);
    assertThat(reads()).isEmpty();
    while (bench.records.liveRecords() > 0) {
      bench.drive.completeAll();
      bench.pass(50 * MS);
    }
    assertThat(reads()).containsExactly("READ 196608+262144");
  }

  @Test
  void aDriveThatIsSuspectOrInDoubtIsNotReadAhead() {
    int slot = bench.slots.acquire(0, 20);
    bench.slots.pin(slot);
    bench.slots.want(slot, ALL, ALL);
    bench.settle();
    for (long waitedNs = 0; waitedNs < 29_000 * MS; waitedNs += 1000 * MS) {
      bench.pass(1000 * MS);
      if (waitedNs == 5_000 * MS) {
        assertThat(bench.adapter.figures(0).health()).isEqualTo("suspect");
        readThree(bench);
      }
    }
    bench.pass(2000 * MS);
    assertThat(bench.adapter.figures(0).health()).isEqualTo("in doubt");
    assertThat(reads()).containsExactly("READ 1310720+65536");
  }

  @Test
  void oneThatHangsKeepsItsMemoryUntilItReturns() {
    readThree(bench);
    DriveInMemory.Request read = onlyRead();
    int slot = bench.slots.find(0, 3);
    for (int i = 0; i < 31; i++) {
      bench.pass(1000 * MS);
    }
    assertThat(bench.adapter.figures(0).health()).isEqualTo("in doubt");
    for (int i = 0; i < 10 * SLOTS; i++) {
      assertThat(bench.slots.acquire(0, 1000 + i)).isNotEqualTo(slot);
    }
    assertThat(bench.slots.find(0, 3)).isEqualTo(SlotDirectory.NONE);
    assertThat(bench.slots.isBeingRead(slot)).isTrue();
    bench.drive.complete(read, DriveOutcome.DONE);
    bench.settle();
    assertThat(bench.slots.isBeingRead(slot)).isFalse();
  }

  @Test
  void theLastTrackIsReadAsFarAsTheVolumeGoes() {
    DiskBench small = loaded(VolumeRole.LOCAL, 5 * 65_536L + 4096);
    readThree(small);
    assertThat(small.drive.log()).containsExactly("READ 196608+" + (2 * 65_536 + 4096));
    small.answer();
    assertThat(small.slots.covers(small.slots.find(0, 5), 0xFF, 0)).isTrue();
    assertThat(small.slots.covers(small.slots.find(0, 5), 0x100, 0)).isFalse();
  }

  /// Two hosts in order and one here and there read what others write meanwhile; requests end
  /// in any order, some of them badly.
  @Test
  void readersSeeTheNewestContentHoweverReadsAndWritesMeet() {
    long used = 0;
    for (int run = 0; run < 8; run++) {
      used += new Readers(System.nanoTime()).run();
    }
    assertThat(used).isGreaterThan(50);
  }

  private static final class Readers {
    private final long seed;
    private final SplittableRandom random;
    private static final int TRACKS = 40;

    private final DiskBench bench = loaded(VolumeRole.LOCAL, TRACKS * 65_536L, 16);
    private final long[] newest = new long[TRACKS * 128];
    private final ArrayDeque<int[]> waiting = new ArrayDeque<>();
    private final int[] next = {0, TRACKS / 2};
    private long version;

    Readers(long seed) {
      this.seed = seed;
      this.random = new SplittableRandom(seed);
    }

    /// Returns how many tracks were read ahead and used.
    long run() {
      for (int step = 0; step < 1500; step++) {
        switch (random.nextInt(8)) {
          case 0 -> write();
          case 1, 2, 3 -> begin();
          default -> endOne();
        }
        if (random.nextInt(3) == 0) {
          bench.pass(random.nextInt(30) * MS);
        } else {
          bench.settle();
        }
        goOn();
      }
      return bench.memory.readAhead().usedTracks(0);
    }

    private void write() {
      // Mostly to what is being read, or is about to be.
      int track = (next[random.nextInt(2)] + random.nextInt(8)) % TRACKS;
      int block =
          (random.nextInt(4) == 0 ? random.nextInt(TRACKS) : track) * 128 + random.nextInt(128);
      int blocks = Math.min(1 + random.nextInt(24), 128 - block % 128);
      version++;
      int record =
          random.nextInt(5) == 0 ? bench.zero(block, blocks) : bench.write(block, blocks, version);
      if (record != WriteRecords.NONE) {
        int fit = bench.records.lengthOf(record) / 512;
        Arrays.fill(newest, block, block + fit, bench.records.isZeroes(record) ? 0 : version);
      }
    }

    private void begin() {
      int reader = random.nextInt(3);
      int track = reader == 2 ? random.nextInt(TRACKS) : next[reader];
      if (waiting.size() < 4) {
        if (reader < 2) {
          next[reader] = (track + 1) % TRACKS;
        }
        bench.memory.readAhead().onRead(0, track, track + 1);
        int slot = bench.slots.acquire(0, track);
        bench.slots.pin(slot);
        waiting.add(new int[] {track, slot});
      }
    }

    /// As the channel adapter does: records over the slot; what is lacking is wanted again and
    /// again.
    private void goOn() {
      for (int i = waiting.size(); i > 0; i--) {
        int[] read = waiting.poll();
        long low = ALL;
        long high = ALL;
        int[] owner = new int[128];
        Arrays.fill(owner, WriteRecords.NONE);
        for (int r = bench.records.newestOf(0, read[0]);
            r != WriteRecords.NONE;
            r = bench.records.olderOf(r)) {
          for (int b = bench.records.firstBlock(r); b < bench.records.endBlock(r); b++) {
            owner[b] = owner[b] == WriteRecords.NONE ? r : owner[b];
          }
          low &= ~BlockMask.low(bench.records.firstBlock(r), bench.records.endBlock(r));
          high &= ~BlockMask.high(bench.records.firstBlock(r), bench.records.endBlock(r));
        }
        if (bench.slots.covers(read[1], low, high)) {
          for (int b = 0; b < 128; b++) {
            long seen = owner[b] == WriteRecords.NONE
                ? DiskBench.versionAt(bench.slots.addressOf(read[1]) + b * 512L)
                : versionIn(owner[b], b);
            assertThat(seen)
                .as("seed %d, track %d, block %d", seed, read[0], b)
                .isEqualTo(newest[read[0] * 128 + b]);
          }
          bench.slots.unpin(read[1]);
        } else {
          bench.slots.want(read[1], low, high);
          waiting.add(read);
        }
      }
    }

    private long versionIn(int record, int block) {
      return bench.records.isZeroes(record)
          ? 0
          : DiskBench.versionAt(
              bench.records.addressOf(record) + (block - bench.records.firstBlock(record)) * 512L);
    }

    private void endOne() {
      List<DriveInMemory.Request> inFlight = bench.drive.inFlight();
      if (!inFlight.isEmpty()) {
        var request = inFlight.get(random.nextInt(inFlight.size()));
        boolean fails = request.kind == DriveInMemory.Kind.READ
            && request.lengthBytes > 65_536
            && random.nextInt(4) == 0;
        bench.drive.complete(request, fails ? DriveOutcome.MEDIUM_ERROR : DriveOutcome.DONE);
      }
    }
  }
}
