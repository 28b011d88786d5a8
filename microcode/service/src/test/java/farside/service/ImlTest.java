package farside.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.NvramLayout;
import farside.cache.SlotDirectory;
import farside.cache.WriteRecords;
import farside.director.CabinetRefused;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.fixture.NvramInMemory;
import farside.port.Memory;
import farside.port.NvramPort.Contents;
import farside.volume.AckMode;
import farside.volume.DriveLabel;
import farside.volume.Labels;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What IML makes of NVRAM and labels, and what it refuses: with what, where, and the cure.
class ImlTest {
  private static final long SIZE = 1 << 20;
  private static final String SERIAL = "FS-0000A";
  private static final long OTHER_LIFE = 77;

  private final NvramInMemory nvram = new NvramInMemory(1 << 20);
  private long draws = 1000;

  /// One start of a cabinet with one volume on drive D1; the NVRAM outlives it.
  private final class Start {
    final List<Integer> told = new ArrayList<>();
    final EventLog events = new EventLog((now, number, severity, text) -> told.add(number), 0);
    final GlobalMemory memory;
    final Volume volume;
    final Labels labels;
    final Iml iml;

    Start(VolumeRole role) {
      NvramLayout layout = new NvramLayout(nvram.sizeBytes(), new int[] {0x10}, new long[] {SIZE});
      Contents found = NvramOpening.open(nvram, layout, () -> ++draws);
      nvram.contents = Contents.KEPT;
      SlotDirectory slots = new SlotDirectory(0, 0, 0, 1);
      WriteRecords records = new WriteRecords(nvram, layout, slots, new int[] {0}, 1, 64, 32);
      memory = new GlobalMemory(nvram, layout, records, slots, new long[] {SIZE});
      String group = role == VolumeRole.LOCAL ? "" : "ab";
      volume = new Volume(
          0,
          0x10,
          role,
          group,
          AckMode.RECEIVED,
          SIZE,
          512,
          0,
          memory.table(0),
          nvram,
          layout.volumeStateOffset(0),
          events);
      labels = new Labels(SERIAL, new String[] {"D1"}, new Volume[] {volume});
      iml =
          new Iml("A", found, new Volumes(List.of(volume)), labels, memory, () -> ++draws, events);
    }

    /// The disk adapter found this; IML takes it from there, to its end unless it refuses.
    Start finding(DriveLabel label, boolean knownZero, String refusal) {
      labels.onFound(0, new Labels.FoundLabel(label, knownZero, refusal));
      iml.step(1);
      labels.onDurable(0, labels.newestTicket(0));
      iml.step(2);
      assertThat(iml.isComplete()).isTrue();
      return this;
    }

    Start findingNewDrive() {
      return finding(null, true, null);
    }

    Start finding(DriveLabel label) {
      return finding(label, false, null);
    }

    /// The label that the drive carries when this start is over.
    DriveLabel label() {
      return labels.compose(0, memory.incarnation(), 0);
    }

    void isRefused(Runnable start, String... words) {
      byte[] before = image();
      assertThatThrownBy(start::run)
          .isInstanceOf(CabinetRefused.class)
          .hasMessageStartingWith("drive D1 refused: ")
          .message()
          .contains(words);
      assertThat(told).contains(EventCode.DRIVE_REFUSED.number());
      assertThat(labels.isWanted(0)).as("a label is to be written").isFalse();
      assertThat(image()).isEqualTo(before);
    }
  }

  private byte[] image() {
    byte[] bytes = new byte[(int) nvram.sizeBytes()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = nvram.getByte(i);
    }
    return bytes;
  }

  private static DriveLabel label(
      String serial, int number, VolumeRole role, long size, int block) {
    Standing standing = Standing.fresh(PairState.UNPAIRED, false);
    return new DriveLabel(
        false, 5, 6, OTHER_LIFE, 0, serial, "D1", number, role, size, block, standing);
  }

  private static DriveLabel labelOf(VolumeRole role, Standing standing) {
    return new DriveLabel(
        false, 5, 6, OTHER_LIFE, 0, SERIAL, "D1", 0x10, role, SIZE, 512, standing);
  }

  // ---- drives that are refused ----

  @Test
  void whatTheDiskAdapterRefusesIsRefusedWithTheCure() {
    Start start = new Start(VolumeRole.R1);
    start.isRefused(
        () -> start.finding(null, false, "it carries no Farside label"),
        "it carries no Farside label",
        "Nothing was written to it",
        "Give the volume another drive");
  }

  @Test
  void aDriveOfAnotherCabinetIsRefused() {
    Start start = new Start(VolumeRole.R1);
    start.isRefused(
        () -> start.finding(label("FS-0000B", 0x10, VolumeRole.R1, SIZE, 512)),
        "its label belongs to cabinet FS-0000B, this is FS-0000A",
        "correct the serial in the rig file");
  }

