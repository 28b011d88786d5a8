package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.Director;
import farside.director.EventCode;
import farside.port.LinkPort;
import farside.port.PatchPanelPort.End;
import farside.volume.LinkDesk.LinkFigures;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.VolumeRole;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Two remote adapters with several lines between them, by deadlines, on the lines' clock.
class SeveralLinksTest {
  private static final long MS = RemoteBench.MS;
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private final TimedLine.Clock clock = new TimedLine.Clock();
  private final List<TimedLine[]> lines = new ArrayList<>();
  private final List<TimedLine[]> spares = new ArrayList<>();
  private final PanelInMemory panelA = new PanelInMemory();
  private final PanelInMemory panelB = new PanelInMemory();
  private final RemoteBench source = new RemoteBench(VolumeRole.R1, "G");
  private final RemoteBench target = new RemoteBench(VolumeRole.R2, "G");
  private RemoteAdapter a;
  private RemoteAdapter b;

  private void line(long delayNs, long bytesPerSecond) {
    lines.add(TimedLine.pair("L" + (lines.size() + 1), clock, delayNs, bytesPerSecond));
  }

  private List<LinkPort> ends(int side) {
    List<LinkPort> ends = new ArrayList<>();
    lines.forEach(line -> ends.add(line[side]));
    return ends;
  }

  /// One that lies between both sites, and that neither has plugged in.
  private TimedLine[] spare(String name, long delayNs) {
    TimedLine[] line = TimedLine.pair(name, clock, delayNs, 0);
    spares.add(line);
    panelA.lay(line[0]);
    panelB.lay(line[1]);
    return line;
  }

