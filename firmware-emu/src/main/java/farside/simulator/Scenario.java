package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.cabinet.CabinetDescription;
import farside.cache.BlockMask;
import farside.simulator.RigDraw.VolumeDraw;
import farside.volume.DriveLabel;
import farside.volume.Standing;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/// One run from one seed: a drawn rig with hosts, some episodes of faults, and after each a
/// healing, a quiet time, and a look at everything.
final class Scenario {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1000 * MILLI;
  private static final long WATCH_NS = 250 * MILLI;
  private static final long HOST_WAIT_MAX_NS = 60 * SECOND;
  private static final long OTHERS_WAIT_MAX_NS = 4 * SECOND;
  private static final long CONSOLE_WAIT_MAX_NS = 5 * SECOND;
  private static final long QUIET_MAX_NS = 300 * SECOND;
  private static final long ON_LINES_NS = 200 * MILLI;
  private static final long IDLE_NS = 2 * SECOND;
  private static final int IDLE_ROUNDS_MAX = 4000;

  private final Draws draws;
  private final Draws firstDraws;
  private final ScenarioKind kind;
  private final RigDraw drawn;
  private final RigDraw rig;
  private final Elements elements;
  private final FaultPlan plan;
  private final Trace trace;
  private final VirtualTime time;
  private final Pace pace;
  private final Oracle oracle = new Oracle();
  private final List<SimulatedLine> lines = new ArrayList<>();
  private final SimulatedSite[] sites = new SimulatedSite[2];
  private final HostPrograms programs;
  private final List<SweepProgram> takeovers = new ArrayList<>();
  private final Injection injection;
  private long sweptBytes;
  private long tracksCompared;

  /// @param part of what the seed has in store
  Scenario(
      long seed, ScenarioKind kind, PlanPart part, CabinetMaker maker, Arena arena, Trace trace) {
    Draws store = new Draws(seed);
    this.trace = trace;
    this.elements = new Elements(part);
    this.drawn = RigDraw.draw(store.fork(), kind);
    this.plan = new FaultPlan(store.fork(), kind, drawn, elements);
    this.draws = part.variant() == 0 ? store : new Draws(store.nextLong() + part.variant());
    this.rig = SmallerRig.of(drawn, kind, elements);
    this.kind = kind;
    this.time = new VirtualTime(drawOrigin(draws.fork()));
    this.pace = new Pace(time, kind.hasHostsAtLeisure() ? drawn.leisureNs() : 0);
    trace.setOrigin(time.nowNs());
    Draws lineDraws = draws.fork();
    for (RigDraw.LineDraw line : rig.lineDraws()) {
      Draws own = line.seed() == 0 ? lineDraws : new Draws(line.seed());
      lines.add(new SimulatedLine(line.name(), "A", "B", line.habits(), time, arena, own, trace));
    }
    if (kind == ScenarioKind.FAILOVER) {
      FailoverWatch watch = new FailoverWatch(time, lines);
      lines.forEach(line -> line.setWatch(watch));
    }
    for (VolumeDraw volume : rig.volumes()) {
      oracle.add(
          volume.name(),
          volume.number(),
          volume.sizeBytes(),
          volume.habitsAt(volume.primary()).knownZero(),
          RigDraw.siteName(volume.primary()));
      if (volume.mirrored() && rig.isStored(volume)) {
        oracle.setStored(volume.name());
      }
    }
    for (int side = 0; side < 2; side++) {
      int down = side;
      sites[side] = makeSite(side, maker, arena);
      sites[side].setOnDown(() -> onDown(down));
      sites[side].watch().setOnSuspended(this::onSuspended);
      time.add(sites[side]);
    }
    injection = new Injection(
        rig,
        plan.kinds().contains(Fault.Kind.LINK_REMOVED),
        lines,
        sites,
        time,
        pace,
        oracle,
        trace);
    oracle.setLinkTimeout(rig.shortestLinkTimeoutNs());
    if (kind == ScenarioKind.HUNG) {
      oracle.setStarvation((volume, site, sinceNs) ->
          sites[site.equals(RigDraw.siteName(0)) ? 0 : 1].watch().wasStarvedSince(volume, sinceNs));
    }
    for (VolumeDraw volume : rig.volumes()) {
      for (int side = 0; side < 2; side++) {
        if (volume.isAt(side)) {
          oracle.watch(
              volume.name(),
              RigDraw.siteName(side),
              sites[side].driveOf(volume).medium().lost());
        }
      }
    }
    Draws programDraws = draws.fork();
    firstDraws = draws.fork();
    programs = new HostPrograms(drawn, rig, sites, time, programDraws, elements);
  }

