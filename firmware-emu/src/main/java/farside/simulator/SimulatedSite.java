package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetPorts;
import farside.cache.DamagedRecords;
import farside.director.CabinetRefused;
import farside.director.EventCode;
import farside.director.blackbox.Recording;
import farside.port.DrivePort;
import farside.port.LinkPort;
import farside.port.NvramPort;
import farside.simulator.RigDraw.VolumeDraw;
import farside.simulator.SteppedCabinet.RecordPayload;
import farside.volume.Standing;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/// One site: the life of its cabinet's processes, and everything that outlives them.
///
/// Runs the cabinet as the real processor does: round after round while there is work, then not
/// before a fact has come or the deadline is reached. A round takes some microseconds, so that
/// work costs time. What is seen of the cabinet meanwhile is in its [SiteWatch].
final class SimulatedSite implements Stepped {
  private static final int IDLE_ROUNDS_MAX = 10_000;
  private static final long ROUND_MAX_NS = 20_000;

  /// A copy of a label is read so often before its drive is refused.
  private static final int LABEL_TRIES = 4;

  private final String name;
  private final CabinetDescription description;
  private final CabinetMaker maker;
  private final SimulatedNvram nvram;
  private final List<SimulatedDrive> drives;
  private final List<SimulatedLink> links;
  private final SimulatedPanel panel;
  private final SimulatedHost host;
  private final SimulatedConsole console;
  private final Oracle oracle;
  private final boolean hiccups;
  private final VirtualTime time;
  private final Draws draws;
  private final Trace trace;
  private final SiteClock clock;

  private final RecorderCheck recorderCheck;
  private final SiteWatch watch;
  private Runnable onDown = () -> {};
  private SteppedCabinet cabinet;
  private boolean wantedUp;

  /// The process is there, and does nothing.
  private boolean stopped;

  private boolean ended;
  private long nextRunNs = NEVER;
  private int idleRounds;
  private long rounds;
  private long kills;
  private long powerLosses;
  private long stops;
  private long shutdowns;

  /// @param sources names of the mirrored volumes whose source is here
  /// @param hiccups now and then a round takes milliseconds, as when the machine is busy
  SimulatedSite(
      CabinetDescription description,
      CabinetMaker maker,
      SimulatedNvram nvram,
      List<SimulatedDrive> drives,
      List<SimulatedLink> links,
      SimulatedHost host,
      Oracle oracle,
      List<String> sources,
      boolean hiccups,
      VirtualTime time,
      Draws draws,
      Trace trace,
      SiteClock clock) {
    this.name = description.site();
    this.recorderCheck = new RecorderCheck(name);
    this.description = description;
    this.maker = maker;
    this.nvram = nvram;
    this.drives = List.copyOf(drives);
    this.links = List.copyOf(links);
    this.panel = new SimulatedPanel(links);
    this.host = host;
    this.console = new SimulatedConsole(name, time, trace);
    this.oracle = oracle;
    this.watch = new SiteWatch(description, sources, oracle, time);
    this.hiccups = hiccups;
    this.time = time;
    this.draws = draws;
    this.trace = trace;
    this.clock = clock;
  }

  String name() {
    return name;
  }

  /// Told whenever the process has gone, for whatever reason.
  void setOnDown(Runnable onDown) {
    this.onDown = onDown;
  }

  /// What is seen of its cabinet.
  SiteWatch watch() {
    return watch;
  }

  SimulatedNvram nvram() {
    return nvram;
  }

  List<SimulatedDrive> drives() {
    return drives;
  }

  SimulatedDrive driveOf(VolumeDraw volume) {
    for (SimulatedDrive drive : drives) {
      if (drive.name().equals(RigDraw.driveName(volume))) {
        return drive;
      }
    }
    throw new SimulationFailure("no drive for volume " + volume.name() + " at site " + name());
  }

  SimulatedHost host() {
    return host;
  }

  SimulatedConsole console() {
    return console;
  }

  SimulatedPanel panel() {
    return panel;
  }

  /// What the flight recorder has now.
  Recording recording() {
    return Recording.of(nvram.recorder().bytes());
  }

  /// What it reads the time from.
  SiteClock clock() {
    return clock;
  }

  boolean isRunning() {
    return cabinet != null;
  }

  boolean isReady() {
    return cabinet != null && cabinet.isReady();
  }

  boolean isSettled() {
    return unsettled().isEmpty();
  }

