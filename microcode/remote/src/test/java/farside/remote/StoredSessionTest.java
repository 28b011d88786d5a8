package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.EventCode;
import farside.fixture.NvramInMemory;
import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.VolumeRole;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Two remote adapters whose pairs run with `ack: stored`; drives are played by the test.
class StoredSessionTest {
  private static final long MS = RemoteBench.MS;
  private static final Standing SOURCE =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);
  private static final Standing TARGET = SOURCE.storing(true);
  private static final Standing NEW = Standing.fresh(PairState.UNPAIRED, true);
  private static final Standing USED = Standing.fresh(PairState.UNPAIRED, false);

  private final MemoryLine[] line = MemoryLine.pair();
  private RemoteBench source;
  private RemoteBench target;
  private RemoteAdapter a;
  private RemoteAdapter b;
  private long nowNs = 1;
  /// That of the first volume; others always do.
  private boolean drivesOfTargetWork;

  private boolean endOfCopyIsLabelled = true;

  private void start(Standing first, Standing second) {
    start(AckMode.STORED, first, second);
  }

  private void start(AckMode ackOfTarget, Standing first, Standing second, String... others) {
    String[] groups = new String[1 + others.length];
    groups[0] = "G";
    System.arraycopy(others, 0, groups, 1, others.length);
    source = new RemoteBench(new NvramInMemory(1 << 21), AckMode.STORED, VolumeRole.R1, groups);
    target = new RemoteBench(new NvramInMemory(1 << 21), ackOfTarget, VolumeRole.R2, groups);
    a = source.adapter(line[0], "AAA", "BBB");
    b = target.adapter(line[1], "BBB", "AAA");
    source.begin(first);
    target.begin(second);
    a.start(nowNs);
    b.start(nowNs);
  }

  private void runFor(long ns) {
    for (long endNs = nowNs + ns; nowNs - endNs < 0; nowNs += MS) {
      source.events.setNow(nowNs);
      target.events.setNow(nowNs);
      int rounds = 0;
      while (a.doWork(nowNs) + b.doWork(nowNs) + play() > 0) {
        assertThat(++rounds).as("rounds in one instant").isLessThan(1000);
      }
    }
  }

  private int play() {
    source.stage(true);
    target.stage(true);
    if (endOfCopyIsLabelled || target.volumes.get(0).pairState() != PairState.SYNCHRONIZED) {
      target.labelDurable(0);
    }
    int before = target.records.liveRecords();
    for (int drive = 0; drive < source.labels.driveCount(); drive++) {
      source.labelDurable(drive);
      source.destage(drive);
      if (drive > 0) {
        target.labelDurable(drive);
      }
      if (drive > 0 || drivesOfTargetWork) {
        target.destage(drive);
      }
    }
    return before - target.records.liveRecords();
  }

  private PairState pair() {
    return source.volumes.get(0).pairState();
  }

  @Test
  void aWriteIsReleasedWhenThePeersDriveHasItAndNotWhenThePeerHasIt() {
    start(SOURCE, TARGET);
    runFor(100 * MS);
    int record = source.write(0, 0, true, true, nowNs);
    runFor(100 * MS);
    assertThat(target.records.liveRecords()).isEqualTo(1);
    assertThat(source.records.isReleased(record)).isFalse();
    assertThat(source.drives[0][0]).as("on the own drive").isZero();
    drivesOfTargetWork = true;
    runFor(MS);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
    assertThat(source.drives[0][0]).isEqualTo((byte) 5);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void whatNoHostWaitsForIsAcknowledgedWithTheWatermark() {
    start(SOURCE, TARGET);
    runFor(100 * MS);
    drivesOfTargetWork = true;
    long sentBefore = line[1].sentFrames();
    source.write(0, 0, true, true, nowNs);
    runFor(MS);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
    assertThat(line[1].sentFrames() - sentBefore).as("frames of the target").isEqualTo(1);
    assertThat(a.linkDesk().figures(0).unacknowledged()).isZero();
  }

  @Test
  void whenTheDriveTakesLongAWriteIsAcknowledgedBeforeTheWatermark() {
    start(SOURCE, TARGET);
    runFor(100 * MS);
    long sentBefore = line[1].sentFrames();
    source.write(0, 0, true, true, nowNs);
    runFor(5 * MS);
    assertThat(a.linkDesk().figures(0).unacknowledged()).isEqualTo(1);
    runFor(MS);
    assertThat(line[1].sentFrames() - sentBefore).as("frames of the target").isEqualTo(1);
    assertThat(a.linkDesk().figures(0).unacknowledged()).isZero();
    assertThat(source.records.oldestHeld(0)).isNotEqualTo(-1);
  }

  @Test
  void whatTheSourcesDriveHasIsToldWithTheNextWrite() {
    start(SOURCE, TARGET);
    drivesOfTargetWork = true;
    runFor(100 * MS);
    source.write(0, 0, true, true, nowNs);
    // Nothing was told for long: this is told at once.
    runFor(3 * MS);
    source.write(0, 1, true, true, nowNs);
    runFor(3 * MS);
    assertThat(target.volumes.get(0).table().pending().count()).as("told").isEqualTo(1);
    long sentBefore = line[0].sentFrames();
    source.write(0, 2, true, true, nowNs);
    a.doWork(nowNs);
    assertThat(line[0].sentFrames() - sentBefore).as("a write and a watermark").isEqualTo(2);
    runFor(3 * MS);
    assertThat(line[0].sentFrames() - sentBefore).isEqualTo(2);
    // No write comes for a while.
    runFor(20 * MS);
    assertThat(line[0].sentFrames() - sentBefore).isEqualTo(3);
    assertThat(target.volumes.get(0).table().pending().count()).isZero();
  }

  @Test
  void aHostDoesNotWaitLongForAWatermarkThatTheLineLost() {
    start(SOURCE, TARGET);
    drivesOfTargetWork = true;
    runFor(600 * MS);
    source.write(0, 0, true, true, nowNs);
    a.doWork(nowNs);
    b.doWork(nowNs);
    target.destage(0);
    // The second and the third time it is told it is lost too.
    for (long endNs = nowNs + 50 * MS; nowNs - endNs < 0; nowNs += MS) {
      b.doWork(nowNs);
      line[0].loseAll();
    }
    assertThat(source.records.oldestHeld(0)).isNotEqualTo(-1);
    runFor(100 * MS);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
    // With nothing new it is told less and less often.
    runFor(2_000 * MS);
    long sentBefore = line[1].sentFrames();
    runFor(1_000 * MS);
    assertThat(line[1].sentFrames() - sentBefore).isLessThanOrEqualTo(4);
  }

  @Test
  void theTargetIsInAHurryForWhatHostsWaitFor() {
    start(SOURCE, TARGET);
    runFor(100 * MS);
    source.write(0, 0, true, true, nowNs);
    source.write(0, 1, true, true, nowNs);
    runFor(MS);
    assertThat(target.records.flushWanted(0)).isEqualTo(source.memory.numbers().last());
  }

  @Test
  void whatWaitedForThePeersDriveWaitsForItStillWhenTheSessionBeginsAnew() {
    start(SOURCE, TARGET);
    runFor(100 * MS);
    int record = source.write(0, 0, true, true, nowNs);
    runFor(10 * MS);
    line[0].carrier = false;
    line[1].carrier = false;
    runFor(10 * MS);
    line[0].carrier = true;
    line[1].carrier = true;
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(source.records.isReleased(record)).isFalse();
    drivesOfTargetWork = true;
    runFor(5 * MS);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void aPeerWhoseDriveIsTooSlowHasTheGroupCutAtTheLinkTimeout() {
    start(SOURCE, TARGET);
    runFor(100 * MS);
    source.write(0, 0, true, true, nowNs);
    runFor(2_900 * MS);
    assertThat(source.records.oldestHeld(0)).isNotEqualTo(-1);
    runFor(200 * MS);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
    assertThat(source.volumes.get(0).standing().generation()).isNotEqualTo(7);
    assertThat(source.drives[0][0]).isEqualTo((byte) 5);
  }

  @Test
  void aCopyEndsOnlyWhenThePeersDriveHasItSoThatNoHostWaitsForADriveThatFails() {
    start(USED, USED);
    runFor(10_000 * MS);
    assertThat(source.volumes.get(0).table().owed().count()).isZero();
    assertThat(pair()).isEqualTo(PairState.SYNC_IN_PROG);
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.volumes.get(0).standing().stored()).isTrue();
  }

  @Test
  void aWatermarkOfBeforeACopyDoesNotStandForIt() {
    start(SOURCE.alone(8), TARGET);
    source.volumes.get(0).table().owed().setAll();
    long stableBefore = target.memory.peerReceived();
    runFor(400 * MS);
    assertThat(source.volumes.get(0).table().owed().count()).isZero();
    // One that a slow link still brings.
    source.tellsWatermark(a, stableBefore);
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNC_IN_PROG);
    assertThat(source.volumes.get(0).table().pending().count()).isEqualTo(RemoteBench.TRACKS);
    drivesOfTargetWork = true;
    runFor(100 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(0).table().pending().count()).isZero();
  }

  @Test
  void copiesThatThePeersDriveLacksAreRememberedWhenTheSessionBeginsAnew() {
    start(SOURCE.alone(8), TARGET);
    source.volumes.get(0).table().owed().setAll();
    runFor(400 * MS);
    setCarrier(false);
    runFor(10 * MS);
    setCarrier(true);
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNC_IN_PROG);
    assertThat(source.volumes.get(0).table().pending().count()).isEqualTo(RemoteBench.TRACKS);
    assertThat(source.memory.numbers().last()).isGreaterThanOrEqualTo(target.memory.peerReceived());
    drivesOfTargetWork = true;
    runFor(100 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(0).table().pending().count()).isZero();
  }

  private void setCarrier(boolean carrier) {
    line[0].carrier = carrier;
    line[1].carrier = carrier;
  }

  @Test
  void noWriteIsAnsweredBeforeThePeerCallsItsImageGood() {
    start(NEW, NEW);
    drivesOfTargetWork = true;
    endOfCopyIsLabelled = false;
    while (pair() != PairState.SYNC_FINISHING) {
      assertThat(nowNs).as("time, and no end offered").isLessThan(2_000 * MS);
      runFor(MS);
    }
    source.write(0, 0, true, true, nowNs);
    runFor(100 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNC_FINISHING);
    assertThat(target.drives[0][0]).isEqualTo((byte) 5);
    assertThat(source.records.oldestHeld(0)).isNotEqualTo(-1);
    endOfCopyIsLabelled = true;
    runFor(5 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
  }

  /// Its drive lacks a write that its host was told of: `ack` was `received` then.
  private void startWithATargetThatRanWithReceived(String... others) {
    start(AckMode.STORED, SOURCE, SOURCE, others);
    int early = target.records.reserve(1, true, 0);
    target.records.commit(early, 0, 0, 512, 3, true, true, false, 0, false, false, -1, nowNs);
    target.memory.setPeerReceived(3);
  }

  @Test
  void aTargetThatRanWithReceivedSaysThatItsDriveHasAllOnlyWhenItHas() {
    startWithATargetThatRanWithReceived();
    runFor(500 * MS);
    assertThat(target.volumes.get(0).standing().stored()).isFalse();
    drivesOfTargetWork = true;
    runFor(100 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(target.volumes.get(0).standing().stored()).isTrue();
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void noOtherGroupWaitsForADriveThatHasNotAllOfBefore() {
    startWithATargetThatRanWithReceived("H");
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    int other = source.write(1, 0, true, true, nowNs);
    runFor(10 * MS);
    assertThat(source.records.isReleased(other)).isTrue();
    // The drive does nothing for longer than hosts are to wait: its group is cut, and no other.
    source.write(0, 0, true, true, nowNs);
    runFor(3_500 * MS);
    assertThat(pair()).isNotEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(1).pairState()).isEqualTo(PairState.SYNCHRONIZED);
  }

  /// If both sites lose NVRAM, only the label tells that the target's drive has everything.
  @Test
  void noHostIsToldOfAWriteBeforeTheLabelSaysThatTheTargetsDriveHasAll() {
    startWithATargetThatRanWithReceived();
    runFor(100 * MS);
    endOfCopyIsLabelled = false;
    drivesOfTargetWork = true;
    source.write(0, 0, true, true, nowNs);
    runFor(500 * MS);
    assertThat(target.drives[0][0]).isEqualTo((byte) 5);
    assertThat(target.volumes.get(0).standing().stored()).isTrue();
    assertThat(source.records.oldestHeld(0)).isNotEqualTo(-1);
    // A session that begins anew is no reason not to wait for it.
    setCarrier(false);
    runFor(10 * MS);
    setCarrier(true);
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(source.records.oldestHeld(0)).isNotEqualTo(-1);
    endOfCopyIsLabelled = true;
    runFor(5 * MS);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
  }

  @Test
  void sitesThatDoNotAgreeOnTheAcknowledgementAreNotMirrored() {
    start(AckMode.RECEIVED, SOURCE, SOURCE);
    runFor(200 * MS);
    assertThat(source.told).contains(EventCode.PEER_MISMATCH.number());
    source.write(0, 0, true, true, nowNs);
    runFor(3_100 * MS);
    assertThat(source.records.oldestHeld(0)).isEqualTo(-1);
    assertThat(pair()).isEqualTo(PairState.SUSPENDED);
    assertThat(target.records.liveRecords()).isZero();
  }

  @Test
  void whenBothLostTheirMemoryTheTargetGivesBackEverything() {
    start(SOURCE.with(PairState.RESTORING), TARGET);
    Arrays.fill(target.drives[0], (byte) 9);
    target.volumes.get(0).table().pending().setAll();
    drivesOfTargetWork = true;
    runFor(500 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
    assertThat(target.volumes.get(0).standing().stored()).isTrue();
  }

  /// The source's drive hung, and a FLUSH was answered because the target's had it all; the group
  /// was cut, and a copy begun, of which the drive's label tells nothing yet.
  @Test
  void aSourceThatLostItsMemoryUnderTheGenerationThatIsBeingCopiedOverIsGivenBackEverything() {
    start(SOURCE.with(PairState.RESTORING), TARGET.receiving());
    Arrays.fill(target.drives[0], (byte) 9);
    drivesOfTargetWork = true;
    runFor(500 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
    assertThat(source.drives[0][0]).isEqualTo((byte) 9);
    assertThat(target.volumes.get(0).standing()).isEqualTo(TARGET);
  }

  /// What it wrote alone, and flushed, is on its drive and nowhere else.
  @Test
  void aSourceWhoseLabelIsNewerThanWhatIsBeingCopiedOverKeepsWhatItHas() {
    start(SOURCE.alone(8).offering(8).with(PairState.RESTORING), TARGET.receiving());
    Arrays.fill(source.drives[0], (byte) 8);
    Arrays.fill(target.drives[0], (byte) 9);
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0][0]).isEqualTo((byte) 8);
    assertThat(target.drives[0]).isEqualTo(source.drives[0]);
  }

  /// The source went alone, and lost its NVRAM before its drive had what was acknowledged before;
  /// some of what it wrote since is there.
  private void startBehind(Standing first, Standing second) {
    start(first.lagging(true).with(PairState.RESTORING), second);
    Arrays.fill(source.drives[0], (byte) 8);
    Arrays.fill(target.drives[0], (byte) 9);
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(0).standing().behind()).isFalse();
    assertThat(target.volumes.get(0).standing().generation())
        .isEqualTo(source.volumes.get(0).standing().generation());
    assertThat(target.drives[0]).isEqualTo(source.drives[0]);
  }

  @Test
  void aSourceThatWasBehindIsGivenBackAllFromTheImageOfBeforeTheCut() {
    startBehind(SOURCE.alone(8), TARGET);
    assertThat(source.drives[0][0]).isEqualTo((byte) 9);
    assertThat(source.volumes.get(0).standing().generation()).isEqualTo(7);
  }

  @Test
  void aSourceThatWasBehindIsGivenBackAllFromAnImageThatWasBeingCopiedOver() {
    startBehind(SOURCE.alone(8), TARGET.receiving());
    assertThat(source.drives[0][0]).isEqualTo((byte) 9);
  }

  @Test
  void aSourceThatWasBehindIsGivenBackAllFromATargetThatHadAdoptedWhatItWasOffered() {
    startBehind(SOURCE.alone(8).offering(8), SOURCE.synchronizedAt(8).storing(true));
    assertThat(source.drives[0][0]).isEqualTo((byte) 9);
    assertThat(source.volumes.get(0).standing().generation()).isEqualTo(8);
  }

  @Test
  void aSourceThatWasBehindKeepsWhatItHasIfTheTargetLostItsImage() {
    startBehind(SOURCE.alone(8), SOURCE.receiving());
    assertThat(source.drives[0][0]).isEqualTo((byte) 8);
  }

  @Test
  void aSourceThatWasBehindIsGivenBackAllAgainIfTheSessionBreaksInTheMiddle() {
    start(SOURCE.alone(8).lagging(true).with(PairState.RESTORING), TARGET);
    Arrays.fill(source.drives[0], (byte) 8);
    Arrays.fill(target.drives[0], (byte) 9);
    // No drive does anything yet.
    for (int i = 0; i < 100; i++, nowNs += MS) {
      a.doWork(nowNs);
      b.doWork(nowNs);
    }
    assertThat(source.volumes.get(0).standing().generation()).isEqualTo(7);
    assertThat(pair()).isEqualTo(PairState.RESTORING);
    setCarrier(false);
    runFor(10 * MS);
    Arrays.fill(source.drives[0], (byte) 8);
    setCarrier(true);
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
    assertThat(source.drives[0][0]).isEqualTo((byte) 9);
  }

  @Test
  void aTargetOfAnOlderBuildIsNotAskedForAllAndKeepsNoOtherPairWaiting() {
    line[1].newestVersion = 3;
    Standing behind = SOURCE.alone(8).lagging(true).with(PairState.RESTORING);
    start(AckMode.STORED, behind, TARGET, "H");
    source.volumes.get(1).begin(SOURCE);
    drivesOfTargetWork = true;
    runFor(500 * MS);
    assertThat(source.volumes.get(0).standing()).isEqualTo(behind);
    assertThat(source.told).contains(EventCode.PEER_MISMATCH.number());
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    source.write(1, 0, true, true, nowNs);
    runFor(10 * MS);
    assertThat(source.records.oldestHeld(1)).as("of another group").isEqualTo(-1);
    assertThat(source.volumes.get(1).pairState()).isEqualTo(PairState.SYNCHRONIZED);
  }

  /// A record was damaged in the middle of a copy, when no host waited for the peer.
  @Test
  void whatASourceThatWasBehindHasOnItsDriveAndNeverSentIsGivenUp() {
    start(SOURCE.alone(8).lagging(true).with(PairState.RESTORING), TARGET.receiving());
    Arrays.fill(target.drives[0], (byte) 9);
    source.write(0, 0, true, false, nowNs);
    source.destage(0);
    assertThat(source.drives[0][0]).isEqualTo((byte) 5);
    assertThat(source.records.liveRecords()).isEqualTo(1);
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
    assertThat(source.drives[0][0]).isEqualTo((byte) 9);
    assertThat(source.records.liveRecords()).isZero();
  }

  /// What was received waits for the target's drive, and is released, when the target loses its
  /// memory.
  @Test
  void aTargetThatLosesItsMemoryWhileItGivesBackGivesBackAllFromItsDrive() {
    start(SOURCE.with(PairState.RESTORING), TARGET);
    Arrays.fill(target.drives[0], (byte) 9);
    source.write(0, 0, true, true, nowNs);
    int received = target.records.reserve(1, true, 0);
    target.records.commit(received, 0, 0, 512, 1, true, true, false, 0, false, false, -1, nowNs);
    target.memory.setPeerReceived(1);
    runFor(100 * MS);
    assertThat(source.drives[0][0]).as("it was received").isEqualTo((byte) 5);
    assertThat(pair()).isEqualTo(PairState.RESTORING);
    setCarrier(false);
    runFor(10 * MS);
    target = new RemoteBench(new NvramInMemory(1 << 21), AckMode.STORED, VolumeRole.R2, "G");
    Arrays.fill(target.drives[0], (byte) 9);
    b = target.adapter(line[1], "BBB", "AAA");
    target.begin(TARGET);
    target.volumes.get(0).table().pending().setAll();
    b.start(nowNs);
    setCarrier(true);
    drivesOfTargetWork = true;
    runFor(1_000 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.drives[0]).isEqualTo(target.drives[0]);
    assertThat(source.drives[0][0]).isEqualTo((byte) 9);
  }

  @Test
  void whatATargetHeldOfAnotherPairingIsNoBaseOfTheFirstCopyOfThisOne() {
    start(USED, USED.storing(true));
    runFor(100 * MS);
    assertThat(pair()).isEqualTo(PairState.SYNC_IN_PROG);
    assertThat(target.volumes.get(0).standing().inconsistent()).isTrue();
    assertThat(target.volumes.get(0).standing().stored()).isFalse();
  }
}