  @ParameterizedTest
  @CsvSource({
    "20, R1, 1048576, 512",
    "16, R2, 1048576, 512",
    "16, R1, 2097152, 512",
    "16, R1, 1048576, 4096"
  })
  void aDriveOfAnotherVolumeIsRefused(int number, VolumeRole role, long size, int block) {
    Start start = new Start(VolumeRole.R1);
    start.isRefused(
        () -> start.finding(label(SERIAL, number, role, size, block)),
        "its label says volume " + Volume.nameOf(number) + ", " + role + ", " + size
            + " bytes in blocks of " + block + "; the rig says 0010, R1, 1048576",
        "Correct the rig file");
  }

  private void findsOneCopyOnly(Start start, DriveLabel label) {
    start.labels.onFound(
        0, new Labels.FoundLabel(label, false, null, "label copy 1, at byte 5, cannot be read"));
    start.iml.step(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = VolumeRole.class,
      names = {"R1", "R2"})
  void aLabelThatMayNotBeTheNewestIsNotBelievedWithoutNvram(VolumeRole role) {
    Start first = new Start(role).findingNewDrive();
    first.volume.begin(Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7));
    DriveLabel old = first.label();

    Start kept = new Start(role);
    findsOneCopyOnly(kept, old);
    assertThat(kept.labels.isWanted(0)).isTrue();
    assertThat(kept.volume.standing().generation()).isEqualTo(7);

    nvram.contents = Contents.LOST;
    Start lost = new Start(role);
    lost.isRefused(
        () -> findsOneCopyOnly(lost, old),
        "label copy 1, at byte 5, cannot be read",
        "it may be the newer one",
        "Nothing was written to it",
        "write 4096 zeroes over that copy");
  }