  /// What keeps it from being at rest; empty if nothing does.
  String unsettled() {
    if (cabinet == null) {
      return "down";
    }
    if (!cabinet.isReady()) {
      return "IML or shutdown under way";
    }
    return drivesAreIdle() ? cabinet.unsettled() : "drives busy";
  }

  /// Its track tables, for people.
  List<String> tableLines() {
    return cabinet == null ? List.of("  the process is down") : cabinet.tableLines();
  }

  boolean drivesAreIdle() {
    for (SimulatedDrive drive : drives) {
      if (!drive.isIdle()) {
        return false;
      }
    }
    return true;
  }

  long rounds() {
    return rounds;
  }

  /// See [SteppedCabinet#standingOf].
  Standing standingOf(String volume) {
    return cabinet.standingOf(volume);
  }

  long kills() {
    return kills;
  }

  long powerLosses() {
    return powerLosses;
  }

  long shutdowns() {
    return shutdowns;
  }

  /// Starts the process, once it can own the drives: old requests of a dead one may still be
  /// under way.
  void start() {
    if (cabinet != null || wantedUp) {
      return;
    }
    wantedUp = true;
    startWhenDrivesAreFree();
  }

  private void startWhenDrivesAreFree() {
    long freeNs = time.nowNs();
    for (SimulatedDrive drive : drives) {
      if (drive.lastOldIoNs() - freeNs > 0) {
        freeNs = drive.lastOldIoNs();
      }
    }
    long startsNs = freeNs + draws.between(1_000_000, 20_000_000);
    time.at(startsNs, () -> {
      if (wantedUp && cabinet == null) {
        launch();
      }
    });
  }

  private void launch() {
    trace.turn(time.nowNs(), name, "starts, NVRAM " + nvram.contents());
    ended = false;
    NvramPort memory;
    try {
      memory = nvram.open(
          this::wake, region -> DamagedRecords.in(region, description.layoutOf(region.byteSize())));
    } catch (CabinetKilled killed) {
      die("killed while it began its NVRAM log");
      return;
    }
    for (SimulatedDrive drive : drives) {
      drive.open(this::wake);
    }
    host.open(this::wake);
    console.open(this::wake);
    CabinetPorts ports = new CabinetPorts(
        memory,
        nvram.recorder(),
        List.<DrivePort>copyOf(drives),
        List.<LinkPort>copyOf(links),
        panel,
        host,
        console,
        (nowNs, number, severity, text) -> onEvent(number, severity, text),
        draws.fork());
    try {
      cabinet = maker.make(description, ports, clock.wallMsAtZero());
      watch.onProcess(cabinet);
      panel.open(this::wake);
      nextRunNs = time.nowNs();
    } catch (CabinetKilled killed) {
      die("killed in its constructor");
    }
  }

  private void onEvent(int number, String severity, String text) {
    trace.turn(time.nowNs(), name, "event " + number + " " + severity + " " + text);
    recorderCheck.onEvent(number, text);
    watch.onEvent(number, text);
    if (number == EventCode.PAIR_STATE.number() || number == EventCode.SESSION_STATE.number()) {
      host.pace().hurry();
    }
  }

  @Override
  public long nextRunNs() {
    return stopped ? NEVER : nextRunNs;
  }

  @Override
  public void run(long nowNs) {
    rounds++;
    try {
      watch.beforeRound();
      int worked = cabinet.doWork(clock.read(nowNs));
      watch.afterRound();
      if (cabinet.isDown()) {
        end();
      } else if (worked > 0) {
        idleRounds = 0;
        nextRunNs = nowNs + roundNs();
      } else {
        sleep(nowNs);
      }
    } catch (CabinetKilled killed) {
      die("killed at commit " + nvram.commits() + ", store " + nvram.stores());
    } catch (CabinetRefused refusal) {
      // Without a label that can be read nothing is begun; the operator starts the site again. The
      // drive may be well again by now.
      if (drives.stream().noneMatch(drive -> drive.failedReads() >= LABEL_TRIES)) {
        throw new SimulationFailure("cabinet " + name + " refused: " + refusal, refusal);
      }
      die("ended: " + refusal.getMessage());
    } catch (SimulationFailure failure) {
      throw failure;
    } catch (RuntimeException failure) {
      throw new SimulationFailure("cabinet " + name + " stopped: " + failure, failure);
    }
  }

