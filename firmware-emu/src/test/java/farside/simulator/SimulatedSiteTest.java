package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.EventCode;
import farside.port.EventPort;
import farside.simulator.SteppedCabinet.RecordPayload;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// That what befalls the process of a site, and its clocks, really does.
class SimulatedSiteTest {
  private static final long MILLI = SiteBench.MILLI;

  private final SiteBench bench = new SiteBench(3, 5_000 * MILLI);
  private final VirtualTime time = bench.time;
  private EventPort events;
  private final List<Ticker> processes = new ArrayList<>();
  private final SimulatedSite site = bench.single(
      (description, ports, wallMsAtZero) -> {
        events = ports.events();
        processes.add(new Ticker(wallMsAtZero));
        return processes.getLast();
      },
      20_000);

  SimulatedSiteTest() {
    site.start();
    time.runFor(1000 * MILLI);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void aStoppedProcessDoesNothingUntilItGoesOnAndThenSeesThatMuchTimeHasPassed() {
    Ticker process = processes.get(0);
    assertThat(process.rounds.size()).isBetween(8, 12);
    site.stop();
    int before = process.rounds.size();
    time.runFor(10_000 * MILLI);
    assertThat(process.rounds).hasSize(before);
    assertThat(site.stops()).isEqualTo(1);

    site.resume();
    time.runFor(1000 * MILLI);
    assertThat(processes).hasSize(1);
    assertThat(process.rounds).hasSizeGreaterThan(before + 8);
    assertThat(process.rounds.get(before) - process.rounds.get(before - 1))
        .isGreaterThan(10_000 * MILLI);
  }

  @Test
  void aStoppedProcessCanBeKilled() {
    site.stop();
    site.kill();
    assertThat(site.isRunning()).isFalse();
    site.start();
    time.runFor(1000 * MILLI);
    assertThat(processes.get(1).rounds).isNotEmpty();
  }

  @Test
  void aCommandIsNotAnsweredBeforeTheStoppedProcessGoesOnAndNobodyIsBlamed() {
    site.stop();
    site.console().type("query", false);
    time.runFor(10_000 * MILLI);
    assertThat(site.console().longestWaiting(5_000 * MILLI)).isEqualTo("query");
    site.resume();
    assertThat(site.console().longestWaiting(5_000 * MILLI)).isNull();
    time.runFor(6_000 * MILLI);
    assertThat(site.console().longestWaiting(5_000 * MILLI)).isEqualTo("query");
  }

  @Test
  void aProcessReadsTheClockOfItsSite() {
    List<Long> rounds = processes.get(0).rounds;
    long beforeNs = rounds.getLast();
    time.runFor(100_000 * MILLI);
    double shownNs = rounds.getLast() - beforeNs;
    assertThat(shownNs / (100_000 * MILLI)).isBetween(1.018, 1.022);
    // It asks to be run a tenth of a second of its own later each time.
    assertThat(rounds.get(5) - rounds.get(4)).isBetween(100 * MILLI, 101 * MILLI);
  }

  @Test
  void theDateThatIsSetIsThatOfTheNextProcessAndTheClockBeginsAnewWithThePower() {
    long dateMs = processes.get(0).wallMsAtZero;
    site.clock().setDate();
    site.kill();
    site.start();
    time.runFor(1000 * MILLI);
    assertThat(Math.abs(processes.get(1).wallMsAtZero - dateMs)).isGreaterThan(1000);

    long clockNs = processes.get(1).rounds.getLast();
    site.losePower();
    site.start();
    time.runFor(1000 * MILLI);
    assertThat(Math.abs(processes.get(2).rounds.getFirst() - clockNs)).isGreaterThan(2000 * MILLI);
  }

  @Test
  void whatWaitsForAnEventComesAfterSoManyOfItAndOnce() {
    int[] came = {0};
    site.watch().afterEvents(EventCode.PAIR_STATE, 2, () -> came[0]++);
    tell(EventCode.PAIR_STATE);
    tell(EventCode.VOLUME_READY);
    assertThat(came[0]).isZero();
    tell(EventCode.PAIR_STATE);
    tell(EventCode.PAIR_STATE);
    assertThat(came[0]).isOne();
  }

  @Test
  void thatAVolumeOnADriveInDoubtHadNoSlotIsKnownAlsoWhenItHasOneAgain() {
    tell(EventCode.DRIVE_IN_DOUBT, "drive D1 is in doubt");
    processes.get(0).isStarved = true;
    long sinceNs = time.nowNs();
    assertThat(site.watch().wasStarvedSince("0010", sinceNs)).isTrue();
    time.runFor(500 * MILLI);
    processes.get(0).isStarved = false;
    long endedNs = time.nowNs();
    time.runFor(500 * MILLI);
    assertThat(site.watch().wasStarvedSince("0010", sinceNs)).isTrue();
    assertThat(site.watch().wasStarvedSince("0010", endedNs)).isFalse();

    // On any other drive nobody asks.
    tell(EventCode.DRIVE_READY, "drive D1 ready");
    processes.get(0).isStarved = true;
    time.runFor(500 * MILLI);
    processes.get(0).isStarved = false;
    assertThat(site.watch().wasStarvedSince("0010", endedNs)).isFalse();
  }

  @Test
  void theNextProcessFindsRecordsOfTheDamagedVolumeChanged() {
    SimulatedNvram nvram = site.nvram();
    nvram.putLong(8192, 0);
    processes.get(0).records.add(new RecordPayload("0010", nvram.address() + 8192, 8));
    assertThat(site.killAndDamage(new Draws(1))).containsExactly("0010");
    assertThat(site.isRunning()).isFalse();
    site.start();
    time.runFor(1000 * MILLI);
    assertThat(processes).hasSize(2);
    assertThat(nvram.getLong(8192)).isNotZero();

    assertThat(site.killAndDamage(new Draws(1))).as("it holds no record").isEmpty();
  }

  private void tell(EventCode event) {
    tell(event, "said");
  }

  private void tell(EventCode event, String text) {
    events.submit(time.nowNs(), event.number(), event.severity().name(), text);
  }

  /// A cabinet that wants to run every tenth of a second, and keeps the times.
  private static final class Ticker implements SteppedCabinet {
    final long wallMsAtZero;
    final List<Long> rounds = new ArrayList<>();
    final List<RecordPayload> records = new ArrayList<>();
    boolean isStarved;
    private long nextNs;

    Ticker(long wallMsAtZero) {
      this.wallMsAtZero = wallMsAtZero;
    }

    @Override
    public boolean isStarved(String volumeName) {
      return isStarved;
    }

    @Override
    public int doWork(long nowNs) {
      if (!rounds.isEmpty() && nowNs - nextNs < 0) {
        return 0;
      }
      rounds.add(nowNs);
      nextNs = nowNs + 100 * MILLI;
      return 0;
    }

    @Override
    public long nextDeadlineNs() {
      return nextNs;
    }

    @Override
    public void requestShutdown() {}

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public boolean isDown() {
      return false;
    }

    @Override
    public List<RecordPayload> recordPayloads() {
      return records;
    }

    @Override
    public FarCopy farCopyOf(String volumeName) {
      return FarCopy.NOT_KNOWN;
    }

    @Override
    public String unsettled() {
      return "";
    }
  }
}
