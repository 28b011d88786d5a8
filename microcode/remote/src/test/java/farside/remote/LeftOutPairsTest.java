package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.WriteRecords;
import farside.director.EventCode;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Two cabinets on one line; some drives of the target take nothing. Drives are played by the
/// test.
class LeftOutPairsTest {
  private static final long MS = RemoteBench.MS;
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private final MemoryLine[] line = MemoryLine.pair();
  private final BitSet stuck = new BitSet();
  private final BitSet labelsThatWait = new BitSet();
  private final BitSet farLabelsThatWait = new BitSet();
  private RemoteBench source;
  private RemoteBench target;
  private RemoteAdapter a;
  private RemoteAdapter b;
  private long nowNs = 1;

  private void start(Standing first, Standing second, String... groups) {
    source = new RemoteBench(VolumeRole.R1, groups);
    target = new RemoteBench(VolumeRole.R2, groups);
    a = source.adapter(line[0], "AAA", "BBB");
    b = target.adapter(line[1], "BBB", "AAA");
    source.begin(first);
    target.begin(second);
    a.start(nowNs);
    b.start(nowNs);
    runFor(100 * MS);
  }

  private void start(String... groups) {
    start(SYNCHRONIZED, SYNCHRONIZED, groups);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
  }

  private void runFor(long ns) {
    for (long endNs = nowNs + ns; nowNs - endNs < 0; nowNs += MS) {
      source.events.setNow(nowNs);
      target.events.setNow(nowNs);
      int rounds = 0;
      while (a.doWork(nowNs) + b.doWork(nowNs) + playDrives() > 0) {
        assertThat(++rounds).as("rounds in one instant").isLessThan(1000);
      }
    }
  }

  private int playDrives() {
    int work = 0;
    for (int drive = 0; drive < source.labels.driveCount(); drive++) {
      if (!labelsThatWait.get(drive)) {
        source.labelDurable(drive);
      }
      work += source.destage(drive);
      if (!stuck.get(drive)) {
        if (!farLabelsThatWait.get(drive)) {
          target.labelDurable(drive);
        }
        work += target.destage(drive);
      }
    }
    source.stage(true);
    target.stage(true);
    return work;
  }

  /// Nothing comes back of the target's drive any more.
  private void hang(int drive) {
    stuck.set(drive);
    target.labels.setInDoubt(drive, true);
  }

  private void free(int drive) {
    stuck.clear(drive);
    target.labels.setInDoubt(drive, false);
  }

  private PairState pair(int volume) {
    return source.volumes.get(volume).pairState();
  }

  private long count(RemoteBench site, EventCode code) {
    return site.told.stream().filter(number -> number == code.number()).count();
  }

  private int writeAndRelease(int volume, int block) {
    int record = source.write(volume, block, true, true, nowNs);
    runFor(20 * MS);
    return record;
  }

  private void everythingIsEqual() {
    for (Volume volume : source.volumes.list()) {
      int index = volume.index();
      assertThat(volume.pairState()).isEqualTo(PairState.SYNCHRONIZED);
      assertThat(target.volumes.get(index).pairState()).isEqualTo(PairState.SYNCHRONIZED);
      assertThat(target.volumes.get(index).standing().generation())
          .isEqualTo(volume.standing().generation());
      assertThat(target.volumes.get(index).standing().staleSinceMs()).isZero();
      assertThat(target.drives[index]).isEqualTo(source.drives[index]);
      assertThat(volume.table().owed().count()).isZero();
    }
    assertThat(source.records.liveRecords() + target.records.liveRecords()).isZero();
  }

