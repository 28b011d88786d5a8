package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.cache.ZeroTracks;
import farside.port.DriveOutcome;
import org.junit.jupiter.api.Test;

/// What the disk adapter knows to read zero on its drive.
class ZeroTracksTest {
  private static final long MS = DiskBench.MS;
  private static final int BLOCKS = BlockMask.BLOCKS_PER_TRACK;

  private final DiskBench bench = new DiskBench(8);
  private final ZeroTracks zero = bench.memory.zeroTracks(0);

  private void destage() {
    bench.pass(20 * MS);
    bench.answer();
  }

  private boolean[] known() {
    return new boolean[] {zero.isZero(0), zero.isZero(1), zero.isZero(2)};
  }

  @Test
  void allOfANewDriveReadsZeroUntilItIsWritten() {
    bench.load();
    assertThat(known()).containsExactly(true, true, true);

    bench.write(BLOCKS + 5, 1, 1);
    bench.zero(3, 4);
    bench.pass(20 * MS);

    // Before the drive has answered, too: it may hold the new content already.
    assertThat(known()).containsExactly(true, false, true);
    destage();
    assertThat(known()).containsExactly(true, false, true);
  }

  @Test
  void ofADriveThatTellsNothingNothingIsKnownUntilAWholeTrackWasZeroed() {
    DiskBench used = new DiskBench(new DriveInMemory(DiskBench.VOLUME_BYTES + (1 << 20), 8, false));
    ZeroTracks tracks = used.memory.zeroTracks(0);
    used.load();
    used.zero(0, BLOCKS);
    used.zero(BLOCKS, BLOCKS - 1);
    used.pass(20 * MS);
    assertThat(tracks.isZero(0)).isFalse();

    used.answer();

    assertThat(tracks.isZero(0)).isTrue();
    assertThat(tracks.isZero(1)).isFalse();
  }

  @Test
  void aTrackWhoseZeroingFailedMayHoldAnything() {
    bench.load();
    bench.zero(0, BLOCKS);
    bench.pass(20 * MS);
    bench.failFirst(DriveOutcome.MEDIUM_ERROR);

    assertThat(zero.isZero(0)).isFalse();
  }
}