  private void start() {
    a = source.adapter(ends(0), panelA, "AAA", "BBB");
    b = target.adapter(ends(1), panelB, "BBB", "AAA");
    lines.addAll(spares);
    source.begin(SYNCHRONIZED);
    target.begin(SYNCHRONIZED);
    a.start(clock.nowNs);
    b.start(clock.nowNs);
    runFor(500 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    assertThat(b.sessionState()).isEqualTo(SessionState.READY);
  }

  private void settle() {
    int rounds = 0;
    int done;
    do {
      source.events.setNow(clock.nowNs);
      target.events.setNow(clock.nowNs);
      done = a.doWork(clock.nowNs) + b.doWork(clock.nowNs);
      source.stage(true);
      target.stage(true);
      source.labelDurable(0);
      target.labelDurable(0);
      source.destage(0);
      target.destage(0);
      assertThat(++rounds).as("rounds in one instant").isLessThan(1000);
    } while (done > 0);
  }

  private void runFor(long ns) {
    long endNs = clock.nowNs + ns;
    settle();
    while (true) {
      long nextNs = Director.sooner(a.nextDeadlineNs(), b.nextDeadlineNs());
      nextNs = nextNs == Director.NO_DEADLINE ? endNs : nextNs;
      for (TimedLine[] line : lines) {
        nextNs = Math.min(nextNs, Math.min(line[0].nextArrivalNs(), line[1].nextArrivalNs()));
      }
      if (nextNs - endNs >= 0) {
        break;
      }
      clock.nowNs = Math.max(clock.nowNs + 1, nextNs);
      settle();
    }
    clock.nowNs = endNs;
    settle();
  }

  /// A host that writes blocks for a while and waits for each. Returns the longest wait.
  private long writesFor(long ns, long everyNs) {
    long longestNs = 0;
    long endNs = clock.nowNs + ns;
    int block = 0;
    while (clock.nowNs - endNs < 0) {
      int record = source.write(0, block++ % 512, true, true, clock.nowNs);
      long sentNs = clock.nowNs;
      while (source.records.oldestHeld(0) == record) {
        runFor(MS / 4);
        assertThat(clock.nowNs - sentNs).isLessThan(10_000 * MS);
      }
      longestNs = Math.max(longestNs, clock.nowNs - sentNs);
      runFor(everyNs);
    }
    return longestNs;
  }

  private void assertNeverSuspended() {
    assertThat(source.told).doesNotContain(EventCode.GROUP_TRIPPED.number());
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(source.volumes.get(0).standing().generation()).isEqualTo(7);
  }

  private static boolean carriesSession(RemoteAdapter adapter, int link) {
    return adapter.linkDesk().figures(link).session().equals(SessionState.READY.name());
  }

  private long sessionChanges() {
    return source.told.stream()
        .filter(told -> told == EventCode.SESSION_STATE.number())
        .count();
  }

  @Test
  void everyLinkJoinsTheOneSession() {
    line(MS, 0);
    line(5 * MS, 1_000_000);
    line(20 * MS, 0);
    start();
    for (int i = 0; i < 3; i++) {
      assertThat(carriesSession(a, i) && carriesSession(b, i)).as("L" + (i + 1)).isTrue();
    }
    assertThat(source.told).contains(EventCode.LINK_JOINED.number());
  }

  @Test
  void whicheverLinkIsCutTheGroupIsNotSuspendedAndTheSessionGoesOn() {
    for (int cut = 0; cut < 2; cut++) {
      SeveralLinksTest test = new SeveralLinksTest();
      test.line(MS, 0);
      test.line(2 * MS, 0);
      test.start();
      long changes = test.sessionChanges();
      test.writesFor(50 * MS, MS);
      test.source.write(0, 3, true, true, test.clock.nowNs);
      test.runFor(MS / 2);
      test.lines.get(cut)[0].setCut(true);
      assertThat(test.writesFor(5_000 * MS, 20 * MS)).isLessThan(20 * MS);
      assertThat(carriesSession(test.a, cut)).isFalse();
      test.lines.get(cut)[0].setCut(false);
      assertThat(test.writesFor(500 * MS, 20 * MS)).isLessThan(20 * MS);
      assertThat(carriesSession(test.a, cut) && carriesSession(test.b, cut)).isTrue();
      test.assertNeverSuspended();
      assertThat(test.sessionChanges()).isEqualTo(changes);
      assertThat(test.source.told)
          .contains(EventCode.LINK_LEFT.number(), EventCode.LINK_JOINED.number());
    }
  }

  @Test
  void aLinkThatIsDeadInOneDirectionOrBothIsTakenOutWithinTheLinkTimeout() {
    for (int direction = 1; direction <= 3; direction++) {
      for (int dead = 0; dead < 2; dead++) {
        SeveralLinksTest test = new SeveralLinksTest();
        test.line(MS, 0);
        test.line(2 * MS, 0);
        test.start();
        long changes = test.sessionChanges();
        test.writesFor(50 * MS, MS);
        test.lines.get(dead)[0].isDead = (direction & 1) != 0;
        test.lines.get(dead)[1].isDead = (direction & 2) != 0;
        String what = "line " + dead + " dead in " + direction;
        assertThat(test.writesFor(5_000 * MS, 20 * MS)).as(what).isLessThan(1_500 * MS);
        assertThat(carriesSession(test.a, dead)).as(what).isFalse();
        assertThat(carriesSession(test.b, dead)).as(what).isFalse();
        assertThat(carriesSession(test.a, 1 - dead)).as(what).isTrue();
        assertThat(test.writesFor(500 * MS, MS)).as(what).isLessThan(20 * MS);
        test.lines.get(dead)[0].isDead = false;
        test.lines.get(dead)[1].isDead = false;
        test.runFor(500 * MS);
        assertThat(carriesSession(test.a, dead) && carriesSession(test.b, dead))
            .as(what)
            .isTrue();
        test.assertNeverSuspended();
        assertThat(test.sessionChanges()).as(what).isEqualTo(changes);
      }
    }
  }

  @Test
  void varyingOneOfTwoLinksOffMovesItsTrafficAndVaryingTheLastOffSuspendsAtOnce() {
    line(MS, 0);
    line(2 * MS, 0);
    start();
    writesFor(50 * MS, MS);
    source.write(0, 3, true, true, clock.nowNs);
    runFor(MS / 2);
    assertThat(a.linkDesk().vary("L1", false)).isTrue();
    assertThat(writesFor(100 * MS, MS)).isLessThan(20 * MS);
    assertNeverSuspended();
    assertThat(a.linkDesk().vary("L2", false)).isTrue();
    source.write(0, 4, true, true, clock.nowNs);
    runFor(10 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SUSPENDED);
    a.linkDesk().vary("L1", true);
    runFor(500 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.drives[0]).isEqualTo(source.drives[0]);
  }

  @Test
  void aLinkThatBothSidesAddInAnyOrderJoinsTheRunningSession() {
    for (int first = 0; first < 2; first++) {
      SeveralLinksTest test = new SeveralLinksTest();
      test.line(MS, 0);
      test.spare("L2", 2 * MS);
      test.start();
      long changes = test.sessionChanges();
      RemoteAdapter one = first == 0 ? test.a : test.b;
      RemoteAdapter other = first == 0 ? test.b : test.a;
      assertThat(one.linkDesk().add("L2", End.LISTEN, "192.0.2.1:1")).isEmpty();
      assertThat(test.writesFor(500 * MS, 20 * MS)).isLessThan(20 * MS);
      assertThat(one.linkDesk().figures(1).session()).isEqualTo(SessionState.OFFLINE.name());
      assertThat(other.linkDesk().add("L2", End.CONNECT, "192.0.2.1:1")).isEmpty();
      assertThat(test.writesFor(500 * MS, MS)).isLessThan(20 * MS);
      assertThat(carriesSession(test.a, 1) && carriesSession(test.b, 1)).isTrue();
      test.lines.get(0)[0].setCut(true);
      assertThat(test.writesFor(500 * MS, MS)).isLessThan(20 * MS);
      test.assertNeverSuspended();
      assertThat(test.sessionChanges()).isEqualTo(changes);
      assertThat(test.source.told).contains(EventCode.LINK_ADDED.number());
    }
  }

  @Test
  void aRemovedLinksTrafficMovesToTheOthersAndTheLinkGoesWhenNoPayloadOfItIsQueued() {
    line(MS, 0);
    line(2 * MS, 0);
    start();
    long changes = sessionChanges();
    writesFor(50 * MS, MS);
    lines.get(0)[0].keepPayloads(true);
    source.write(0, 3, true, true, clock.nowNs);
    runFor(MS / 2);
    assertThat(a.linkDesk().remove("l1")).isEmpty();
    assertThat(a.linkDesk().linkCount()).isEqualTo(1);
    assertThat(a.linkDesk().figures(0).name()).isEqualTo("L2");
    assertThat(writesFor(200 * MS, MS)).isLessThan(20 * MS);
    assertThat(panelA.pulled).isEmpty();
    assertThat(a.linkDesk().add("L1", End.LISTEN, "192.0.2.1:1")).contains("still being removed");
    lines.get(0)[0].keepPayloads(false);
    runFor(MS);
    assertThat(panelA.pulled).containsExactly("L1");
    assertThat(source.told).contains(EventCode.LINK_REMOVED.number());
    assertThat(b.linkDesk().figures(0).session()).isEqualTo(SessionState.OFFLINE.name());
    assertThat(b.linkDesk().remove("L1")).isEmpty();
    assertThat(writesFor(100 * MS, MS)).isLessThan(20 * MS);
    assertThat(panelB.pulled).containsExactly("L1");
    assertNeverSuspended();
    assertThat(sessionChanges()).isEqualTo(changes);
    runFor(1_000 * MS);
    assertThat(target.drives[0]).isEqualTo(source.drives[0]);
  }

  @Test
  void aLinkThatWasRemovedMayBeAddedAgainAndAnotherRemoved() {
    line(MS, 0);
    spare("L2", 2 * MS);
    start();
    long changes = sessionChanges();
    for (int i = 0; i < 20; i++) {
      String out = i % 2 == 0 ? "L1" : "L2";
      String in = i % 2 == 0 ? "L2" : "L1";
      panelA.lay(lines.get(i % 2 == 0 ? 1 : 0)[0]);
      panelB.lay(lines.get(i % 2 == 0 ? 1 : 0)[1]);
      assertThat(a.linkDesk().add(in, End.LISTEN, "192.0.2.1:1")).isEmpty();
      assertThat(b.linkDesk().add(in, End.CONNECT, "192.0.2.1:1")).isEmpty();
      writesFor(300 * MS, 5 * MS);
      source.write(0, 3, true, true, clock.nowNs);
      runFor(MS / 2);
      assertThat(a.linkDesk().remove(out)).as("round %d", i).isEmpty();
      assertThat(writesFor(50 * MS, 5 * MS)).isLessThan(20 * MS);
      assertThat(b.linkDesk().remove(out)).as("round %d", i).isEmpty();
      assertThat(writesFor(50 * MS, 5 * MS)).isLessThan(20 * MS);
    }
    assertNeverSuspended();
    assertThat(sessionChanges()).isEqualTo(changes);
  }

  @Test
  void neitherTheLastLinkNorTheOnlyWayToThePeerIsRemoved() {
    line(MS, 0);
    line(2 * MS, 0);
    start();
    lines.get(1)[0].setCut(true);
    runFor(10 * MS);
    assertThat(a.linkDesk().remove("L1"))
        .contains("No other link leads to the peer", "`vary L1 off` first");
    a.linkDesk().vary("L1", false);
    runFor(10 * MS);
    assertThat(a.linkDesk().remove("L1")).isEmpty();
    runFor(10 * MS);
    assertThat(a.linkDesk().remove("L2")).contains("the last one", "`vary L2 off`");
    assertThat(a.linkDesk().linkCount()).isEqualTo(1);
    assertThat(panelA.pulled).containsExactly("L1");
  }

  @Test
  void whatIsInTheWayOfALinkIsSaidAndNothingIsHalfDone() {
    line(MS, 0);
    for (int i = 2; i <= LinkGroup.LINKS_MAX + 1; i++) {
      spare("L" + i, MS);
    }
    start();
    assertThat(a.linkDesk().add("l1", End.LISTEN, "192.0.2.1:1"))
        .contains("There is a link L1 already");
    assertThat(a.linkDesk().add("L2", End.LISTEN, "nowhere")).isEqualTo("nowhere is no address");
    assertThat(a.linkDesk().remove("L2")).contains("There is no link L2");
    assertThat(a.linkDesk().linkCount()).isEqualTo(1);
    for (int i = 2; i <= LinkGroup.LINKS_MAX; i++) {
      assertThat(a.linkDesk().add("L" + i, End.LISTEN, "192.0.2.1:1")).isEmpty();
    }
    assertThat(a.linkDesk().add("L9", End.LISTEN, "192.0.2.1:1")).contains("There are 8 links");
    assertThat(a.linkDesk().linkCount()).isEqualTo(LinkGroup.LINKS_MAX);
    assertThat(panelA.pulled).isEmpty();
  }

  @Test
  void whenAllLinksAreSilentNoneIsBlamedAndThePeerIs() {
    line(MS, 0);
    line(2 * MS, 0);
    start();
    for (TimedLine[] line : lines) {
      line[0].isDead = true;
      line[1].isDead = true;
    }
    source.write(0, 3, true, true, clock.nowNs);
    runFor(2_700 * MS);
    assertThat(carriesSession(a, 0) && carriesSession(a, 1)).isTrue();
    assertNeverSuspended();
    runFor(400 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SUSPENDED);
  }

  @Test
  void aGreetingOfAnEarlierSessionThatASlowLinkStillBringsDoesNotEndTheNewOne() {
    line(MS, 0);
    line(400 * MS, 0);
    start();
    runFor(1_000 * MS);
    // Another session, while the slow link is full of frames of this one and its greetings.
    b.restart("test");
    runFor(20 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    b.restart("test");
    runFor(20 * MS);
    b.restart("test");
    runFor(20 * MS);
    assertThat(a.sessionState()).isEqualTo(SessionState.READY);
    long changes = sessionChanges();
    runFor(3_000 * MS);
    assertThat(sessionChanges()).isEqualTo(changes);
    assertThat(carriesSession(a, 1) && carriesSession(b, 1)).isTrue();
  }

  @Test
  void aLinkWithCarrierOverWhichNothingComesIsHungUpAfterTheLinkTimeoutAndThenLessAndLessOften() {
    line(MS, 0);
    start();
    TimedLine near = lines.get(0)[0];
    near.isDead = true;
    lines.get(0)[1].isDead = true;
    runFor(2_500 * MS);
    assertThat(near.hangUps).isZero();
    runFor(1_000 * MS);
    assertThat(near.hangUps).isEqualTo(1);
    // After 3 s the first time, then 6, 12, 24, 48, and 48 again and again.
    runFor(150_000 * MS);
    assertThat(near.hangUps).isEqualTo(6);
    near.isDead = false;
    lines.get(0)[1].isDead = false;
    runFor(1_000 * MS);
    near.isDead = true;
    lines.get(0)[1].isDead = true;
    runFor(4_000 * MS);
    assertThat(near.hangUps).isEqualTo(7);
  }

  @Test
  void aLinkThatComesAndGoesDoesNotFloodTheLog() {
    line(MS, 0);
    line(2 * MS, 0);
    start();
    for (int i = 0; i < 40; i++) {
      lines.get(1)[0].setCut(true);
      runFor(200 * MS);
      lines.get(1)[0].setCut(false);
      runFor(200 * MS);
    }
    int left = EventCode.LINK_LEFT.number();
    assertThat(source.told.stream().filter(told -> told == left).count()).isBetween(5L, 7L);
    assertNeverSuspended();
  }

  @Test
  void aSessionOverOneLinkSendsNothingThatSeveralWouldNeed() {
    line(MS, 0);
    start();
    writesFor(100 * MS, MS);
    LinkFigures figures = a.linkDesk().figures(0);
    runFor(10_000 * MS);
    // A heartbeat each 500 ms, and nothing else.
    assertThat(a.linkDesk().figures(0).sentFrames() - figures.sentFrames()).isBetween(19L, 42L);
  }
}