  @Test
  void aTargetWhoseDriveIsInDoubtIsLeftOutAndTheOthersGoOnInTheSameSession() {
    start("G", "H");
    writeAndRelease(0, 0);
    long sessions = count(source, EventCode.SESSION_STATE);
    hang(0);
    runFor(10 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(0).standing().generation()).isNotEqualTo(7);
    assertThat(source.volumes.get(1).standing().generation()).isEqualTo(7);
    Standing far = target.volumes.get(0).standing();
    assertThat(far.generation()).isEqualTo(7);
    assertThat(far.staleSinceMs()).isNotZero();
    assertThat(target.volumes.get(1).standing().staleSinceMs()).isZero();
    for (int i = 0; i < 100; i++) {
      int alone = source.write(0, i, false, false, nowNs);
      source.volumes.get(0).table().owed().set(0);
      int mirrored = source.write(1, i, true, true, nowNs);
      runFor(100 * MS);
      assertThat(source.records.isReleased(alone)).isTrue();
      assertThat(source.records.isReleased(mirrored)).isTrue();
    }
    assertThat(target.drives[1]).isEqualTo(source.drives[1]);
    assertThat(target.drives[0]).isNotEqualTo(source.drives[0]);
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
    assertThat(count(source, EventCode.SESSION_STATE)).isEqualTo(sessions);
    assertThat(count(source, EventCode.GROUP_TRIPPED)).isEqualTo(1);
    assertThat(count(source, EventCode.PEER_TAKES_NO_WRITES)).isEqualTo(1);
    assertThat(count(target, EventCode.INTAKE_SHUT)).isEqualTo(1);
    assertThat(count(target, EventCode.INTAKE_OPEN)).isEqualTo(1);
  }

