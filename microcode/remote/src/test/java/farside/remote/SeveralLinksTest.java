package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.Director;
import farside.director.EventCode;
import farside.port.LinkPort;
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

  private void start() {
    a = source.adapter(ends(0), "AAA", "BBB");
    b = target.adapter(ends(1), "BBB", "AAA");
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
    return adapter.figures(link).session().equals(SessionState.READY.name());
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
    assertThat(a.vary("L1", false)).isTrue();
    assertThat(writesFor(100 * MS, MS)).isLessThan(20 * MS);
    assertNeverSuspended();
    assertThat(a.vary("L2", false)).isTrue();
    source.write(0, 4, true, true, clock.nowNs);
    runFor(10 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SUSPENDED);
    a.vary("L1", true);
    runFor(500 * MS);
    assertThat(source.volumes.get(0).pairState()).isEqualTo(PairState.SYNCHRONIZED);
    assertThat(target.drives[0]).isEqualTo(source.drives[0]);
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
    LinkFigures figures = a.figures(0);
    runFor(10_000 * MS);
    // A heartbeat each 500 ms, and nothing else.
    assertThat(a.figures(0).sentFrames() - figures.sentFrames()).isBetween(19L, 42L);
  }
}