  /// What the flight recorders of both sites have, for people.
  List<String> blackBoxLines() {
    List<String> lines = new ArrayList<>();
    for (SimulatedSite site : sites) {
      lines.add("flight recorder of " + site.name() + ", oldest first:");
      for (String line : site.recording().lines(entry -> trace.clock(entry.atNs()) + " ")) {
        lines.add("  " + line);
      }
    }
    return lines;
  }

  /// What both sites know of what their mirrors lack, for people.
  List<String> tableLines() {
    List<String> lines = new ArrayList<>();
    for (SimulatedSite site : sites) {
      lines.add("track tables of " + site.name() + ":");
      lines.addAll(site.tableLines());
    }
    return lines;
  }

  /// How many elements the seed has in store, with those that are left out.
  int elementCount() {
    return elements.count();
  }

  /// What was drawn, and not left out, for people.
  List<String> lines() {
    List<String> lines = new ArrayList<>(rig.lines());
    lines.addAll(elements.lines());
    return lines;
  }

  void run() {
    for (SimulatedSite site : sites) {
      site.start();
    }
    tellPower(0);
    watch();
    killInFirstIml();
    boolean labelled = time.runUntil(() -> sites[0].isReady() && sites[1].isReady(), QUIET_MAX_NS);
    require(labelled, "IML on new drives took longer than " + QUIET_MAX_NS / SECOND + " s");
    for (int i = 0; i < plan.episodes().size(); i++) {
      FaultPlan.Episode episode = plan.episodes().get(i);
      tellPower(i);
      pace.onEpisode(episode);
      programs.start();
      injection.begin(episode.faults());
      time.runFor(episode.durationNs());
      injection.heal();
      programs.stop();
      becomeQuiet();
      compare();
    }
    require(
        kind != ScenarioKind.FAILOVER || suspensions() == 0,
        "a group was suspended though a line was whole all the time");
  }

  /// From some episode on no power is lost any more, and nothing need be remembered for it.
  private void tellPower(int episode) {
    if (!plan.losesPower(episode)) {
      for (SimulatedSite site : sites) {
        site.nvram().keepsPower();
      }
    }
  }

  private long suspensions() {
    return ofSites(site -> site.watch().suspensions());
  }

  /// A site may be killed in its very first IML, with or without a label on its drives.
  private void killInFirstIml() {
    for (int side = 0; side < 2; side++) {
      SimulatedSite site = sites[side];
      long atNs = firstDraws.skewed(MILLI, 1000 * MILLI);
      if (plan.killsInFirstIml(side)) {
        time.after(atNs, () -> {
          if (!site.isReady()) {
            site.kill();
          }
        });
      }
    }
  }

  /// The last draw: two runs of one seed that end on different numbers were not the same run.
  long lastDraw() {
    return draws.nextLong();
  }

  VirtualTime time() {
    return time;
  }

  /// The run is over, and was told of.
  void close() {
    for (SimulatedSite site : sites) {
      site.drives().forEach(drive -> drive.medium().close());
    }
  }

  Totals totals() {
    return new Totals(
        1,
        time.elapsedNs(),
        oracle.answers(),
        oracle.writesKnown(),
        oracle.readsChecked(),
        ofSites(SimulatedSite::kills),
        ofSites(SimulatedSite::powerLosses),
        lines.stream().mapToLong(SimulatedLine::cuts).sum(),
        ofSites(site -> site.nvram().commits()),
        lines.stream().mapToLong(SimulatedLine::framesLost).sum(),
        lines.stream().mapToLong(SimulatedLine::framesSpoiled).sum(),
        takeovers.size(),
        ofSites(site -> site.console().answers()),
        ofDrives(drive -> drive.medium().lost().failedReads()),
        ofSites(site -> site.watch().repairs()),
        oracle.lostBlockErrors(),
        ofDrives(SimulatedDrive::stuckRequests),
        ofSites(site -> site.watch().doubts()),
        ofSites(site -> site.watch().standIns()),
        ofDrives(SimulatedDrive::resets),
        ofSites(site -> site.watch().linksAdded()),
        ofSites(site -> site.watch().leftOut()),
        ofSites(site -> site.watch().tracksReadAhead()),
        ofSites(site -> site.watch().tracksReadAheadAndUsed()),
        ofDrives(SimulatedDrive::throughs),
        injection.faults().sum(),
        ofDrives(drive -> drive.faults().failedRequests()),
        ofDrives(drive -> drive.faults().lies()),
        ofSites(SimulatedSite::stops),
        ofSites(site -> site.watch().shutdownsInIml()),
        programs.retries());
  }

