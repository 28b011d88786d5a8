package farside.channel;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostStatus;
import farside.volume.VolumeRole;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// What a read is made of, what is known to read zero, and what is brought in ahead of it.
class HostReadsTest {
  private static final int TRACK = BlockMask.TRACK_BYTES;

  private final ChannelBench bench = ChannelBench.local(new ScriptedHost(null));

  HostReadsTest() {
    bench.host.open(1, "0010");
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private ScriptedHost.Command ask(HostCommand command, int flags, long offset, long length) {
    var asked = bench.host.ask(1, command, flags, offset, length);
    for (int i = 0; i < 10; i++) {
      bench.settle();
      bench.stage();
    }
    return asked;
  }

  private void write(long offset, int length) {
    bench.host.write(1, false, offset, filled(length, 7));
    bench.settle();
  }

  @Test
  void zeroesThatWaitInNvramAreReadAsAnExtentOfTheirOwn() {
    write(0, 2 * TRACK);
    ask(HostCommand.TRIM, 0, 8192, 16_384);

    var read = ask(HostCommand.READ, 0, 1000, 40_000);

    assertThat(read.extents).containsExactly("data 7192", "zero 16384", "data 16424");
    assertThat(read.data).isEqualTo(expected(read));
  }

  private static byte[] expected(ScriptedHost.Command read) {
    byte[] bytes = filled((int) read.lengthBytes, 7);
    Arrays.fill(bytes, 7192, 7192 + 16_384, (byte) 0);
    return bytes;
  }

  /// Found by the simulator: RARE, seed 930030.
  @Test
  void aBlockThatWasWrittenSinceItCouldNotBeReadIsReadAgain() {
    bench.driveFails = true;
    assertThat(ask(HostCommand.READ, 0, 0, 512).status).isEqualTo(HostStatus.IO_ERROR);
    bench.driveFails = false;
    write(0, 512);
    // The record has the block that failed when the read begins, and the drive when it ends.
    var read = bench.host.ask(1, HostCommand.READ, 0, 1024);
    bench.settle();
    assertThat(bench.destage()).isTrue();
    bench.settle();
    bench.stage();
    bench.settle();
    bench.stage();
    bench.settle();
    assertThat(read.status).isEqualTo(HostStatus.OK);
    assertThat(Arrays.copyOf(read.data, 512)).isEqualTo(filled(512, 7));
  }

  @Test
  void twoLongReadsOfOneConnectionDoNotWaitForEachOthersSlots() {
    for (int track = 100; track < 97 + ChannelBench.SLOTS; track++) {
      bench.slots.pin(bench.slots.acquire(0, track));
    }
    var first = bench.host.ask(1, HostCommand.READ, 0, 4L * TRACK);
    var second = bench.host.ask(1, HostCommand.READ, TRACK, 3L * TRACK);
    for (int i = 0; i < 20; i++) {
      bench.settle();
      bench.stage();
    }
    assertThat(first.status).isEqualTo(HostStatus.OK);
    assertThat(second.status).isEqualTo(HostStatus.OK);
  }

  /// Found by the simulator: MIXED, seed 11.
  @Test
  void aReadThatHasBegunToAnswerGetsTheOnlySlotBeforeThoseThatMayNotAnswerYet() {
    write(0, TRACK);
    pinAllSlotsButOne();
    var second = bench.host.ask(1, HostCommand.READ, 3L * TRACK, 4096);
    var third = bench.host.ask(1, HostCommand.READ, 2L * TRACK, 4096);
    var first = bench.host.ask(1, HostCommand.READ, 0, 2L * TRACK);
    // Shares the track with the third, and so holds the slot when the first has its turn.
    var fourth = bench.host.ask(1, HostCommand.READ, 2L * TRACK, 4096);
    bench.settle();
    assertThat(first.status).isNull();
    for (int i = 0; i < 20; i++) {
      bench.stage();
      bench.settle();
    }
    assertThat(first.status).isEqualTo(HostStatus.OK);
    assertThat(second.status).isEqualTo(HostStatus.OK);
    assertThat(third.status).isEqualTo(HostStatus.OK);
    assertThat(fourth.status).isEqualTo(HostStatus.OK);
  }

  @Test
  void whoWaitsLongestForASlotGetsItHoweverManyComeLater() {
    pinAllSlotsButOne();
    bench.host.open(2, "0010");
    bench.host.ask(2, HostCommand.READ, 0, 4096);
    bench.settle();
    var waits = bench.host.ask(1, HostCommand.READ, TRACK, 4096);
    bench.host.ask(2, HostCommand.READ, 2L * TRACK, 4096);
    for (int i = 0; i < 6 && waits.status == null; i++) {
      bench.settle();
      bench.stage();
      // One more that comes before the slot is free.
      bench.host.ask(2, HostCommand.READ, (i % 2 == 0 ? 0L : 2L) * TRACK, 4096);
    }
    assertThat(waits.status).isEqualTo(HostStatus.OK);
  }

  @Test
  void whoLeavesWhileFirstInLineForASlotHoldsUpNobody() {
    pinAllSlotsButOne();
    bench.host.open(2, "0010");
    bench.host.ask(1, HostCommand.READ, 0, 4096);
    bench.settle();
    bench.host.ask(2, HostCommand.READ, TRACK, 4096);
    bench.settle();
    var waits = bench.host.ask(1, HostCommand.READ, 2L * TRACK, 4096);
    bench.host.vanish(2);
    for (int i = 0; i < 4; i++) {
      bench.settle();
      bench.stage();
    }
    assertThat(waits.status).isEqualTo(HostStatus.OK);
  }

  private void pinAllSlotsButOne() {
    for (int track = 100; track < 99 + ChannelBench.SLOTS; track++) {
      bench.slots.pin(bench.slots.acquire(0, track));
    }
  }

  @Test
  void whoWantsOneExtentGetsOne() {
    write(0, 2 * TRACK);
    ask(HostCommand.TRIM, 0, 8192, 16_384);

    var read = ask(HostCommand.READ, HostFlags.ONE_EXTENT, 1000, 40_000);

    assertThat(read.extents).containsExactly("data 40000");
    assertThat(read.data).isEqualTo(expected(read));
  }

  @Test
  void fewZeroesAreDataLikeAnyOther() {
    write(0, TRACK);
    ask(HostCommand.WRITE_ZEROES, 0, 8192, 3584);

    assertThat(ask(HostCommand.READ, 0, 0, TRACK).extents).containsExactly("data " + TRACK);
  }

  @Test
  void aTrackThatTheDriveHoldsNothingOfIsReadWithoutAskingIt() {
    bench.memory.zeroTracks(0).set(1);
    bench.driveFails = true;

    var read = ask(HostCommand.READ, 0, TRACK + 512, 5000);
    var write = bench.host.write(1, false, TRACK + 10, filled(2000, 7));
    bench.settle();

    assertThat(read.extents).containsExactly("zero 5000");
    assertThat(read.data).isEqualTo(new byte[5000]);
    assertThat(write.status).isEqualTo(HostStatus.OK);
  }

  @Test
  void aReadThatFailsOnTheWaySaysSoAndTheConnectionGoesOn() {
    bench.host.write(1, false, 0, filled(4 * TRACK - 4096, 7));
    bench.settle();
    bench.driveFails = true;

    var read = bench.host.ask(1, HostCommand.READ, 0, ChannelBench.VOLUME_BYTES);
    var next = ask(HostCommand.READ, 0, 0, 512);

    assertThat(read.status).isEqualTo(HostStatus.IO_ERROR);
    assertThat(next.status).isEqualTo(HostStatus.OK);
  }

  @Test
  void blockStatusTellsWhatIsKnownToReadZero() {
    bench.memory.zeroTracks(0).set(1);
    bench.memory.zeroTracks(0).set(2);
    write(2 * TRACK + 4096, 512);
    ask(HostCommand.TRIM, 0, 3L * TRACK, 1024);

    var status = ask(HostCommand.BLOCK_STATUS, 0, 100, 3L * TRACK + 1000);
    var first = ask(HostCommand.BLOCK_STATUS, HostFlags.FIRST_ONLY, TRACK + 1, 2L * TRACK);

    assertThat(status.extents)
        .containsExactly(
            "data " + (TRACK - 100),
            "zero " + (TRACK + 4096),
            "data 512",
            "zero " + (TRACK - 4608 + 1024),
            "data 76");
    assertThat(first.extents).containsExactly("zero " + (TRACK + 4095));
  }

  @Test
  void whatMayNotBeSeenYetCountsAsData() {
    ChannelBench source = ChannelBench.synchronizedSource(new ScriptedHost(null));
    source.host.open(1, "0010");
    source.host.ask(1, HostCommand.TRIM, 0, 4096);
    source.settle();

    var status = source.host.ask(1, HostCommand.BLOCK_STATUS, 0, 4096);
    source.settle();

    assertThat(status.extents).containsExactly("data 4096");
  }

  @Test
  void whatWasCachedIsReadWithoutTheDrive() {
    var cache = ask(HostCommand.CACHE, 0, 1000, 2 * TRACK - 1000);
    bench.driveFails = true;
    var read = ask(HostCommand.READ, 0, 1000, 2 * TRACK - 1000);

    assertThat(cache.status).isEqualTo(HostStatus.OK);
    assertThat(read.status).isEqualTo(HostStatus.OK);
  }

  @Test
  void cachingMoreThanThereIsRoomForEndsWell() {
    assertThat(ask(HostCommand.CACHE, 0, 0, ChannelBench.VOLUME_BYTES).status)
        .isEqualTo(HostStatus.OK);
  }

  @Test
  void whatLiesBeyondTheEndIsInvalid() {
    long end = ChannelBench.VOLUME_BYTES;

    assertThat(ask(HostCommand.CACHE, 0, end, 1).status).isEqualTo(HostStatus.INVALID);
    assertThat(ask(HostCommand.BLOCK_STATUS, 0, end - 1, 2).status).isEqualTo(HostStatus.INVALID);
  }

  @Test
  void zeroesThatKeepTheirRoomAreWrittenAndAreNotFast() {
    var kept = ask(HostCommand.WRITE_ZEROES, HostFlags.KEEP_ROOM, 0, 4096);
    int both = HostFlags.KEEP_ROOM | HostFlags.FAST_ONLY;
    var fast = ask(HostCommand.WRITE_ZEROES, both, 4096, 4096);
    var plain = ask(HostCommand.WRITE_ZEROES, HostFlags.FAST_ONLY, 8192, 4096);

    assertThat(kept.status).isEqualTo(HostStatus.OK);
    assertThat(ask(HostCommand.BLOCK_STATUS, 0, 0, 12_288).extents)
        .containsExactly("data 8192", "zero 4096");
    assertThat(fast.status).isEqualTo(HostStatus.NOT_SUPPORTED);
    assertThat(plain.status).isEqualTo(HostStatus.OK);
  }

  /// The track that is to be read ahead; -1 for none.
  private static int readAhead(ChannelBench of, HostCommand command, long... lengths) {
    of.host.open(1, "0010");
    long offset = 0;
    for (long length : lengths) {
      of.host.ask(1, command, 0, offset, length);
      offset += length;
      of.settle();
      of.stage();
    }
    int[] found = new int[8];
    return of.memory.readAhead().take(0, found) == 0 ? -1 : of.slots.trackOf(found[0]);
  }

  private static ChannelBench ofTracks(VolumeRole role, int tracks) {
    return ChannelBench.ofTracks(new ScriptedHost(null), role, tracks);
  }

  @Test
  void hostsOfLocalAndSourceVolumesThatReadInOrderAreReadAheadOf() {
    long[] parts = {TRACK - 4096, 4096, TRACK / 2, TRACK};
    for (VolumeRole role : new VolumeRole[] {VolumeRole.LOCAL, VolumeRole.R1}) {
      assertThat(readAhead(ofTracks(role, 8), HostCommand.READ, parts)).isEqualTo(3);
    }
    assertThat(readAhead(ofTracks(VolumeRole.R2, 8), HostCommand.READ, parts)).isEqualTo(-1);
    assertThat(readAhead(ofTracks(VolumeRole.LOCAL, 8), HostCommand.CACHE, parts))
        .isEqualTo(-1);
    assertThat(readAhead(ofTracks(VolumeRole.LOCAL, 8), HostCommand.READ, TRACK, TRACK))
        .isEqualTo(-1);
  }

  @Test
  void ofALongReadItsOwnRestIsReadAhead() {
    ChannelBench own = ofTracks(VolumeRole.LOCAL, 40);
    assertThat(readAhead(own, HostCommand.READ, 32L * TRACK)).isEqualTo(-1);
    own.settle();
    own.stage();
    own.settle();
    int[] found = new int[8];
    assertThat(own.memory.readAhead().take(0, found)).isEqualTo(4);
    assertThat(own.slots.trackOf(found[0])).isEqualTo(12);
  }
}
