package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// A drive whose blocks are larger than those that hosts may read.
class LargeBlocksTest {
  private static final int BLOCK_BYTES = 4096;

  @Test
  void whoWantsAPartOfABlockOfTheDriveHasAllOfItRead() {
    DriveInMemory drive = new DriveInMemory(DiskBench.VOLUME_BYTES + (1 << 20), 8, false);
    drive.blockBytes = BLOCK_BYTES;
    drive.mayBeLabelled = true;
    DiskBench bench = new DiskBench(drive);
    bench.load();
    int slot = bench.slots.acquire(0, 1);
    bench.slots.pin(slot);
    bench.slots.want(slot, 0b11 << 15, 1L << 63);
    bench.settle();
    assertThat(drive.log())
        .containsExactly(
            "READ " + (65_536 + BLOCK_BYTES) + "+" + 2 * BLOCK_BYTES,
            "READ " + (2 * 65_536 - BLOCK_BYTES) + "+" + BLOCK_BYTES);
    drive.completeAll();
    bench.settle();
    assertThat(bench.slots.covers(slot, 0xFFFF00, 0xFFL << 56)).isTrue();
    assertThat(bench.slots.covers(slot, 1 << 7, 0)).isFalse();
  }
}
