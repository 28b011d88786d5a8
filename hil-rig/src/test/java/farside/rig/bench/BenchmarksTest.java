package farside.rig.bench;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import org.junit.jupiter.api.Test;

/// What `make jmh` measures does what it says; how fast is not asked here.
class BenchmarksTest {
  @Test
  void theCodecMakesFramesAndReadsThem() {
    LinkCodecBenchmark codec = new LinkCodecBenchmark();
    codec.writeAFrame();

    // Number and block of the first write are 1, the volume is 0010, 4 KiB are 8 blocks.
    assertThat(codec.decode()).isEqualTo(1 + 1 + 0x10 + 8);
    assertThat(codec.encode()).isNotEqualTo(codec.encode());
    assertThat(codec.decode()).isEqualTo(1 + 1 + 0x10 + 8);
  }

  @Test
  void recordsComeAndGoAndSlotsAreFoundAndTaken() {
    SlotPathBenchmark path = new SlotPathBenchmark();
    path.fill();

    for (int i = 0; i < 50_000; i++) {
      assertThat(path.lifeOfARecord()).isNotEqualTo(WriteRecords.NONE);
    }
    assertThat(path.slotIsFound()).isNotEqualTo(SlotDirectory.NONE);
    int taken = path.slotIsTakenForAnotherTrack();
    assertThat(taken).isNotEqualTo(SlotDirectory.NONE);
    assertThat(path.slotIsTakenForAnotherTrack()).isNotEqualTo(taken);
  }
}