  FaultCounts faultCounts() {
    return injection.faults();
  }

  private long ofSites(ToLongFunction<SimulatedSite> figure) {
    return figure.applyAsLong(sites[0]) + figure.applyAsLong(sites[1]);
  }

  private long ofDrives(ToLongFunction<SimulatedDrive> figure) {
    long sum = 0;
    for (SimulatedSite site : sites) {
      for (SimulatedDrive drive : site.drives()) {
        sum += figure.applyAsLong(drive);
      }
    }
    return sum;
  }

  private static long drawOrigin(Draws draws) {
    return switch (draws.below(8)) {
      case 0 -> Long.MAX_VALUE - draws.between(0, 20 * SECOND);
      case 1 -> -draws.between(0, 20 * SECOND);
      case 2 -> -draws.between(0, 1L << 50);
      default -> draws.between(0, 1L << 50);
    };
  }

  private SimulatedSite makeSite(int side, CabinetMaker maker, Arena arena) {
    CabinetDescription description = rig.describe(side);
    long nvramBytes = rig.nvramBytes().get(side);
    Draws nvramDraws = draws.fork();
    SimulatedNvramLog log = rig.powerSafe().get(side)
        ? new SimulatedNvramLog(nvramBytes, arena, time, nvramDraws.fork(), trace)
        : null;
    SimulatedNvram nvram = new SimulatedNvram(nvramBytes, log, arena, nvramDraws, trace);
    List<SimulatedDrive> drives = new ArrayList<>();
    List<String> sources = new ArrayList<>();
    for (VolumeDraw volume : drawn.volumes()) {
      if (volume.isAt(side)) {
        Draws driveDraws = draws.fork();
        rig.find(volume.number()).ifPresent(left -> drives.add(makeDrive(left, side, driveDraws)));
      }
    }
    for (VolumeDraw volume : rig.volumes()) {
      if (volume.mirrored() && volume.primary() == side) {
        sources.add(volume.name());
      }
    }
    SimulatedHost host =
        new SimulatedHost(description.site(), rig.hosts(), pace, time, oracle, draws.fork(), trace);
    return new SimulatedSite(
        description,
        maker,
        nvram,
        drives,
        lines.stream().map(line -> line.end(side)).toList(),
        host,
        oracle,
        sources,
        plan.hasHiccups(),
        time,
        draws.fork(),
        trace,
        new SiteClock(time, rig.clocksPpm().get(side), draws.fork()));
  }

  private SimulatedDrive makeDrive(VolumeDraw volume, int side, Draws driveDraws) {
    DriveHabits habits = volume.habitsAt(side);
    SimulatedDrive drive = new SimulatedDrive(
        RigDraw.siteName(side),
        RigDraw.driveName(volume),
        volume.sizeBytes() + RigDraw.RESERVED_BYTES,
        volume.blockBytes(),
        habits,
        time,
        driveDraws,
        trace);
    if (!habits.knownZero()) {
      byte[] content = new byte[(int) volume.sizeBytes()];
      if (side == volume.primary()) {
        oracle.history(volume.name()).initial().fill(content, 0, 0, content.length);
      } else {
        new Draws(volume.number()).fill(content, 0, content.length);
      }
      drive.medium().leave(0, content);
    }
    return drive;
  }