  @Test
  void itsWholeGroupIsLeftOutUnderOneGenerationAndComesBackAsOne() {
    start("G", "G", "H");
    hang(1);
    runFor(10 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    assertThat(pair(1)).isEqualTo(PairState.SUSPENDED);
    assertThat(pair(2)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(0).standing().generation())
        .isEqualTo(source.volumes.get(1).standing().generation());
    runFor(5_000 * MS);
    // Were one of them copied alone, there would be no image of the group any more.
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).standing().inconsistent()).isFalse();
    free(1);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  @Test
  void hostsOfTheGroupWaitForTheLabelsOfTheCutAndNotForThePeer() {
    start("G");
    hang(0);
    labelsThatWait.set(0);
    int record = source.write(0, 0, true, true, nowNs);
    a.doWork(nowNs);
    line[1].loseAll();
    b.doWork(nowNs);
    runFor(50 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    assertThat(source.records.isReleased(record)).isFalse();
    free(0);
    runFor(50 * MS);
    // The drive is back already, but under the new generation nobody has written anything yet.
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    labelsThatWait.clear(0);
    runFor(1_000 * MS);
    assertThat(source.records.liveRecords()).isZero();
    everythingIsEqual();
  }

  @Test
  void whatWasOnItsWayStaysWhereItIsUntilThePeerHasIt() {
    start("G", "H");
    hang(0);
    int lost = source.write(0, 5, true, true, nowNs);
    a.doWork(nowNs);
    line[1].loseAll();
    b.doWork(nowNs);
    b.doWork(nowNs);
    a.doWork(nowNs);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    // Its drive has it, and nobody waits for the peer to have it; but the frame must come over
    // before any other does.
    source.labelDurable(0);
    a.doWork(nowNs);
    source.destage(0);
    assertThat(source.records.isRemotePending(lost) || source.records.isLocalPending(lost))
        .isFalse();
    assertThat(source.records.liveRecords()).isEqualTo(1);
    int other = writeAndRelease(1, 0);
    runFor(500 * MS);
    assertThat(source.records.isReleased(other)).isTrue();
    assertThat(count(target, EventCode.FRAME_REFUSED)).isZero();
    assertThat(source.records.liveRecords()).isZero();
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  @Test
  void whatWasOnItsWayIsLetGoWhenTheSessionEnds() {
    start("G");
    hang(0);
    source.write(0, 5, true, true, nowNs);
    a.doWork(nowNs);
    line[1].loseAll();
    b.doWork(nowNs);
    b.doWork(nowNs);
    a.doWork(nowNs);
    source.labelDurable(0);
    a.doWork(nowNs);
    source.destage(0);
    assertThat(source.records.liveRecords()).isEqualTo(1);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(10 * MS);
    assertThat(source.records.liveRecords()).isZero();
  }

  @Test
  void aDriveThatTakesNothingLeavesTheOthersTheirPartAndIsLeftOutBeforeTheLinkTimeout() {
    start("G", "H");
    stuck.set(0);
    int most = target.records.incomingFramesMax();
    for (int i = 0; i < most; i++) {
      source.write(0, i % 512, true, true, nowNs);
      if (i % 64 == 63) {
        runFor(2 * MS);
      }
      if (source.records.isTight(0)) {
        break;
      }
    }
    int other = source.write(1, 0, true, true, nowNs);
    runFor(1_000 * MS);
    assertThat(target.records.incomingFramesFree()).isLessThan(most * 3 / 4);
    long sinceNs = nowNs;
    while (!source.records.isReleased(other)) {
      assertThat(nowNs - sinceNs).as("link timeout").isLessThan(1_900 * MS);
      source.write(0, 0, pair(0).sendsWrites(), false, nowNs);
      runFor(10 * MS);
    }
    for (int i = 0; i < 100; i++) {
      writeAndRelease(1, i);
    }
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.drives[1]).isEqualTo(source.drives[1]);
    stuck.clear(0);
    runFor(2_000 * MS);
    everythingIsEqual();
    assertThat(count(source, EventCode.GROUP_TRIPPED)).isLessThanOrEqualTo(1);
  }

  @Test
  void aCopyUnderWayIsBrokenOffAndNothingThatWasOnItsWayCountsAsCopied() {
    start(
        Standing.fresh(PairState.UNPAIRED, false),
        Standing.fresh(PairState.UNPAIRED, false),
        "G",
        "H");
    runFor(500 * MS);
    everythingIsEqual();
    hang(0);
    runFor(10 * MS);
    for (int track = 0; track < RemoteBench.TRACKS; track++) {
      source.write(0, track * 128, false, false, nowNs);
      source.volumes.get(0).table().owed().set(track);
    }
    runFor(10 * MS);
    free(0);
    line[0].queues = true;
    while (pair(0) != PairState.SYNC_IN_PROG) {
      assertThat(nowNs).as("time").isLessThan(10_000 * MS);
      runFor(MS);
      line[0].sendQueued();
    }
    runFor(2 * MS);
    assertThat(a.linkDesk().copiesInFlight(0)).isPositive();
    int owed = source.volumes.get(0).table().owed().count();
    hang(0);
    runFor(10 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    line[0].sendQueued();
    runFor(10 * MS);
    assertThat(source.volumes.get(0).table().owed().count()).isEqualTo(owed);
    assertThat(a.linkDesk().copiesInFlight(0)).isZero();
    line[0].queues = false;
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  @Test
  void aLinkThatIsLostMeanwhileChangesNothingForThePairThatIsLeftOut() {
    start("G", "H");
    hang(0);
    runFor(10 * MS);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(100 * MS);
    line[0].carrier = true;
    line[1].carrier = true;
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.records.isReleased(writeAndRelease(1, 0))).isTrue();
    assertThat(target.volumes.get(0).standing().inconsistent()).isFalse();
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  @Test
  void anotherGroupIsMirroredWhileTheSourcesOwnDriveDoesNotTakeTheLabelOfACut() {
    start("G", "H");
    labelsThatWait.set(0);
    int held = source.write(0, 0, true, true, nowNs);
    a.cut("G", "test");
    int other = source.write(1, 0, true, true, nowNs);
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(source.records.isReleased(other)).isTrue();
    assertThat(source.records.isReleased(writeAndRelease(1, 1))).isTrue();
    // Nothing is decided of the group before its generation is on the drive, nor is anyone told.
    runFor(5_000 * MS);
    assertThat(source.records.isReleased(held)).isFalse();
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).standing().inconsistent()).isFalse();
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(count(source, EventCode.GROUP_TRIPPED)).isEqualTo(1);
    assertThat(count(source, EventCode.PEER_MISMATCH)).isZero();
    labelsThatWait.clear(0);
    runFor(1_000 * MS);
    assertThat(source.records.liveRecords()).isZero();
    everythingIsEqual();
  }

  @Test
  void anotherGroupIsMirroredWhileTheTargetsDriveDoesNotTakeTheLabelOfAnOrder() {
    start("G", "H");
    farLabelsThatWait.set(0);
    a.cut("G", "test");
    int other = source.write(1, 0, true, true, nowNs);
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(source.records.isReleased(other)).isTrue();
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNC_IN_PROG);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    runFor(5_000 * MS);
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(count(source, EventCode.GROUP_TRIPPED)).isEqualTo(1);
    assertThat(count(source, EventCode.PEER_MISMATCH)).isZero();
    farLabelsThatWait.clear(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  @Test
  void aDriveThatHangsAndReturnsAgainAndAgainEndsSynchronized() {
    start("G", "G", "H");
    for (int i = 0; i < 40; i++) {
      hang(i % 2);
      for (int j = 0; j < i % 4; j++) {
        a.doWork(nowNs);
        b.doWork(nowNs);
      }
      free(i % 2);
      if (i % 3 == 0) {
        runFor(i * MS);
      }
      boolean sends = pair(1).sendsWrites();
      if (!sends) {
        source.volumes.get(1).table().owed().set(0);
      }
      int record = source.write(1, i, sends, sends && pair(1).waitsForPeer(), nowNs);
      assertThat(record).isNotEqualTo(WriteRecords.NONE);
    }
    runFor(1_000 * MS);
    everythingIsEqual();
    assertThat(
            List.of(count(source, EventCode.FRAME_REFUSED), count(target, EventCode.FRAME_REFUSED)))
        .containsOnly(0L);
  }

  /// The group is on its way back, and the target has an order that it has not answered, when
  /// the drive hangs again and the target says so. Then comes the label that the answer
  /// waits for.
  private long answerAnOrderThatIsWithdrawn(boolean isBackAtOnce) {
    start("G", "G", "H");
    hang(0);
    runFor(10 * MS);
    farLabelsThatWait.set(1);
    free(0);
    runFor(100 * MS);
    assertThat(target.volumes.get(1).pairState()).isEqualTo(PairState.SYNC_IN_PROG);
    assertThat(pair(1)).isEqualTo(PairState.SUSPENDED);
    long sessions = count(source, EventCode.SESSION_STATE);
    hang(0);
    b.doWork(nowNs);
    b.doWork(nowNs);
    if (isBackAtOnce) {
      free(0);
      b.doWork(nowNs);
      b.doWork(nowNs);
    }
    a.doWork(nowNs);
    a.doWork(nowNs);
    // What the source says to it comes later than the label.
    line[1].loseAll();
    target.labelDurable(1);
    b.doWork(nowNs);
    b.doWork(nowNs);
    return sessions;
  }

  @Test
  void anAnswerToAnOrderThatWasWithdrawnCountsForNothing() {
    long sessions = answerAnOrderThatIsWithdrawn(false);
    runFor(500 * MS);
    assertThat(pair(1)).isEqualTo(PairState.SUSPENDED);
    free(0);
    farLabelsThatWait.clear(1);
    runFor(1_000 * MS);
    assertThat(count(target, EventCode.FRAME_REFUSED)).isZero();
    assertThat(count(source, EventCode.SESSION_STATE)).isEqualTo(sessions);
    everythingIsEqual();
  }

  @Test
  void norDoesItCountForTheOrderThatCameAfter() {
    long sessions = answerAnOrderThatIsWithdrawn(true);
    runFor(500 * MS);
    // The new order is there, and its label is not.
    assertThat(target.volumes.get(1).pairState()).isEqualTo(PairState.SYNC_IN_PROG);
    assertThat(pair(1)).isEqualTo(PairState.SUSPENDED);
    farLabelsThatWait.clear(1);
    runFor(1_000 * MS);
    assertThat(count(target, EventCode.FRAME_REFUSED)).isZero();
    assertThat(count(source, EventCode.SESSION_STATE)).isEqualTo(sessions);
    everythingIsEqual();
  }

  @Test
  void anOlderPeerIsToldNothingInTheMiddleOfASession() {
    start("G");
    List<Control> said = new ArrayList<>();
    LeftOutPairs.Desk desk = new LeftOutPairs.Desk() {
      @Override
      public void say(Control control) {
        said.add(control);
      }

      @Override
      public void unlink(Volume volume) {}

      @Override
      public boolean isGivingBack(Volume volume) {
        return false;
      }

      @Override
      public void decide(Volume volume, TargetStatus theirs) {}

      @Override
      public void markStale(Volume volume, String because) {}
    };
    Intake intake = new Intake(
        3_000 * MS,
        target.memory,
        target.volumes,
        target.labels,
        target.events,
        volumeIndex -> false);
    LeftOutPairs pairs = new LeftOutPairs(target.volumes, intake, target.events, a, desk);
    hang(0);
    intake.look(nowNs);
    pairs.begin(2);
    assertThat(pairs.step()).isZero();
    pairs.begin(3);
    assertThat(pairs.step()).isPositive();
    assertThat(said).containsExactly(new Control.Status(0, true));
  }

  @Test
  void aSourceThatTakesBackWhatItLostIsNotSuspendedBeforeItHasAll() {
    source = new RemoteBench(VolumeRole.R1, "G");
    target = new RemoteBench(VolumeRole.R2, "G");
    a = source.adapter(line[0], "AAA", "BBB");
    b = target.adapter(line[1], "BBB", "AAA");
    source.begin(SYNCHRONIZED.with(PairState.RESTORING));
    target.begin(SYNCHRONIZED);
    source.volumes.get(0).setNotReady("test");
    target.volumes.get(0).table().setPending(2, 1);
    hang(0);
    a.start(nowNs);
    b.start(nowNs);
    runFor(500 * MS);
    // It has all: what is left to do waits for the drive that hangs, hosts do not.
    assertThat(source.volumes.get(0).isReady()).isTrue();
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  /// The target has adopted the generation of the end that it was offered, and its source has not
  /// heard so; nor has it of the next one.
  @Test
  void aTargetThatAdoptedAGenerationUnheardIsStillKnownAfterTheNextEndThatWasOffered() {
    start("G", "H");
    hang(0);
    runFor(10 * MS);
    long first = source.volumes.get(0).standing().generation();
    farLabelsThatWait.set(0);
    free(0);
    runFor(10 * MS);
    target.labelDurable(0);
    runFor(10 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SYNC_FINISHING);
    assertThat(target.volumes.get(0).standing().generation()).isEqualTo(first);
    hang(0);
    runFor(10 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    free(0);
    runFor(10 * MS);
    labelsThatWait.set(0);
    target.labelDurable(0);
    runFor(10 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SYNC_FINISHING);
    assertThat(target.volumes.get(0).standing().inconsistent()).isTrue();
    hang(0);
    runFor(10 * MS);
    labelsThatWait.clear(0);
    farLabelsThatWait.clear(0);
    runFor(10 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
    assertThat(count(source, EventCode.PAIR_CONFLICT)).isZero();
  }

  @Test
  void aTargetWhoseLabelWaitsForItsDriveKeepsNoOtherPairWaitingWhenASessionBegins() {
    start("G", "H");
    line[0].carrier = false;
    line[1].carrier = false;
    source.write(0, 0, true, true, nowNs);
    runFor(3_100 * MS);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    stuck.set(0);
    line[0].carrier = true;
    line[1].carrier = true;
    runFor(500 * MS);
    int other = writeAndRelease(1, 0);
    assertThat(source.records.isReleased(other)).isTrue();
    runFor(4_000 * MS);
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(count(source, EventCode.PEER_MISMATCH)).isZero();
    stuck.clear(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  @Test
  void theImageIsPossiblyStaleFromWhenItsSourceMayGoOnAlone() {
    start("G");
    hang(0);
    b.doWork(nowNs);
    b.doWork(nowNs);
    a.doWork(nowNs);
    assertThat(pair(0)).isEqualTo(PairState.SUSPENDED);
    source.labelDurable(0);
    a.doWork(nowNs);
    assertThat(source.volumes.get(0).isHeld()).isFalse();
    // The source acknowledges alone; that it does so is lost with the link.
    line[1].loseAll();
    line[0].carrier = false;
    line[1].carrier = false;
    b.doWork(nowNs);
    assertThat(target.volumes.get(0).standing().staleSinceMs()).isNotZero();
  }

  @Test
  void writesOfOthersStayInOrderWhenAPairCannotBeRestored() {
    source = new RemoteBench(VolumeRole.R1, "G", "H");
    target = new RemoteBench(VolumeRole.R2, "G", "H");
    a = source.adapter(line[0], "AAA", "BBB");
    b = target.adapter(line[1], "BBB", "AAA");
    source.begin(SYNCHRONIZED);
    source.volumes.get(0).begin(SYNCHRONIZED.with(PairState.RESTORING));
    target.begin(SYNCHRONIZED);
    target.volumes.get(0).begin(SYNCHRONIZED.receiving());
    a.start(nowNs);
    b.start(nowNs);
    source.write(0, 0, true, true, nowNs);
    int blocks = 0;
    while (source.records.hostFramesFree() > 0) {
      source.write(1, blocks++, true, true, nowNs);
    }
    while (source.records.reserve(1, true, 0) != WriteRecords.NONE) {
      // No frame is free but those that hosts give back.
    }
    farLabelsThatWait.set(0);
    for (int i = 0; i < 200 && source.records.hostFramesFree() == 0; i++) {
      a.doWork(nowNs);
      b.doWork(nowNs);
      source.labelDurable(0);
      source.destage(0);
      nowNs += MS;
    }
    // What the volume that is not restored had in the queue is on its drive, and its frame free.
    assertThat(source.records.hostFramesFree()).isEqualTo(1);
    source.write(1, blocks++, true, true, nowNs);
    farLabelsThatWait.clear(0);
    runFor(2_000 * MS);
    assertThat(source.records.oldestHeld(1)).isEqualTo(WriteRecords.NONE);
    assertThat(pair(1)).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.drives[1]).isEqualTo(source.drives[1]);
  }

  /// Nothing that comes while a target refuses writes makes its image current again: its source
  /// does not heed the answer.
  @Test
  void norDoesTheEndOfACopyThatWasOnItsWayMakeItCurrent() {
    start("G");
    hang(0);
    runFor(10 * MS);
    free(0);
    for (int i = 0; pair(0) != PairState.SYNC_FINISHING; i++) {
      assertThat(i).as("rounds").isLessThan(1000);
      a.doWork(nowNs);
      b.doWork(nowNs);
      if (pair(0) != PairState.SYNC_FINISHING) {
        playDrives();
      }
      nowNs += MS;
    }
    line[1].queues = true;
    hang(0);
    b.doWork(nowNs);
    b.doWork(nowNs);
    source.labelDurable(0);
    a.doWork(nowNs);
    a.doWork(nowNs);
    b.doWork(nowNs);
    assertThat(target.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).standing().staleSinceMs()).isNotZero();
    line[1].queues = false;
    line[1].sendQueued();
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }

  @Test
  void aTargetThatOnlyGivesBackTakesNoCreditFromTheOthers() {
    source = new RemoteBench(VolumeRole.R1, "G", "H");
    target = new RemoteBench(VolumeRole.R2, "G", "H");
    a = source.adapter(line[0], "AAA", "BBB");
    b = target.adapter(line[1], "BBB", "AAA");
    source.begin(SYNCHRONIZED);
    source.volumes.get(0).begin(SYNCHRONIZED.with(PairState.RESTORING));
    target.begin(SYNCHRONIZED);
    hang(0);
    for (int block = 0; target.records.incomingFramesFree(0) > 0; block++) {
      int record = target.records.reserve(1, true, 0);
      target.records.commit(
          record, 0, block * 512L, 512, 1, true, true, true, 0, false, false, -1, nowNs);
    }
    a.start(nowNs);
    b.start(nowNs);
    runFor(500 * MS);
    assertThat(pair(0)).isEqualTo(PairState.RESTORING);
    for (int i = 0; i < 100; i++) {
      assertThat(source.records.isReleased(writeAndRelease(1, i))).isTrue();
    }
    free(0);
    runFor(1_000 * MS);
    everythingIsEqual();
  }
}
