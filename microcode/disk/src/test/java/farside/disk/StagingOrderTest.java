package farside.disk;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.volume.VolumeRole;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// In which order a drive that takes one request at a time reads what several wait for.
class StagingOrderTest {
  private static final int SLOTS = 6;

  /// However often the cabinet goes round while the drive is busy.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void whoWaitsLongestIsReadNext(int roundsMeanwhile) {
    long volumeBytes = 8L * BlockMask.TRACK_BYTES;
    DiskBench bench = new DiskBench(
        new DriveInMemory(volumeBytes + (1 << 20), 1, true), VolumeRole.R1, volumeBytes, SLOTS);
    bench.load();
    for (int track = 0; track < 4; track++) {
      want(bench, track);
    }
    bench.settle();
    for (int track = 0; track < 4; track++) {
      for (int round = 0; round < roundsMeanwhile; round++) {
        bench.adapter.doWork(bench.nowNs);
      }
      assertThat(bench.drive.inFlight())
          .singleElement()
          .extracting(read -> read.offsetBytes / BlockMask.TRACK_BYTES)
          .isEqualTo((long) track);
      bench.answer();
    }
  }

  private static void want(DiskBench bench, int track) {
    int slot = bench.slots.acquire(0, track);
    bench.slots.pin(slot);
    bench.slots.want(slot, 1, 0);
  }
}