  /// The process dies, as with `kill -9`.
  void kill() {
    if (cabinet != null) {
      die("killed between two rounds");
    }
  }

  /// The process dies, and before another comes some of its records change in NVRAM. Returns the
  /// volumes of which they are. Where NVRAM is power-safe they are of those that its log has: of
  /// any other nobody was told.
  NavigableSet<String> killAndDamage(Draws drawn) {
    NavigableSet<String> damaged = new TreeSet<>();
    if (cabinet == null) {
      return damaged;
    }
    List<RecordPayload> payloads = cabinet.recordPayloads();
    kill();
    payloads = nvram.logged(payloads);
    int count = payloads.isEmpty() ? 0 : 1 + drawn.below(4);
    for (int i = 0; i < count; i++) {
      RecordPayload payload = payloads.get(drawn.below(payloads.size()));
      nvram.rot(payload.address() + drawn.below(payload.lengthBytes()), drawn.below(8));
      damaged.add(payload.volumeName());
    }
    return damaged;
  }

  /// From now on the process does nothing, as with `kill -STOP`; what others do goes on.
  void stop() {
    if (cabinet != null && !stopped) {
      stopped = true;
      stops++;
      trace.turn(time.nowNs(), name, "stopped");
    }
  }

  /// The process goes on as if nothing had been.
  void resume() {
    if (stopped) {
      stopped = false;
      trace.turn(time.nowNs(), name, "goes on");
      console.onResumed();
    }
  }

  boolean isStopped() {
    return stopped;
  }

  /// How often the process was stopped.
  long stops() {
    return stops;
  }

  /// The site loses power, whether or not the process runs.
  void losePower() {
    powerLosses++;
    trace.turn(time.nowNs(), name, "power lost");
    for (SimulatedDrive drive : drives) {
      drive.onPowerLoss();
    }
    recorderCheck.onProcessDeath(recording());
    nvram.onPowerLoss();
    recorderCheck.onPowerLoss(recording());
    clock.restart();
    forgetProcess();
  }

  /// True if a loss of power now would lose nothing: the last process ended cleanly, and none
  /// has begun.
  boolean keepsAllWithoutPower() {
    return ended && cabinet == null;
  }

  /// An orderly end.
  void requestShutdown() {
    if (cabinet != null) {
      trace.turn(time.nowNs(), name, "asked to shut down");
      cabinet.requestShutdown();
      wake();
    }
  }

  private long roundNs() {
    return hiccups && draws.below(4000) == 0
        ? draws.skewed(100_000, 100_000_000)
        : draws.between(1_000, ROUND_MAX_NS);
  }

  private void sleep(long nowNs) {
    long deadlineNs = cabinet.nextDeadlineNs();
    if (deadlineNs != NEVER) {
      deadlineNs = clock.virtualAt(deadlineNs);
    }
    nextRunNs = deadlineNs;
    if (deadlineNs != NEVER && deadlineNs - nowNs <= 0) {
      idleRounds++;
      require(
          idleRounds < IDLE_ROUNDS_MAX,
          () -> "cabinet " + name
              + " spins: it asks to be run at a time that has passed, and does nothing");
      nextRunNs = nowNs + 1_000;
    } else {
      idleRounds = 0;
    }
  }

  private void wake() {
    if (cabinet != null && (nextRunNs == NEVER || nextRunNs - time.nowNs() > 0)) {
      nextRunNs = time.nowNs();
    }
  }

  private void end() {
    shutdowns++;
    for (SimulatedDrive drive : drives) {
      require(
          drive.isIdle() || drive.isHanging() || watch.isInDoubt(drive.name()),
          "cabinet " + name + " says that it is down, but a drive still works for it: "
              + drive.work());
    }
    trace.turn(time.nowNs(), name, "is down");
    ended = true;
    forgetProcess();
  }

  private void die(String how) {
    kills++;
    trace.turn(time.nowNs(), name, how);
    forgetProcess();
  }

  private void forgetProcess() {
    cabinet = null;
    watch.onProcessDeath();
    wantedUp = false;
    stopped = false;
    nextRunNs = NEVER;
    nvram.onProcessDeath();
    recorderCheck.onProcessDeath(recording());
    for (SimulatedDrive drive : drives) {
      drive.onProcessDeath();
    }
    panel.onProcessDeath();
    console.onProcessDeath();
    host.onProcessDeath();
    oracle.settle(name);
    onDown.run();
  }
}
