package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.director.Director;
import farside.director.EventCode;
import farside.director.MachineCheck;
import farside.protocol.session.PairOrderCode;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import org.junit.jupiter.api.Test;

/// Two remote adapters on one line; drives are played by the test.
class SessionTest {
  private static final long MS = RemoteBench.MS;
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private final MemoryLine[] line = MemoryLine.pair();
  private RemoteBench source;
  private RemoteBench target;
  private RemoteAdapter a;
  private RemoteAdapter b;
  private long nowNs = 1;
  private boolean drivesOfSourceWork;
  private boolean drivesOfTargetWork;
  private int stuckDriveOfSource = -1;

  SessionTest() {
    useGroups("G");
  }

  private void useGroups(String... groups) {
    source = new RemoteBench(VolumeRole.R1, groups);
    target = new RemoteBench(VolumeRole.R2, groups);
    a = source.adapter(line[0], "AAA", "BBB");
    b = target.adapter(line[1], "BBB", "AAA");
  }

  private void start(Standing first, Standing second) {
    source.begin(first);
    target.begin(second);
    a.start(nowNs);
    b.start(nowNs);
  }

  private int round() {
    source.events.setNow(nowNs);
    target.events.setNow(nowNs);
    int done = a.doWork(nowNs) + b.doWork(nowNs);
    source.stage(true);
    target.stage(true);
    for (int drive = 0; drive < source.labels.driveCount(); drive++) {
      if (drive != stuckDriveOfSource) {
        source.labelDurable(drive);
      }
      target.labelDurable(drive);
      if (drivesOfSourceWork && drive != stuckDriveOfSource) {
        source.destage(drive);
      }
      if (drivesOfTargetWork) {
        target.destage(drive);
      }
    }
    return done;
  }

  private void settle() {
    for (int i = 0; round() > 0; i++) {
      if (i > 1000) {
        throw new AssertionError("the adapters never rest");
      }
    }
  }

  /// Runs by deadlines, as the processor does.
  private void runFor(long ns) {
    long endNs = nowNs + ns;
    settle();
    while (true) {
      long deadlineNs = Director.sooner(a.nextDeadlineNs(), b.nextDeadlineNs());
      if (deadlineNs == Director.NO_DEADLINE || deadlineNs - endNs > 0) {
        break;
      }
      assertThat(deadlineNs).as("a deadline that has passed").isGreaterThan(nowNs);
      nowNs = deadlineNs;
      settle();
    }
    nowNs = endNs;
    settle();
  }