  /// Looks, now and then, whether anybody waits too long.
  private void watch() {
    time.after(WATCH_NS, () -> {
      for (WorkloadProgram program : programs.all()) {
        HostRequest oldest = program.longestWaiting();
        long waitMaxNs = waitMaxNs(program.volumeName());
        require(
            oldest == null || time.nowNs() - oldest.sentNs < waitMaxNs,
            () -> "a host of volume " + program.volumeName() + " has waited for "
                + waitMaxNs / MILLI + " ms for the answer to " + oldest);
        require(
            oldest == null
                || !oracle.isLeftToDriveInDoubt(
                    program.volumeName(), oldest, program.site(), OTHERS_WAIT_MAX_NS, time.nowNs()),
            () -> "a host of volume " + program.volumeName()
                + " waits for a drive in doubt, and the peer has what it wants: " + oldest);
      }
      for (SimulatedSite site : sites) {
        String command =
            site.isStopped() ? null : site.console().longestWaiting(CONSOLE_WAIT_MAX_NS);
        require(
            command == null,
            () -> "site " + site.name() + ": console command not answered: " + command);
        site.nvram().ageSometimes();
      }
      watch();
    });
  }

  /// Where drives do nothing worse than keep requests, whoever is on another drive waits for
  /// that drive and the link only.
  private long waitMaxNs(String volume) {
    if (kind != ScenarioKind.HUNG) {
      return HOST_WAIT_MAX_NS;
    }
    long othersNs = rig.linkTimeoutMs() * MILLI + OTHERS_WAIT_MAX_NS;
    return injection.hasStruck(volume) ? HOST_WAIT_MAX_NS : othersNs;
  }

  /// Where drives do nothing worse than keep requests, a group is suspended only because of a
  /// drive of its own.
  private void onSuspended(String event) {
    boolean isStruck = kind != ScenarioKind.HUNG;
    for (VolumeDraw volume : rig.volumes()) {
      isStruck |= volume.mirrored()
          && event.contains(" " + rig.groupOf(volume) + " ")
          && injection.hasStruck(volume.name());
    }
    require(isStruck, "a group was suspended because of a drive that is none of its own: " + event);
  }

  /// A process has ended, for whatever reason.
  private void onDown(int side) {
    if (!injection.isOn()) {
      sites[side].start();
      return;
    }
    time.after(drawDownNs(), sites[side]::start);
    for (VolumeDraw volume : rig.volumes()) {
      // The far side takes over: it must hold everything that was acknowledged.
      if (volume.mirrored() && volume.primary() == side && oracle.isSynchronized(volume.name())) {
        sweep(volume, 1 - side);
      }
    }
  }

  /// Short, or longer than the peer waits before it goes on alone.
  private long drawDownNs() {
    return draws.chance(500)
        ? draws.skewed(MILLI, 3000 * MILLI)
        : draws.between(rig.linkTimeoutMs() * MILLI, rig.linkTimeoutMs() * MILLI + 2 * SECOND);
  }

  private SweepProgram sweep(VolumeDraw volume, int side) {
    SweepProgram sweep =
        new SweepProgram(sites[side].host(), volume.name(), volume.sizeBytes(), time);
    if (sweep.start()) {
      takeovers.add(sweep);
    }
    return sweep;
  }

  private void becomeQuiet() {
    boolean quiet = time.runUntil(this::isQuiet, QUIET_MAX_NS);
    // What is on the lines may be the peer's last word, which has a label written.
    time.runFor(ON_LINES_NS);
    quiet &= time.runUntil(this::isQuiet, QUIET_MAX_NS);
    require(
        quiet,
        "not quiet " + QUIET_MAX_NS / SECOND + " s after all faults were healed: " + unrest());
    long[] rounds = {sites[0].rounds(), sites[1].rounds()};
    long writes = driveWrites();
    time.runFor(IDLE_NS);
    require(isQuiet(), "quiet, and then not: " + unrest());
    require(driveWrites() == writes, "drives were written to while nothing was to be done");
    for (int side = 0; side < 2; side++) {
      long used = sites[side].rounds() - rounds[side];
      require(
          used < IDLE_ROUNDS_MAX,
          "cabinet " + sites[side].name() + " ran " + used + " rounds in " + IDLE_NS / SECOND
              + " idle seconds");
    }
  }

  private long driveWrites() {
    return ofDrives(SimulatedDrive::writes);
  }

  private boolean isQuiet() {
    for (SimulatedSite site : sites) {
      if (!site.isSettled()) {
        return false;
      }
    }
    if (!programs.areQuiet()) {
      return false;
    }
    for (SweepProgram sweep : takeovers) {
      if (!sweep.isOver()) {
        return false;
      }
    }
    return true;
  }

