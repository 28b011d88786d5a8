package farside.service;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.cache.DamagedRecords;
import farside.cache.GlobalMemory;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.EventLog;
import farside.fixture.NvramInMemory;
import farside.port.Memory;
import farside.port.NvramPort;
import farside.port.powersafe.DamageFinder.Damage;
import farside.volume.AckMode;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a cabinet with one mirrored volume makes of the NVRAM that an earlier life left.
class DamagedRecordTest {
  private static final int TRACKS = 4;
  private static final long[] SIZES = {(long) TRACKS * BlockMask.TRACK_BYTES};
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private final NvramPort nvram = new NvramInMemory(1 << 20);

  /// One life of the cabinet, from IML to a kill.
  private final class Life {
    final EventLog events = new EventLog((atNs, number, severity, text) -> {}, 0);
    final MemorySegment slots = Arena.ofAuto().allocate(BlockMask.TRACK_BYTES, 4096);
    final WriteRecords records;
    final GlobalMemory memory;
    final Volume volume;
    final Labels labels;
    private long random = 100;

    Life(VolumeRole role) {
      NvramLayout layout = layout(0x10);
      SlotDirectory directory = new SlotDirectory(slots.address(), 1, 0, 1);
      records = new WriteRecords(nvram, layout, directory, new int[] {0}, 1, 64, 64);
      memory = new GlobalMemory(nvram, layout, records, directory, SIZES);
      volume = new Volume(
          0,
          0x10,
          role,
          "G",
          AckMode.RECEIVED,
          SIZES[0],
          512,
          0,
          memory.table(0),
          nvram,
          layout.volumeStateOffset(0),
          events);
      labels = new Labels("AAA", new String[] {"D0"}, new Volume[] {volume});
    }

    /// Commits a record of track 1; returns where its payload is.
    long write(boolean remotePending) {
      int record = records.reserve(1, volume.role() == VolumeRole.R2, 0);
      Memory.zero(records.addressOf(record), 4096);
      records.commit(
          record,
          0,
          BlockMask.TRACK_BYTES,
          4096,
          memory.numbers().next(),
          false,
          true,
          false,
          Memory.crc32c(records.addressOf(record), 4096),
          remotePending,
          remotePending,
          WriteRecords.NONE,
          0);
      return records.addressOf(record);
    }

    void destageAll() {
      for (int r = records.peekDirty(0); r != WriteRecords.NONE; r = records.peekDirty(0)) {
        records.pollDirty(0);
        records.onDestageStarted(r);
        records.onDestageWritten(r);
        records.onStable(r);
      }
    }

    /// IML to its end, on a drive whose label is of this NVRAM.
    void iml() {
      Iml iml = imlToLabels();
      labels.onDurable(0, labels.newestTicket(0));
      while (!iml.isComplete()) {
        iml.step(0);
      }
    }

    /// IML to where it waits for the label.
    Iml imlToLabels() {
      Volumes volumes = new Volumes(List.of(volume));
      Iml iml =
          new Iml("A", NvramPort.Contents.KEPT, volumes, labels, memory, () -> ++random, events);
      volume.load();
      labels.onFound(
          0, new Labels.FoundLabel(labels.compose(0, memory.incarnation(), 0), false, null));
      iml.step(0);
      return iml;
    }
  }

  private Life begin(VolumeRole role, Standing standing) {
    Life life = new Life(role);
    life.memory.numbers().recover(0);
    life.volume.begin(standing);
    return life;
  }

  private static void damage(long address) {
    Memory.putByte(address + 100, (byte) (Memory.getByte(address + 100) ^ 1));
  }

  @Test
  void whatALogIsAskedForIsThePayloadOfADamagedRecordThatIsNeeded() {
    NvramOpening.open(nvram, layout(0x10), () -> 1);
    Life before = begin(VolumeRole.LOCAL, Standing.fresh(PairState.NOT_MIRRORED, false));
    long done = before.write(false);
    before.records.release(before.records.localHeadOf(0));
    before.destageAll();
    before.write(false);
    long payload = before.write(false);
    int crc = Memory.crc32c(payload, 4096);
    assertThat(damagedIn(0x10)).isEmpty();
    damage(done);
    damage(payload);
    assertThat(damagedIn(0x10)).containsExactly(new Damage(payload - nvram.address(), 4096, crc));
    assertThat(damagedIn(0x20)).as("of another layout").isEmpty();
  }

