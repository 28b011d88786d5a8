package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.fixture.NvramInMemory;
import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import org.junit.jupiter.api.Test;

class GroupCutTest {
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private static GroupCut cutOf(RemoteBench bench) {
    return new GroupCut(bench.memory, bench.volumes, bench.labels, bench::nextRandom, bench.events);
  }

  @Test
  void allVolumesOfTheGroupGoAloneUnderOneNewGenerationAndOwesWhatThePeerMayLack() {
    RemoteBench bench = new RemoteBench(VolumeRole.R1, "G", "G", "H");
    bench.begin(SYNCHRONIZED);
    bench.write(0, 128, true, true, 0);
    cutOf(bench).cut("G", "test");
    Volume first = bench.volumes.get(0);
    Volume second = bench.volumes.get(1);
    assertThat(first.pairState()).isEqualTo(PairState.SUSPENDED);
    assertThat(second.standing().generation())
        .isEqualTo(first.standing().generation())
        .isNotEqualTo(7);
    assertThat(first.standing().base()).isEqualTo(7);
    assertThat(bench.volumes.get(2).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(first.table().owed().isSet(1)).isTrue();
    assertThat(first.table().owed().count()).isEqualTo(1);
    assertThat(bench.records.remoteHeadOf(0)).isEqualTo(-1);
  }

  @Test
  void writesAreReleasedOnlyWhenEveryLabelOfTheGroupIsDurable() {
    RemoteBench bench = new RemoteBench(VolumeRole.R1, "G", "G");
    bench.begin(SYNCHRONIZED);
    int record = bench.write(0, 0, true, true, 0);
    GroupCut cut = cutOf(bench);
    cut.cut("G", "test");
    bench.labelDurable(0);
    cut.finish();
    assertThat(bench.records.isReleased(record)).isFalse();
    bench.labelDurable(1);
    cut.finish();
    assertThat(bench.records.isReleased(record)).isTrue();
    assertThat(bench.volumes.get(0).isHeld()).isFalse();
  }

  @Test
  void aDriveThatDoesNotTakeItsLabelWhenTriedAgainIsNotWaitedFor() {
    RemoteBench bench = new RemoteBench(VolumeRole.R1, "G", "G");
    bench.begin(SYNCHRONIZED);
    int ofTheDrive = bench.write(0, 0, true, true, 0);
    int ofTheOther = bench.write(1, 0, true, true, 0);
    GroupCut cut = cutOf(bench);
    cut.cut("G", "test");
    bench.labelDurable(1);
    bench.labels.onFailed(0);
    cut.finish();
    assertThat(bench.records.isReleased(ofTheOther)).isFalse();
    bench.labels.onFailed(0);
    cut.finish();
    assertThat(bench.records.isReleased(ofTheDrive)).isTrue();
    assertThat(bench.records.isReleased(ofTheOther)).isTrue();
  }

  @Test
  void aLabelThatCannotBeWrittenHoldsItsOwnGroupOnly() {
    RemoteBench bench = new RemoteBench(VolumeRole.R1, "G", "H");
    bench.begin(SYNCHRONIZED);
    int stuck = bench.write(0, 0, true, true, 0);
    int free = bench.write(1, 0, true, true, 0);
    GroupCut cut = cutOf(bench);
    cut.cut("G", "test");
    cut.cut("H", "test");
    bench.labelDurable(1);
    cut.finish();
    assertThat(bench.records.isReleased(free)).isTrue();
    assertThat(bench.records.isReleased(stuck)).isFalse();
  }

  @Test
  void withAckStoredTheLabelSaysThatTheDriveIsBehindUntilItHasWhatWasThereAtTheCut() {
    RemoteBench bench =
        new RemoteBench(new NvramInMemory(1 << 21), AckMode.STORED, VolumeRole.R1, "G", "G");
    bench.begin(SYNCHRONIZED);
    bench.write(0, 0, true, true, 0);
    GroupCut cut = cutOf(bench);
    cut.cut("G", "test");
    Volume lacking = bench.volumes.get(0);
    Volume whole = bench.volumes.get(1);
    assertThat(lacking.standing().behind()).isTrue();
    assertThat(whole.standing().behind()).isFalse();
    bench.labelDurable(0);
    bench.labelDurable(1);
    cut.finish();
    bench.write(0, 1, true, false, 0);
    assertThat(cut.catchUp()).isZero();

    bench.destageFirst(0);
    assertThat(cut.catchUp()).isEqualTo(1);
    assertThat(lacking.standing().behind()).isFalse();
    assertThat(lacking.pairState()).isEqualTo(PairState.SUSPENDED);
    assertThat(bench.labels.isWanted(lacking.driveIndex())).isTrue();
    assertThat(bench.records.localHeadOf(0)).as("what came since").isNotEqualTo(-1);
    assertThat(cut.catchUp()).isZero();
  }

  @Test
  void withAckReceivedNoDriveIsBehindSinceThePeersMayHaveNoMore() {
    RemoteBench bench = new RemoteBench(VolumeRole.R1, "G");
    bench.begin(SYNCHRONIZED);
    bench.write(0, 0, true, true, 0);
    cutOf(bench).cut("G", "test");
    assertThat(bench.volumes.get(0).standing().behind()).isFalse();
  }

  @Test
  void aDriveThatWasBehindBeforeARestartHasCaughtUpWhenItHasAllThatWasFound() {
    RemoteBench before =
        new RemoteBench(new NvramInMemory(1 << 21), AckMode.STORED, VolumeRole.R1, "G");
    before.begin(SYNCHRONIZED.alone(8).lagging(true));
    before.write(0, 0, true, false, 0);
    before.write(0, 1, true, false, 0);
    RemoteBench bench = new RemoteBench(before.nvram, AckMode.STORED, VolumeRole.R1, "G");
    bench.recover();
    GroupCut cut = cutOf(bench);
    cut.takeUpAfterIml();
    bench.labelDurable(0);
    cut.finish();
    bench.destageFirst(0);
    cut.catchUp();
    assertThat(bench.volumes.get(0).standing().behind()).isTrue();
    bench.destageFirst(0);
    cut.catchUp();
    assertThat(bench.volumes.get(0).standing().behind()).isFalse();
  }

  @Test
  void aPeerThatLostItsMemoryIsSentAgainWhatTheOwnDriveLacksThoughItsDriveHasIt() {
    RemoteBench bench = new RemoteBench(VolumeRole.R1, "G");
    bench.begin(SYNCHRONIZED);
    int record = bench.write(0, 128, true, true, 0);
    bench.records.clearRemotePending(record);
    Volume volume = bench.volumes.get(0);
    assertThat(volume.table().pending().count()).isZero();

    cutOf(bench).onPeerMemoryLost();

    // Only so does the peer know again that this cabinet's memory is the one place here.
    assertThat(volume.table().owed().isSet(1)).isTrue();
    assertThat(volume.table().owed().count()).isEqualTo(1);
  }

  @Test
  void recordsOfACopyThatARestartBrokeOffAreReleased() {
    RemoteBench before = new RemoteBench(VolumeRole.R1, "G");
    before.begin(Standing.fresh(PairState.UNPAIRED, false)
        .synchronizedAt(7)
        .alone(8)
        .with(PairState.SYNC_IN_PROG));
    before.write(0, 128, true, false, 0);
    RemoteBench bench = new RemoteBench(before.nvram, VolumeRole.R1, "G");
    bench.recover();
    int record = bench.records.localHeadOf(0);
    assertThat(bench.records.isReleased(record)).isFalse();
    RemoteAdapter adapter = bench.adapter(MemoryLine.pair()[0], "AAA", "BBB");
    adapter.start(0);
    bench.labelDurable(0);
    adapter.doWork(1);
    assertThat(bench.records.isReleased(record)).isTrue();
    assertThat(bench.volumes.get(0).table().owed().isSet(1)).isTrue();
    assertThat(bench.volumes.get(0).pairState()).isEqualTo(PairState.SUSPENDED);
  }
}
