package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.WriteRecords;
import farside.volume.AckMode;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import org.junit.jupiter.api.Test;

class RepairsTest {
  @Test
  void aBlockThatThePeerHasAPartOfIsNotWrittenBackInPart() {
    RemoteBench bench = new RemoteBench(VolumeRole.R1, "G");
    bench.memory.numbers().recover(0);
    Volume volume = new Volume(
        0,
        0x10,
        VolumeRole.R1,
        "G",
        AckMode.RECEIVED,
        RemoteBench.VOLUME_BYTES,
        4096,
        0,
        bench.memory.table(0),
        bench.nvram,
        bench.memory.layout().volumeStateOffset(0),
        bench.events);
    Repairs repairs = new Repairs(bench.memory, new Volume[] {volume}, bench.events);
    int slot = bench.slots.acquire(0, 0);
    repairs.begin(volume, slot, 0xFFF7_FF00L, 1, 1);
    int record = bench.records.newestOf(0, 0);
    assertThat(bench.records.firstBlock(record)).isEqualTo(24);
    assertThat(bench.records.endBlock(record)).isEqualTo(32);
    int older = bench.records.olderOf(record);
    assertThat(bench.records.firstBlock(older)).isEqualTo(8);
    assertThat(bench.records.endBlock(older)).isEqualTo(16);
    assertThat(bench.records.olderOf(older)).isEqualTo(WriteRecords.NONE);
  }
}