  @Test
  void twoEqualMirrorsResumeAndAWriteIsReleasedWhenThePeerHasIt() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(b.sessionState()).isEqualTo(SessionState.READY);
    int record = source.write(0, 0, true, true, nowNs);
    assertThat(source.records.isReleased(record)).isFalse();
    runFor(10 * MS);
    assertThat(source.records.isReleased(record)).isTrue();
    assertThat(target.records.liveRecords()).isEqualTo(1);
    assertThat(target.volumes.get(0).table().pending().isSet(0)).isTrue();
  }

  @Test
  void aWriteThatIsNotNewerThanAllThatCameIsNotTakenAndEverythingIsCopied() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    source.write(0, 0, true, true, nowNs);
    runFor(100 * MS);
    source.drives[0][77_777] = 9;
    target.sendsZeroes(b, target.memory.peerReceived());
    assertThat(target.records.liveRecords()).isEqualTo(1);
    assertThat(target.told).contains(EventCode.WRITE_OUT_OF_ORDER.number());
    drivesOfSourceWork = true;
    drivesOfTargetWork = true;
    runFor(5_000 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.drives[0]).isEqualTo(source.drives[0]);
  }

  @Test
  void aCabinetStopsBeforeItSendsAWriteOutOfOrder() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    source.write(0, 0, true, true, nowNs);
    source.write(0, 1, true, true, nowNs);
    source.records.toSend().addInt(source.records.toSend().pollInt());
    assertThatThrownBy(this::settle)
        .isInstanceOf(MachineCheck.class)
        .hasMessageContaining("was to be sent as write");
  }

  @Test
  void aGreetingThatIsLostDelaysTheSessionByATenthOfASecondAndNotByTheLinkTimeout() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    // Whoever opens first has just sent the greeting that would let the other open too.
    for (int i = 0; i < 10 && !a.sessionState().isUp() && !b.sessionState().isUp(); i++) {
      a.doWork(nowNs);
      if (a.sessionState().isUp()) {
        line[1].loseAll();
        break;
      }
      b.doWork(nowNs);
      if (b.sessionState().isUp()) {
        line[0].loseAll();
      }
    }
    assertThat(a.sessionState().isUp() && b.sessionState().isUp()).isFalse();
    runFor(400 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(b.sessionState()).isEqualTo(SessionState.READY);
  }

  @Test
  void aFirstPairingOfNewDrivesEndsSynchronized() {
    start(Standing.fresh(PairState.UNPAIRED, true), Standing.fresh(PairState.UNPAIRED, true));
    runFor(200 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).standing().generation())
        .isEqualTo(source.volumes.get(0).standing().generation());
  }

  @Test
  void aFirstPairingOfUsedDrivesCopiesEveryTrack() {
    start(Standing.fresh(PairState.UNPAIRED, false), Standing.fresh(PairState.UNPAIRED, false));
    runFor(500 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(0).table().owed().count()).isZero();
    assertThat(source.volumes.get(0).table().pending().count()).isEqualTo(RemoteBench.TRACKS);
    assertThat(target.records.liveRecords()).isGreaterThanOrEqualTo(RemoteBench.TRACKS);
  }

  @Test
  void aSilentPeerHasTheGroupCutAtTheLinkTimeoutAndNotBefore() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    int record = source.write(0, 0, true, true, nowNs);
    long sinceNs = nowNs;
    while (nowNs - sinceNs < 2_900 * MS) {
      nowNs += 100 * MS;
      a.doWork(nowNs);
      line[1].loseAll();
      source.labelDurable(0);
    }
    assertThat(source.records.isReleased(record)).isFalse();
    for (int i = 0; i < 3; i++) {
      nowNs += 100 * MS;
      a.doWork(nowNs);
      source.labelDurable(0);
    }
    a.doWork(nowNs);
    assertThat(source.records.isReleased(record)).isTrue();
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SUSPENDED);
    assertThat(source.volumes.get(0).table().owed().isSet(0)).isTrue();
    runFor(2_000 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void aGroupThatIsCutDoesNotTakeTheOtherWithIt() {
    useGroups("G", "H");
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    source.write(0, 0, true, true, nowNs);
    while (source.volumes.get(0).pairState() == PairState.SYNCHRONIZED) {
      assertThat(nowNs).as("time, and no cut").isLessThan(5_000 * MS);
      nowNs += 100 * MS;
      a.doWork(nowNs);
      line[1].loseAll();
    }
    assertThat(source.volumes.get(1).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(1).standing().generation()).isEqualTo(7);
    runFor(2_000 * MS);
    for (int i = 0; i < 2; i++) {
      assertThat(source.volumes.get(i).pairState()).isEqualTo(PairState.SYNCHRONIZED);
      assertThat(target.volumes.get(i).pairState()).isEqualTo(PairState.SYNCHRONIZED);
      assertThat(target.volumes.get(i).standing().generation())
          .isEqualTo(source.volumes.get(i).standing().generation());
    }
  }

  @Test
  void aSourceWhoseDriveDoesNotTakeItsLabelGoesOnAndIsMirroredAgain() {
    useGroups("G", "G");
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    stuckDriveOfSource = 0;
    line[0].carrier = false;
    line[1].carrier = false;
    int first = source.write(0, 0, true, true, nowNs);
    int second = source.write(1, 0, true, true, nowNs);
    runFor(4_000 * MS);
    assertThat(source.records.isReleased(first) || source.records.isReleased(second))
        .isFalse();
    line[0].carrier = true;
    line[1].carrier = true;
    nowNs += MS;
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    for (Volume volume : target.volumes.list()) {
      // Nothing was ordered yet.
      assertThat(volume.pairState()).isEqualTo(PairState.SYNCHRONIZED);
    }
    assertThat(source.records.isReleased(first) || source.records.isReleased(second))
        .isFalse();
    source.labels.onFailed(0);
    source.labels.onFailed(0);
    nowNs += MS;
    runFor(1_000 * MS);
    assertThat(source.records.isReleased(first) && source.records.isReleased(second))
        .isTrue();
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(source.volumes.get(1).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    int third = source.write(0, 128, true, true, nowNs);
    runFor(100 * MS);
    assertThat(source.records.isReleased(third)).isTrue();
    stuckDriveOfSource = -1;
    runFor(1_000 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void aTargetThatRefusesTheEndOfACopyHasTheGroupCutAndStopsNobody() {
    start(Standing.fresh(PairState.UNPAIRED, true), Standing.fresh(PairState.UNPAIRED, true));
    while (source.volumes.get(0).pairState() != PairState.SYNC_FINISHING) {
      assertThat(nowNs).as("time, and no end offered").isLessThan(2_000 * MS);
      nowNs += MS;
      round();
    }
    Standing offered = source.volumes.get(0).standing();
    source.refuses(a, PairOrderCode.COMPLETE);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SUSPENDED);
    assertThat(source.volumes.get(0).standing().generation()).isNotEqualTo(offered.generation());
    runFor(2_000 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void aRecordStaysWhereItIsUntilTheLinkHasReadItWhateverBecomesOfIt() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    line[0].queues = true;
    source.write(0, 0, true, true, nowNs);
    a.doWork(nowNs);
    line[0].carrier = false;
    drivesOfSourceWork = true;
    runFor(4_000 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SUSPENDED);
    // Neither mirror waits for it any more, but the link may still read from its frames.
    assertThat(source.records.localHeadOf(0)).isEqualTo(-1);
    assertThat(source.records.remoteHeadOf(0)).isEqualTo(-1);
    assertThat(source.records.liveRecords()).isEqualTo(1);
    line[0].sendQueued();
    assertThat(source.records.liveRecords()).isZero();
  }

  @Test
  void aPairOverALinkThatQueuesIsMirroredAndCopiedAsOverAnyOther() {
    start(Standing.fresh(PairState.UNPAIRED, false), Standing.fresh(PairState.UNPAIRED, false));
    line[0].queues = true;
    line[1].queues = true;
    drivesOfSourceWork = true;
    drivesOfTargetWork = true;
    source.write(0, 0, false, false, nowNs);
    for (int i = 0; i < 500; i++) {
      nowNs += MS;
      round();
      line[0].sendQueued();
      line[1].sendQueued();
      if (i == 400) {
        source.write(0, 128, true, true, nowNs);
      }
    }
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0][0]).isEqualTo((byte) 5);
    assertThat(source.drives[0][65_536]).isEqualTo((byte) 5);
    assertThat(target.drives[0]).isEqualTo(source.drives[0]);
    assertThat(source.records.liveRecords() + target.records.liveRecords()).isZero();
  }

  @Test
  void aWatermarkThatIsLostIsToldAgainAlsoWhileOtherVolumesKeepTheLineBusy() {
    useGroups("G", "H");
    start(SYNCHRONIZED, SYNCHRONIZED);
    drivesOfSourceWork = true;
    source.write(0, 0, true, true, nowNs);
    runFor(100 * MS);
    drivesOfTargetWork = true;
    target.destage(0);
    nowNs += 10 * MS;
    b.doWork(nowNs);
    line[0].loseAll();
    for (int i = 0; i < 10; i++) {
      source.write(1, 0, true, true, nowNs);
      runFor(100 * MS);
    }
    assertThat(source.records.remoteHeadOf(0)).isEqualTo(-1);
    assertThat(source.volumes.get(0).table().pending().count()).isZero();
  }

  @Test
  void aTargetWithoutItsPeerSaysThatItMayBeStale() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    line[1].carrier = false;
    line[0].carrier = false;
    runFor(2_900 * MS);
    assertThat(target.volumes.get(0).standing().staleSinceMs()).isZero();
    runFor(200 * MS);
    assertThat(target.volumes.get(0).standing().staleSinceMs()).isNotZero();
    line[1].carrier = true;
    line[0].carrier = true;
    nowNs += MS;
    runFor(500 * MS);
    assertThat(target.volumes.get(0).standing().staleSinceMs()).isZero();
  }

  /// A source whose IML found that a record of track 2 is damaged, which the peer has; it has
  /// also a record of track 1 that the peer never received, and one of track 3 that it did.
  private void startRestoring() {
    target.records.release(target.write(0, 2 * 128, false, false, nowNs));
    target.volumes.get(0).table().setPending(2, 1);
    source.begin(SYNCHRONIZED.with(PairState.RESTORING));
    target.begin(SYNCHRONIZED);
    source.volumes.get(0).setNotReady("test");
    source.memory.numbers().next();
    source.write(0, 3 * 128, true, true, nowNs);
    target.write(0, 3 * 128, false, false, nowNs);
    target.volumes.get(0).table().setPending(3, 2);
    target.memory.setPeerReceived(2);
    source.write(0, 128, true, true, nowNs);
    a.start(nowNs);
    b.start(nowNs);
  }

  @Test
  void aSourceThatLostARecordTakesItsTrackBackFromThePeerBeforeItServesHosts() {
    startRestoring();
    drivesOfTargetWork = true;
    runFor(500 * MS);
    assertThat(source.volumes.get(0).isReady()).isFalse();
    drivesOfSourceWork = true;
    runFor(500 * MS);
    Volume volume = source.volumes.get(0);
    assertThat(volume.isReady()).isTrue();
    assertThat(volume.pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(volume.standing().generation()).isEqualTo(7);
    assertThat(source.drives[0][2 * 65_536]).isEqualTo((byte) 5);
    // Nobody was told of what the peer had not received: it is on neither side.
    assertThat(source.drives[0][65_536]).isZero();
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
    assertThat(source.records.liveRecords() + target.records.liveRecords()).isZero();
    assertThat(target.volumes.get(0).table().pending().count()).isZero();
    assertThat(target.volumes.get(0).table().owed().count()).isZero();
    int record = source.write(0, 0, true, true, nowNs);
    runFor(10 * MS);
    assertThat(source.records.isReleased(record)).isTrue();
    assertThat(target.drives[0][0]).isEqualTo((byte) 5);
  }

  @Test
  void aRestoreThatTheLinkBreaksOffBeginsAgain() {
    startRestoring();
    drivesOfTargetWork = true;
    drivesOfSourceWork = true;
    while (source.records.incomingFramesFree() == source.records.incomingFramesMax()) {
      assertThat(nowNs).as("time, and nothing came back").isLessThan(2_000 * MS);
      nowNs += MS;
      a.doWork(nowNs);
      b.doWork(nowNs);
      target.stage(true);
      target.destage(0);
    }
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(100 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.RESTORING);
    line[0].carrier = true;
    line[1].carrier = true;
    nowNs += MS;
    runFor(500 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0][2 * 65_536]).isEqualTo((byte) 5);
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
  }

  @Test
  void aTargetThatNeverHearsOfTheEndOfARestoreOwesNothingWhenThePairIsResumed() {
    startRestoring();
    drivesOfTargetWork = true;
    drivesOfSourceWork = true;
    while (source.volumes.get(0).pairState() != PairState.SYNCHRONIZED) {
      assertThat(nowNs).as("time, and nothing is restored").isLessThan(2_000 * MS);
      nowNs += MS;
      b.doWork(nowNs);
      target.stage(true);
      target.destage(0);
      source.destage(0);
      a.doWork(nowNs);
    }
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(100 * MS);
    assertThat(target.volumes.get(0).table().owed().count()).isPositive();
    line[0].carrier = true;
    line[1].carrier = true;
    nowNs += MS;
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(target.volumes.get(0).table().owed().count()).isZero();
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
  }

  /// Takes back what the peer has, under numbers of the peer's that are far above its own, and
  /// makes none of it stable.
  private void takeBackUnderHighNumbersOfThePeer() {
    target.memory.numbers().skipTo(1_000_000_000_000L);
    source.memory.setPeerReceived(1_000_000_000_000L);
    startRestoring();
    drivesOfTargetWork = true;
    runFor(500 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.RESTORING);
    assertThat(source.records.incomingFramesFree()).isLessThan(source.records.incomingFramesMax());
  }

  @Test
  void aFlushIsNotAnsweredForWhatWasTakenBackWhenTheDriveLacksWhatWasWrittenSince() {
    takeBackUnderHighNumbersOfThePeer();
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(100 * MS);
    // The peer cannot go on giving back: the source goes on with what it has, and hosts write.
    Volume atTarget = target.volumes.get(0);
    atTarget.become(atTarget.standing().receiving(), "test");
    line[0].carrier = true;
    line[1].carrier = true;
    nowNs += MS;
    runFor(500 * MS);
    assertThat(source.volumes.get(0).isReady()).isTrue();
    int record = source.write(0, 0, false, false, nowNs);
    long flushed = source.records.highestAnswerable(0);
    assertThat(flushed).isEqualTo(source.records.numberOf(record));
    assertThat(source.records.isStableUpTo(0, flushed)).isFalse();
    source.destage(0);
    assertThat(source.records.isStableUpTo(0, flushed)).isTrue();
  }

  @Test
  void afterARestoreNeitherWatermarksNorFlushesSpeakOfNumbersThatThisCabinetHasNotGiven() {
    takeBackUnderHighNumbersOfThePeer();
    drivesOfSourceWork = true;
    runFor(500 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    long last = source.memory.numbers().last();
    assertThat(source.records.highestNumber(0)).isLessThanOrEqualTo(last);
    assertThat(source.records.highestAnswerable(0)).isLessThanOrEqualTo(last);
    assertThat(source.memory.peerReceived()).isGreaterThan(last);
  }

  @Test
  void aTargetSaysThatItHasGivenAllBackOnlyWhenItsOwnDriveHasAllOfIt() {
    startRestoring();
    drivesOfSourceWork = true;
    runFor(1_000 * MS);
    // Were the target to lose its NVRAM now, nobody would know what it lacks.
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.RESTORING);
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void aSourceThatLostARecordWhileThePeersImageIsOfNoUseGoesOnWithWhatItHas() {
    source.begin(SYNCHRONIZED.with(PairState.RESTORING));
    source.volumes.get(0).setNotReady("test");
    source.write(0, 128, true, true, nowNs);
    target.begin(SYNCHRONIZED.receiving());
    a.start(nowNs);
    b.start(nowNs);
    drivesOfSourceWork = true;
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(source.volumes.get(0).isReady()).isTrue();
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0][65_536]).isEqualTo((byte) 5);
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
    assertThat(source.records.liveRecords() + target.records.liveRecords()).isZero();
  }

  @Test
  void aCabinetThatLeavesTakesNothingMore() {
    start(SYNCHRONIZED, SYNCHRONIZED);
    runFor(100 * MS);
    b.leave();
    source.write(0, 0, true, true, nowNs);
    for (int i = 0; i < 20; i++) {
      round();
    }
    assertThat(target.records.liveRecords()).isZero();
    assertThat(b.sessionState()).isEqualTo(SessionState.OFFLINE);
  }
}