  private String unrest() {
    StringBuilder text = new StringBuilder();
    for (SimulatedSite site : sites) {
      text.append("site ")
          .append(site.name())
          .append(": ")
          .append(site.unsettled())
          .append("; ");
    }
    for (WorkloadProgram program : programs.all()) {
      if (!program.isQuiet()) {
        text.append("a host waits for ").append(program.longestWaiting()).append("; ");
      }
    }
    return text.toString();
  }

  /// Everything is at rest: both mirrors must be equal, stable, and what the oracle allows; and
  /// hosts must be able to read it.
  private void compare() {
    for (VolumeDraw volume : rig.volumes()) {
      VolumeHistory history = oracle.history(volume.name());
      SimulatedDrive near = sites[volume.primary()].driveOf(volume);
      requireStable(volume, near, volume.primary());
      if (volume.mirrored()) {
        SimulatedDrive far = sites[1 - volume.primary()].driveOf(volume);
        requireStable(volume, far, 1 - volume.primary());
        requireLabelled(volume, near, volume.primary());
        requireLabelled(volume, far, 1 - volume.primary());
        requireEqual(volume, near.medium().visible(), far.medium().visible(), "the mirrors differ");
      }
      history.adopt(near.medium().visible(), "the drive at " + RigDraw.siteName(volume.primary()));
      oracle.excuseErrors(volume.name(), false);
      oracle.distrustFarCopy(volume.name(), false);
    }
    injection.forget();
    for (SimulatedSite site : sites) {
      site.drives().forEach(drive -> drive.medium().lost().forget());
    }
    List<SweepProgram> sweeps = new ArrayList<>();
    for (VolumeDraw volume : rig.volumes()) {
      for (int side = 0; side < 2; side++) {
        if (volume.isAt(side)) {
          sweeps.add(sweep(volume, side));
        }
      }
    }
    boolean swept = time.runUntil(() -> allOver(sweeps), QUIET_MAX_NS);
    require(swept, "a volume could not be read to its end while nothing else was to be done");
    for (SweepProgram sweep : sweeps) {
      require(
          sweep.isComplete(),
          "a volume was not to be had, or lost its host, while nothing was wrong");
      sweptBytes += sweep.readBytes();
    }
    trace.stir(sweptBytes, tracksCompared);
  }

  private static boolean allOver(List<SweepProgram> sweeps) {
    for (SweepProgram sweep : sweeps) {
      if (!sweep.isOver()) {
        return false;
      }
    }
    return true;
  }

  private void requireStable(VolumeDraw volume, SimulatedDrive drive, int side) {
    requireEqual(
        volume,
        drive.medium().visible(),
        drive.medium().stable(),
        "at rest, but not flushed on the drive at " + RigDraw.siteName(side));
  }

  /// What NVRAM says of a pair its drives say too: NVRAM may be lost.
  private void requireLabelled(VolumeDraw volume, SimulatedDrive drive, int side) {
    Standing standing = sites[side].standingOf(volume.name());
    DriveLabel label = LabelsAtRest.newestOn(drive.medium().stable());
    require(
        standing == null || label != null && label.standing().equals(standing),
        () -> "volume " + volume.name() + ": at rest, but the label on the drive at "
            + RigDraw.siteName(side) + " says " + (label == null ? "nothing" : label.standing())
            + ", and NVRAM " + standing);
  }

  private void requireEqual(VolumeDraw volume, DriveImage one, DriveImage other, String otherwise) {
    DamagedBlocks damaged = oracle.history(volume.name()).damaged();
    long found = one.mismatch(other, 0, volume.sizeBytes());
    while (found >= 0 && damaged.contains(found)) {
      found = one.mismatch(other, DamagedBlocks.endOf(found), volume.sizeBytes());
    }
    long mismatch = found;
    require(
        mismatch < 0,
        () -> "volume " + volume.name() + ": " + otherwise + ", at byte " + mismatch + " of track "
            + mismatch / BlockMask.TRACK_BYTES);
    tracksCompared += (volume.sizeBytes() + BlockMask.TRACK_BYTES - 1) / BlockMask.TRACK_BYTES;
  }
}
