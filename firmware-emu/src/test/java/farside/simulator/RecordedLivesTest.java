package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetPorts;
import farside.replay.FactKind;
import farside.replay.RecordedLife;
import farside.replay.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every life of every cabinet of a simulated run is recorded and replayed: with kills in
/// mid-store, lost power, faulty drives and links, and operators who plug links in and out.
class RecordedLivesTest {
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);
  private final Map<String, RecordedLife> lives = new LinkedHashMap<>();
  private final Set<FactKind> kinds = EnumSet.noneOf(FactKind.class);
  private final List<Verdict> verdicts = new ArrayList<>();

  @TempDir
  Path directory;

  @Test
  void eachLifeOfAPairUnderFaultsIsReplayedFactByFact() {
    run(ScenarioKind.MIXED, 17);
    run(ScenarioKind.FAILOVER, 9);
    run(ScenarioKind.POWER_SAFE, 2);

    assertThat(verdicts).hasSizeGreaterThan(4);
    assertThat(verdicts).extracting(Verdict::states).anyMatch(states -> states > 3);
    assertThat(kinds)
        .as("what is not there is tried by hand, in RecordedPortsTest")
        .contains(
            FactKind.NVRAM_FOUND,
            FactKind.NVRAM_LOG_WRITTEN,
            FactKind.LINK_FRAME_IN_PLACE,
            FactKind.PANEL_PLUG,
            FactKind.PANEL_PULL,
            FactKind.HOST_PAYLOAD);
  }

  private void run(ScenarioKind kind, long seed) {
    Simulation simulation = new Simulation(kind, this::make, out);
    assertThat(simulation.replay(seed, PlanPart.WHOLE, false))
        .as(text.toString(StandardCharsets.UTF_8))
        .isZero();
    List.copyOf(lives.keySet()).forEach(this::replay);
  }

  private SteppedCabinet make(
      CabinetDescription description, CabinetPorts ports, long wallMsAtZero) {
    replay(description.site());
    RecordedLife life = new RecordedLife(description, directory.resolve(description.site()));
    lives.put(description.site(), life);
    return new RecordedSteps(
        new MicrocodeCabinet(description, life.over(ports, wallMsAtZero), wallMsAtZero), life);
  }

  /// The life of the site that was the last, if it was recorded, has ended.
  private void replay(String site) {
    RecordedLife life = lives.remove(site);
    if (life != null) {
      verdicts.add(life.replay());
      kinds.addAll(life.kinds());
    }
  }

  /// The microcode, and who tells the recorder of its rounds.
  private record RecordedSteps(MicrocodeCabinet cabinet, RecordedLife life)
      implements SteppedCabinet {
    RecordedSteps {
      life.recorder().watch(cabinet.cabinet());
    }

    @Override
    public int doWork(long nowNs) {
      life.recorder().beginRound(nowNs);
      int worked = cabinet.doWork(nowNs);
      life.recorder().endRound(worked);
      if (cabinet.isDown()) {
        life.recorder().end();
      }
      return worked;
    }

    @Override
    public long nextDeadlineNs() {
      return cabinet.nextDeadlineNs();
    }

    @Override
    public void requestShutdown() {
      life.recorder().shutdownAsked();
      cabinet.requestShutdown();
    }

    @Override
    public boolean isReady() {
      return cabinet.isReady();
    }

    @Override
    public boolean isDown() {
      return cabinet.isDown();
    }

    @Override
    public FarCopy farCopyOf(String volumeName) {
      return cabinet.farCopyOf(volumeName);
    }

    @Override
    public boolean isStarved(String volumeName) {
      return cabinet.isStarved(volumeName);
    }

    @Override
    public long tracksReadAhead() {
      return cabinet.tracksReadAhead();
    }

    @Override
    public long tracksReadAheadAndUsed() {
      return cabinet.tracksReadAheadAndUsed();
    }

    @Override
    public String unsettled() {
      return cabinet.unsettled();
    }
  }
}