  private List<Damage> damagedIn(int volumeNumber) {
    return DamagedRecords.in(Memory.at(nvram.address(), nvram.sizeBytes()), layout(volumeNumber));
  }

  private NvramLayout layout(int volumeNumber) {
    return new NvramLayout(nvram.sizeBytes(), new int[] {volumeNumber}, SIZES);
  }

  @Test
  void aSourceWithADamagedRecordAsksThePeerInsteadOfCopyingItsOldContentThere() {
    Life before = begin(VolumeRole.R1, SYNCHRONIZED);
    damage(before.write(true));
    Life after = new Life(VolumeRole.R1);
    after.iml();
    assertThat(after.volume.pairState()).isEqualTo(PairState.RESTORING);
    assertThat(after.volume.isReady()).isFalse();
    assertThat(after.volume.table().owed().count()).isZero();
    Life later = new Life(VolumeRole.R1);
    later.iml();
    assertThat(later.volume.pairState()).isEqualTo(PairState.RESTORING);
  }

  @Test
  void aDamagedRecordThatOnlyThePeerMayLackIsOwedSinceTheDriveHasIt() {
    Life before = begin(VolumeRole.R1, SYNCHRONIZED);
    long payload = before.write(true);
    before.records.release(before.records.localHeadOf(0));
    before.destageAll();
    damage(payload);
    Life after = new Life(VolumeRole.R1);
    after.iml();
    assertThat(after.volume.pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(after.volume.table().owed().isSet(1)).isTrue();
  }

  @Test
  void aSourceThatWentAloneOwesTheTrackOfADamagedRecord() {
    Life before = begin(VolumeRole.R1, SYNCHRONIZED.alone(8));
    damage(before.write(false));
    Life after = new Life(VolumeRole.R1);
    after.iml();
    assertThat(after.volume.pairState()).isEqualTo(PairState.SUSPENDED);
    assertThat(after.volume.table().owed().isSet(1)).isTrue();
  }

  @Test
  void aSourceThatIsBehindItsPeersDriveAsksThePeerWhenARecordIsDamaged() {
    Life before = begin(VolumeRole.R1, SYNCHRONIZED.alone(8).lagging(true));
    damage(before.write(false));
    Life after = new Life(VolumeRole.R1);
    after.iml();
    assertThat(after.volume.pairState()).isEqualTo(PairState.RESTORING);
    assertThat(after.volume.standing().behind()).isTrue();
    assertThat(after.volume.isReady()).isFalse();
  }

  @Test
  void nothingIsDestagedBeforeTheLabelOfThisLifeIsOnTheDrive() {
    // The cabinet stopped in the middle of a cut: no host was told of the write, and the label
    // still says that the peer has all that the drive has.
    Life before = begin(VolumeRole.R1, SYNCHRONIZED.alone(8));
    before.write(false);
    Life after = new Life(VolumeRole.R1);
    Iml iml = after.imlToLabels();
    assertThat(after.records.localHeadOf(0)).isNotNegative();
    assertThat(after.records.peekDirty(0)).isEqualTo(WriteRecords.NONE);
    after.labels.onDurable(0, after.labels.newestTicket(0));
    while (!iml.isComplete()) {
      iml.step(0);
    }
    assertThat(after.records.peekDirty(0)).isEqualTo(after.records.localHeadOf(0));
  }

  @Test
  void aTargetWithADamagedRecordForgetsThatItWasPairedAndIsCopiedFromTheBeginning() {
    Life before = begin(VolumeRole.R2, SYNCHRONIZED);
    damage(before.write(false));
    Life after = new Life(VolumeRole.R2);
    after.iml();
    assertThat(after.volume.pairState()).isEqualTo(PairState.UNPAIRED);
    assertThat(after.volume.standing().everPaired()).isFalse();
    assertThat(after.volume.standing().zeroBased()).isFalse();
  }
}