  @Test
  void aLabelOfALocalVolumeSaysTheSameWhetherItIsTheNewestOrNot() {
    DriveLabel old = new Start(VolumeRole.LOCAL).findingNewDrive().label();
    nvram.contents = Contents.LOST;
    Start lost = new Start(VolumeRole.LOCAL);
    findsOneCopyOnly(lost, old);
    assertThat(lost.labels.isWanted(0)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(VolumeRole.class)
  void aCabinetKilledBeforeTheFirstLabelOfAClearedDriveStartsTheNextTimeAndOnlyThen(
      VolumeRole role) {
    Start killed = new Start(role);
    killed.labels.onFound(0, new Labels.FoundLabel(null, false, null));
    killed.iml.step(1);
    assertThat(killed.labels.isWanted(0)).isTrue();

    Start next = new Start(role).finding(null, false, null);
    assertThat(next.volume.standing().zeroBased()).isFalse();

    Start exchanged = new Start(role);
    exchanged.isRefused(
        () -> exchanged.finding(null, false, null), "it is new, but NVRAM knows volume 0010 on it");
  }

  @ParameterizedTest
  @EnumSource(VolumeRole.class)
  void aCabinetKilledBetweenTheFirstLabelOfAClearedDriveAndItsNvramStartsTheNextTime(
      VolumeRole role) {
    Start killed = new Start(role);
    killed.labels.onFound(0, new Labels.FoundLabel(null, false, null));
    killed.iml.step(1);

    Start next = new Start(role).finding(killed.label());
    assertThat(next.volume.standing().zeroBased()).isFalse();
    assertThat(next.volume.isReady()).isTrue();
  }

  @Test
  void aNewDriveInThePlaceOfAPairedOneIsRefused() {
    Start first = new Start(VolumeRole.R1).findingNewDrive();
    first.volume.begin(
        Standing.fresh(PairState.SYNC_IN_PROG, true).synchronizedAt(0xabcd).alone(0xabce));
    Start second = new Start(VolumeRole.R1);
    second.isRefused(
        second::findingNewDrive,
        "it is new, but NVRAM knows volume 0010 on it",
        "Put the drive back");
  }

  @Test
  void aNewDriveInThePlaceOfALocalOneThatWasInServiceIsRefused() {
    new Start(VolumeRole.LOCAL).findingNewDrive();
    Start second = new Start(VolumeRole.LOCAL);
    second.isRefused(
        second::findingNewDrive, "NVRAM knows volume 0010 on it", "Put the drive back");
  }

  @Test
  void aNewDriveInThePlaceOfAnUnpairedOneThatWasWrittenToIsRefused() {
    Start first = new Start(VolumeRole.R1).findingNewDrive();
    first.volume.table().owed().set(3);
    Start second = new Start(VolumeRole.R1);
    second.isRefused(
        second::findingNewDrive, "NVRAM knows volume 0010 on it", "Put the drive back");
  }

  @ParameterizedTest
  @EnumSource(VolumeRole.class)
  void aNewDriveThatNothingWasWrittenToIsNewAgain(VolumeRole role) {
    Start first = new Start(role);
    first.labels.onFound(0, new Labels.FoundLabel(null, true, null));
    first.iml.step(1);
    // Killed before its label was on the drive.
    Start second = new Start(role).findingNewDrive();
    assertThat(second.volume.isReady()).isTrue();
    assertThat(second.iml.found()).isEqualTo(Contents.KEPT);
  }

  // ---- NVRAM ----

  @Test
  void nvramOfAnotherRigIsRefusedUntouched() {
    new Start(VolumeRole.LOCAL).findingNewDrive();
    byte[] before = image();
    for (long[] size : new long[][] {{2 * SIZE}, {SIZE, SIZE}, {}}) {
      NvramLayout other = new NvramLayout(nvram.sizeBytes(), new int[] {0x10, 0x11}, size);
      assertThatThrownBy(() -> NvramOpening.open(nvram, other, () -> 5))
          .isInstanceOf(CabinetRefused.class)
          .hasMessageContaining("NVRAM was laid out for other volumes")
          .hasMessageContaining("Put the rig file back as it was");
    }
    assertThat(image()).isEqualTo(before);
  }

  @Test
  void nvramThatWasLostBeginsANewLifeAndSaysSo() {
    Start first = new Start(VolumeRole.LOCAL).findingNewDrive();
    first.memory.table(0).owed().set(3);
    DriveLabel label = first.label();
    nvram.contents = Contents.LOST;
    Start second = new Start(VolumeRole.LOCAL).finding(label);
    assertThat(second.told).contains(EventCode.NVRAM_LOST.number());
    assertThat(second.memory.incarnation()).isNotEqualTo(label.incarnation());
    assertThat(second.memory.table(0).owed().count()).isZero();
    assertThat(second.volume.isReady()).isTrue();
  }

  @Test
  void nvramThatCameBackFromItsLogIsBelievedAndSaysSo() {
    Start first = new Start(VolumeRole.LOCAL).findingNewDrive();
    first.memory.table(0).owed().set(3);
    DriveLabel label = first.label();
    nvram.contents = Contents.REBUILT;
    Start second = new Start(VolumeRole.LOCAL).finding(label);
    assertThat(second.told).contains(EventCode.NVRAM_REBUILT.number());
    assertThat(second.told).doesNotContain(EventCode.NVRAM_LOST.number());
    assertThat(second.memory.incarnation()).isEqualTo(label.incarnation());
    assertThat(second.memory.table(0).owed().count()).isEqualTo(1);
  }

  @Test
  void nvramOfWhichRecordsCameBackFromTheLogIsBelievedAndSaysSo() {
    DriveLabel label = new Start(VolumeRole.LOCAL).findingNewDrive().label();
    nvram.contents = Contents.MENDED;
    Start second = new Start(VolumeRole.LOCAL).finding(label);
    assertThat(second.told).contains(EventCode.NVRAM_MENDED.number());
    assertThat(second.memory.incarnation()).isEqualTo(label.incarnation());
  }

  @Test
  void aLogThatCouldNotHelpIsTold() {
    new Start(VolumeRole.LOCAL).findingNewDrive();
    nvram.contents = Contents.LOST;
    nvram.lossReason = "part 7 is damaged";
    Start second = new Start(VolumeRole.LOCAL);
    assertThat(second.told)
        .contains(EventCode.NVRAM_LOG_UNUSABLE.number(), EventCode.NVRAM_LOST.number());
  }

  @Test
  void nvramWhoseFormattingWasCutShortBeginsAnew() {
    long life = new Start(VolumeRole.LOCAL).findingNewDrive().memory.incarnation();
    nvram.putLong(NvramLayout.MAGIC_OFFSET, 0);
    Start second = new Start(VolumeRole.LOCAL);
    assertThat(second.iml.found()).isEqualTo(Contents.BLANK);
    assertThat(second.memory.incarnation()).isNotEqualTo(life);
  }

  @Test
  void aLabelOfThisLifeIsFollowedByWhatNvramSays() {
    Start first = new Start(VolumeRole.R1).findingNewDrive();
    DriveLabel old = first.label();
    Standing cut =
        Standing.fresh(PairState.SYNC_IN_PROG, true).synchronizedAt(1).alone(2);
    first.volume.begin(cut);
    Start second = new Start(VolumeRole.R1).finding(old);
    assertThat(second.volume.standing()).isEqualTo(cut);
  }

  // ---- what a label says when NVRAM is lost ----

  @ParameterizedTest
  @CsvSource({
    "R1, SYNCHRONIZED,   RESTORING,    16, false",
    "R1, SYNC_FINISHING, RESTORING,     0, false",
    "R1, RESTORING,      RESTORING,     0, false",
    "R1, SYNC_IN_PROG,   SUSPENDED,    16, true",
    "R1, SUSPENDED,      SUSPENDED,    16, true",
    "R1, CONFLICT,       CONFLICT,     16, true",
    "R1, UNPAIRED,       UNPAIRED,      0, true",
    "R2, UNPAIRED,       UNPAIRED,      0, true",
    "R2, SYNCHRONIZED,   SYNC_IN_PROG,  0, true",
    "LOCAL, NOT_MIRRORED, NOT_MIRRORED, 0, true"
  })
  void theLabelDecidesWhenNvramIsLost(
      VolumeRole role, PairState onLabel, PairState becomes, int owedTracks, boolean ready) {
    Standing standing = Standing.fresh(onLabel, false);
    Start start = new Start(role).finding(labelOf(role, standing));
    assertThat(start.volume.pairState()).isEqualTo(becomes);
    assertThat(start.volume.isReady()).isEqualTo(ready);
    if (becomes != PairState.RESTORING) {
      assertThat(start.volume.table().owed().count()).isEqualTo(owedTracks);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SYNC_FINISHING", "SYNC_IN_PROG", "SUSPENDED", "RESTORING", "CONFLICT"})
  void aSourceWhoseDriveIsBehindItsPeersWaitsForThePeerWhenNvramIsLost(PairState onLabel) {
    Standing standing = Standing.fresh(PairState.UNPAIRED, false)
        .synchronizedAt(7)
        .alone(8)
        .lagging(true)
        .with(onLabel);
    Start start = new Start(VolumeRole.R1).finding(labelOf(VolumeRole.R1, standing));
    assertThat(start.volume.pairState()).isEqualTo(PairState.RESTORING);
    assertThat(start.volume.standing().behind()).isTrue();
    assertThat(start.volume.isReady()).isFalse();
  }

  @Test
  void aTargetWhoseDriveHasAllThatWasAcknowledgedIsStillWholeWhenNvramIsLost() {
    Standing standing =
        Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7).storing(true);
    Start start = new Start(VolumeRole.R2).finding(labelOf(VolumeRole.R2, standing));
    assertThat(start.volume.standing()).isEqualTo(standing);
    // What its source may lack is not known: any track.
    assertThat(start.volume.table().pending().count()).isEqualTo(16);
    Start copied = new Start(VolumeRole.R2).finding(labelOf(VolumeRole.R2, standing.receiving()));
    // What came over it is newer, so all of it, or something newer, is still there.
    assertThat(copied.volume.standing()).isEqualTo(standing.receiving());
    assertThat(copied.volume.standing().stored()).isTrue();
  }

  @Test
  void aTargetWhoseDriveMayLackWhatWasAcknowledgedIsNoBaseOfAnythingWhenNvramIsLost() {
    Standing standing = Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);
    Start start = new Start(VolumeRole.R2).finding(labelOf(VolumeRole.R2, standing));
    assertThat(start.volume.standing().inconsistent()).isTrue();
    assertThat(start.volume.standing().stored()).isFalse();
  }

  // ---- damaged records ----

  private void writeAndDamage(Start start) {
    WriteRecords records = start.memory.records();
    int record = records.reserve(1, start.volume.role() == VolumeRole.R2, 0);
    records.commit(
        record,
        0,
        3L * BlockMask.TRACK_BYTES,
        4096,
        1,
        false,
        true,
        false,
        Memory.crc32c(records.addressOf(record), 4096),
        false,
        false,
        WriteRecords.NONE,
        0);
    Memory.putByte(records.addressOf(record) + 9, (byte) 1);
  }

  @Test
  void aDamagedRecordOfASourceIsOwed() {
    Start first = new Start(VolumeRole.R1).findingNewDrive();
    DriveLabel label = first.label();
    writeAndDamage(first);
    Start second = new Start(VolumeRole.R1).finding(label);
    assertThat(second.told).contains(EventCode.RECORD_CRC_BAD.number());
    assertThat(second.volume.table().owed().isSet(3)).isTrue();
    assertThat(second.memory.records().liveRecords()).isZero();
  }

  @Test
  void aTargetWithADamagedRecordForgetsThatItWasPaired() {
    Start first = new Start(VolumeRole.R2).findingNewDrive();
    first.volume.begin(Standing.fresh(PairState.SYNC_IN_PROG, true).synchronizedAt(1));
    DriveLabel label = first.label();
    writeAndDamage(first);
    Start second = new Start(VolumeRole.R2).finding(label);
    assertThat(second.told).contains(EventCode.RECORD_CRC_BAD.number());
    assertThat(second.volume.standing()).isEqualTo(Standing.fresh(PairState.UNPAIRED, false));
  }
}
