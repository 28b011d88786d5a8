package farside.simulator;

import farside.cache.BlockMask;
import farside.director.EventCode;
import farside.simulator.DriveFaults.Lie;
import farside.simulator.RigDraw.VolumeDraw;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/// Brings the faults of a plan about in the rig of a run, tells the oracle what they excuse, and
/// heals them.
final class Injection {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1000 * MILLI;
  private static final long LINK_ADDED_MAX_NS = 500 * MILLI;
  private static final long FLAP_MAX_NS = 500 * MILLI;

  /// When a process that waits for a drive in its IML is asked to shut down.
  private static final long IML_SHUTDOWN_MIN_NS = 100 * MILLI;

  private static final long IML_SHUTDOWN_MAX_NS = 2 * SECOND;

  private static final long POWER_AFTER_KILL_MIN_NS = 10 * MILLI;
  private static final long POWER_AFTER_KILL_MAX_NS = 2 * SECOND;

  /// Bytes a second.
  private static final long SLOW_RATE_MIN = 200;

  private static final long SLOW_RATE_MAX = 500_000;

  private final RigDraw rig;
  private final boolean mayRemoveLinks;
  private final List<SimulatedLine> lines;
  private final SimulatedSite[] sites;
  private final VirtualTime time;
  private final Pace pace;
  private final Oracle oracle;
  private final Trace trace;
  private final boolean[] memoryLost = new boolean[2];

  /// Of each site, the volumes of which a record in NVRAM was damaged.
  private final List<NavigableSet<String>> recordsDamaged =
      List.of(new TreeSet<>(), new TreeSet<>());

  private final List<String> struck = new ArrayList<>();
  private boolean isOn;
  private int episode;
  private final FaultCounts faults = new FaultCounts();

  /// @param mayRemoveLinks links that are not there at the end are put back
  Injection(
      RigDraw rig,
      boolean mayRemoveLinks,
      List<SimulatedLine> lines,
      SimulatedSite[] sites,
      VirtualTime time,
      Pace pace,
      Oracle oracle,
      Trace trace) {
    this.rig = rig;
    this.mayRemoveLinks = mayRemoveLinks;
    this.lines = lines;
    this.sites = sites.clone();
    this.time = time;
    this.pace = pace;
    this.oracle = oracle;
    this.trace = trace;
  }

  /// From now on until all is healed.
  void begin(List<Fault> faults) {
    isOn = true;
    episode++;
    for (Fault fault : faults) {
      pace.hurryBefore(fault.atNs());
      time.after(fault.atNs(), () -> inject(fault));
    }
  }

  /// Faults that were brought about, of any kind.
  FaultCounts faults() {
    return faults;
  }

  boolean isOn() {
    return isOn;
  }

  /// True if a fault has hit a drive of the volume since everything was compared.
  boolean hasStruck(String volume) {
    return struck.contains(volume);
  }

  /// Everything was compared: what was lost is known.
  void forget() {
    struck.clear();
    memoryLost[0] = false;
    memoryLost[1] = false;
    recordsDamaged.forEach(NavigableSet::clear);
  }

  private void inject(Fault fault) {
    if (!isOn) {
      return;
    }
    faults.add(fault.kind());
    pace.hurry();
    SimulatedSite site = sites[fault.side()];
    switch (fault.kind()) {
      case LINE_CUT,
          LINE_SILENT,
          LINE_HALF_OPEN,
          LINE_NOISY,
          LINE_FLAPS,
          LINE_SLOW,
          LINE_HOLDS_BACK,
          VARY_OFF,
          LINK_REMOVED -> {
        for (int i = 0; i < lines.size(); i++) {
          if (fault.hits(i, lines.size())) {
            injectInto(i, fault, site);
          }
        }
      }
      case CONSOLE_COMMAND -> {
        List<String> commands = OperatorCommands.of(rig);
        site.console().type(commands.get((int) (fault.number() % commands.size())), fault.after());
      }
      case DRIVE_BAD_TRACK -> spoilTrack(fault);
      case DRIVE_LOST_BLOCKS -> loseBlocks(fault);
      case DRIVE_SLOW -> slowDown(fault);
      case DRIVE_HANGS -> hang(fault);
      case DRIVE_FAILS -> failNowAndThen(fault);
      case DRIVE_GONE -> takeAway(fault);
      case DRIVE_FULL -> fill(fault);
      case DRIVE_LOSES_WRITES -> haveLie(fault, Lie.LOST_WRITE);
      case DRIVE_MISDIRECTS_WRITES -> haveLie(fault, Lie.MISDIRECTED_WRITE);
      case DRIVE_READS_STALE -> haveLie(fault, Lie.STALE_READ);
      case KILL_AT_COMMIT -> site.nvram().killAtCommit(fault.number(), fault.after());
      case KILL_AT_STORE -> site.nvram().killAtStore(fault.number() * 4);
      case KILL_BETWEEN_ROUNDS -> site.kill();
      case KILL_OF_BOTH -> {
        sites[0].kill();
        sites[1].kill();
      }
      case PROCESS_STOPPED -> {
        site.stop();
        healLater(fault, site::resume);
      }
      case CLOCK_SET -> site.clock().setDate();
      case HOSTS_CUT -> site.host().cutAll();
      case SHUTDOWN -> {
        if (fault.comesInIml()) {
          shutDownInIml(fault);
        } else {
          shutDown(fault);
        }
      }
      case NVRAM_DAMAGED -> damageRecords(fault);
      case POWER_LOSS -> losePower(fault.side());
      case POWER_LOSS_AND_LOST_BLOCKS -> {
        Draws drawn = drawsOf(fault);
        for (VolumeDraw volume : rig.volumes()) {
          if (volume.mirrored()) {
            sites[1 - fault.side()].driveOf(volume).medium().loseLatest(volume.sizeBytes(), drawn);
          }
        }
        losePower(fault.side());
      }
      case POWER_LOSS_OF_BOTH -> losePowerOfBoth();
      case POWER_LOSS_BEHIND -> losePowerBehind(fault);
      case KILLS_BEFORE_POWER_LOSS -> {
        sites[0].kill();
        sites[1].kill();
        time.after(drawsOf(fault).skewed(POWER_AFTER_KILL_MIN_NS, POWER_AFTER_KILL_MAX_NS), () -> {
          if (isOn) {
            losePowerOfBoth();
          }
        });
      }
      case POWER_LOSS_AT_TURN ->
        site.watch()
            .afterEvents(
                fault.turn(),
                fault.turns(),
                () -> time.after(fault.afterTurnNs(), () -> {
                  if (isOn) {
                    losePower(fault.side());
                  }
                }));
    }
  }

  private void shutDown(Fault fault) {
    SimulatedSite site = sites[fault.side()];
    if (fault.after()) {
      site.console().type("shutdown", false);
    } else {
      site.requestShutdown();
    }
  }

  /// The process dies, and the next one is asked to shut down while it waits for a drive, which is
  /// gone or does not take its label.
  private void shutDownInIml(Fault fault) {
    SimulatedSite site = sites[fault.side()];
    VolumeDraw volume = struck(fault);
    site.kill();
    if (volume == null) {
      return;
    }
    DriveFaults drive = site.driveOf(volume).faults();
    if (fault.number() % 8 == 0) {
      drive.fill(1000);
    } else {
      drive.setGone(true);
    }
    site.start();
    time.after(drawsOf(fault).between(IML_SHUTDOWN_MIN_NS, IML_SHUTDOWN_MAX_NS), () -> {
      if (isOn) {
        shutDown(fault);
        healLater(fault, () -> {
          drive.setGone(false);
          drive.fill(0);
        });
      }
    });
  }

  /// What the drive takes when it comes back are labels and, in one case of two, nothing else.
  private void losePowerBehind(Fault fault) {
    VolumeDraw volume = volumeOf(fault);
    if (volume == null || !volume.mirrored()) {
      return;
    }
    int side = volume.primary();
    oracle.excuseErrors(volume.name(), true);
    oracle.strike(volume.name(), RigDraw.siteName(side));
    struck.add(volume.name());
    SimulatedDrive drive = sites[side].driveOf(volume);
    drive.faults().hang(1000);
    Draws drawn = drawsOf(fault);
    long cutNs = rig.driveHungMs() * MILLI + drawn.between(0, 2 * SECOND);
    long freeNs = cutNs + drawn.skewed(MILLI, 4 * SECOND);
    long lossNs = freeNs + drawn.skewed(MILLI, 2 * SECOND);
    goOnAfter(cutNs, () -> lines.forEach(SimulatedLine::cut));
    goOnAfter(freeNs, () -> {
      if (fault.after()) {
        drive.faults().spoil(0, volume.sizeBytes());
      }
      drive.free(rig.driveHungMs() * MILLI + SECOND);
    });
    if (drawn.chance(500)) {
      goOnAfter(drawn.between(freeNs, lossNs), () -> lines.forEach(SimulatedLine::restore));
    }
    goOnAfter(lossNs, () -> {
      losePower(side);
      drive.faults().mendTracks();
      lines.forEach(SimulatedLine::restore);
    });
  }

  /// A further part of a fault: it does not come if all was healed before.
  private void goOnAfter(long afterNs, Runnable what) {
    int begun = episode;
    time.after(afterNs, () -> {
      if (isOn && episode == begun) {
        pace.hurry();
        what.run();
      }
    });
  }

  private void losePowerOfBoth() {
    losePower(0);
    losePower(1);
  }

  private void injectInto(int lineIndex, Fault fault, SimulatedSite site) {
    SimulatedLine line = lines.get(lineIndex);
    String link = rig.linkNames().get(lineIndex);
    switch (fault.kind()) {
      case LINE_CUT -> {
        line.cut();
        healLater(fault, line::restore);
      }
      case LINE_SILENT -> {
        line.silence(fault.side());
        healLater(fault, line::restore);
      }
      case LINE_HALF_OPEN -> {
        line.silence(0);
        line.silence(1);
        healLater(fault, line::restore);
      }
      case LINE_NOISY -> {
        // What it damages is all the more, the more there is.
        pace.hurryFor(fault.lastsNs());
        line.setNoisy(true);
        healLater(fault, () -> line.setNoisy(false));
      }
      case LINE_HOLDS_BACK -> {
        line.cutAndHoldBack();
        healLater(fault, line::restore);
      }
      case LINE_FLAPS -> {
        line.flap(drawsOf(fault), FLAP_MAX_NS);
        healLater(fault, line::restore);
      }
      case LINE_SLOW -> {
        line.setRate(drawsOf(fault).skewed(SLOW_RATE_MIN, SLOW_RATE_MAX));
        healLater(fault, () -> line.setRate(0));
      }
      case VARY_OFF -> {
        site.console().type("vary " + link + " off", false);
        healLater(fault, () -> site.console().type("vary " + link + " on", false));
      }
      case LINK_REMOVED -> {
        removeLink(site, lineIndex, fault);
        if (fault.lastsNs() % 2 == 0) {
          removeLink(sites[1 - fault.side()], lineIndex, fault);
        }
      }
      default -> throw new IllegalArgumentException(fault + " is none of a line");
    }
  }

  private void removeLink(SimulatedSite site, int lineIndex, Fault fault) {
    site.console().type("link remove " + rig.linkNames().get(lineIndex), fault.after());
    healLater(fault, () -> addLink(site, lineIndex));
  }

  /// The operator tries until it is there: while a link is being removed it cannot be added.
  private void addLink(SimulatedSite site, int lineIndex) {
    if (site.isRunning()) {
      String link = rig.linkNames().get(lineIndex);
      String end = site == sites[0] ? "listen" : "connect";
      site.console()
          .type("link add " + link + " " + end + " " + SimulatedPanel.addressOf(lineIndex), false);
      time.after(LINK_ADDED_MAX_NS, () -> {
        if (!site.panel().isPlugged(lineIndex)) {
          addLink(site, lineIndex);
        }
      });
    }
  }

  /// Hosts may get errors for the volume, but neither lose data nor wait for ever.
  private void spoilTrack(Fault fault) {
    VolumeDraw volume = struck(fault);
    if (volume != null) {
      SimulatedDrive drive = sites[fault.side()].driveOf(volume);
      drive.faults().spoil(trackOf(fault, volume) * BlockMask.TRACK_BYTES, BlockMask.TRACK_BYTES);
      healLater(fault, drive.faults()::mendTracks);
    }
  }

  private void slowDown(Fault fault) {
    VolumeDraw volume = struck(fault);
    if (volume != null) {
      SimulatedDrive drive = sites[fault.side()].driveOf(volume);
      drive.faults().slowDown(fault.number() * MILLI);
      healLater(fault, () -> drive.faults().slowDown(0));
    }
  }

  private void hang(Fault fault) {
    VolumeDraw volume = struck(fault);
    if (volume != null) {
      SimulatedDrive drive = sites[fault.side()].driveOf(volume);
      drive.faults().hang(fault.after() ? 1000 : 200);
      healLater(fault, () -> drive.free(rig.driveHungMs() * MILLI + SECOND));
    }
  }

  private void failNowAndThen(Fault fault) {
    VolumeDraw volume = struck(fault);
    if (volume != null) {
      SimulatedDrive drive = sites[fault.side()].driveOf(volume);
      drive.faults().fail((int) drawsOf(fault).skewed(5, 500));
      healLater(fault, () -> drive.faults().fail(0));
    }
  }

  private void fill(Fault fault) {
    VolumeDraw volume = struck(fault);
    if (volume != null) {
      SimulatedDrive drive = sites[fault.side()].driveOf(volume);
      drive.faults().fill((int) drawsOf(fault).skewed(50, 1000));
      healLater(fault, () -> drive.faults().fill(0));
    }
  }

  private void haveLie(Fault fault, Lie lie) {
    VolumeDraw volume = volumeOf(fault);
    if (volume != null) {
      SimulatedDrive drive = sites[fault.side()].driveOf(volume);
      int permille = (int) drawsOf(fault).skewed(10, 300);
      drive.medium().lie(lie, permille, oracle.history(volume.name()).damaged());
      healLater(fault, () -> drive.faults().stopLying());
    }
  }

  private void takeAway(Fault fault) {
    VolumeDraw volume = struck(fault);
    if (volume != null) {
      SimulatedDrive drive = sites[fault.side()].driveOf(volume);
      drive.faults().setGone(true);
      healLater(fault, () -> drive.faults().setGone(false));
    }
  }

  /// The volume whose drive a fault hits; null if there is none. Errors of it are excused.
  private VolumeDraw struck(Fault fault) {
    VolumeDraw volume = volumeOf(fault);
    if (volume != null) {
      oracle.excuseErrors(volume.name(), true);
      oracle.strike(volume.name(), RigDraw.siteName(fault.side()));
      struck.add(volume.name());
    }
    return volume;
  }

  /// A few blocks, or many, of some tracks. What they held is not gone for good: when all is
  /// healed it can be read again, so that the mirrors can be compared.
  private void loseBlocks(Fault fault) {
    VolumeDraw volume = volumeOf(fault);
    if (volume == null) {
      return;
    }
    Draws drawn = new Draws(fault.number());
    LostBlocks lost = sites[fault.side()].driveOf(volume).medium().lost();
    int tracks = drawn.below(6) + 1;
    for (int i = 0; i < tracks; i++) {
      long track =
          drawn.chance(400) ? 0 : drawn.between(0, volume.sizeBytes() / BlockMask.TRACK_BYTES);
      long from = track * BlockMask.TRACK_BYTES;
      boolean whole = drawn.chance(100);
      int blocks = whole ? BlockMask.BLOCKS_PER_TRACK : (int) drawn.skewed(1, 40);
      for (int j = 0; j < blocks; j++) {
        int block = whole ? j : drawn.below(BlockMask.BLOCKS_PER_TRACK);
        long at = from + (long) block * BlockMask.BLOCK_BYTES;
        if (at < volume.sizeBytes()) {
          lost.lose(at);
        }
      }
    }
  }

  /// Null if the side has no volume.
  private VolumeDraw volumeOf(Fault fault) {
    int drives = sites[fault.side()].drives().size();
    int wanted = drives == 0 ? -1 : (int) (fault.number() % drives);
    for (VolumeDraw volume : rig.volumes()) {
      if (volume.isAt(fault.side()) && wanted-- == 0) {
        return volume;
      }
    }
    return null;
  }

  private long trackOf(Fault fault, VolumeDraw volume) {
    return fault.number()
        / sites[fault.side()].drives().size()
        % (volume.sizeBytes() / BlockMask.TRACK_BYTES);
  }

  /// What a fault leaves open is its own, so that no other moves if it is taken out of a plan.
  private static Draws drawsOf(Fault fault) {
    return new Draws(fault.number() + fault.atNs());
  }

  private void healLater(Fault fault, Runnable cure) {
    time.after(fault.lastsNs(), () -> {
      if (isOn) {
        pace.hurry();
        cure.run();
      }
    });
  }

  /// What each side may lose with its power: what the drive has not flushed, unless the peer
  /// has it.
  private void losePower(int side) {
    boolean keepsAll = sites[side].keepsAllWithoutPower();
    sites[side].losePower();
    if (keepsAll || rig.powerSafe().get(side)) {
      return;
    }
    for (VolumeDraw volume : rig.volumes()) {
      if (volume.isAt(side)) {
        excuseLoss(volume, side, false);
      }
    }
    memoryLost[side] = true;
  }

  /// Some records change while no process reads them. The next one finds out, and forgets them,
  /// unless its log has them.
  private void damageRecords(Fault fault) {
    NavigableSet<String> damaged = sites[fault.side()].killAndDamage(drawsOf(fault));
    if (rig.powerSafe().get(fault.side())) {
      return;
    }
    for (VolumeDraw volume : rig.volumes()) {
      if (damaged.contains(volume.name())) {
        excuseLoss(volume, fault.side(), true);
      }
    }
    recordsDamaged.get(fault.side()).addAll(damaged);
  }

  /// What the side's NVRAM held of the volume is lost, or a part of it.
  ///
  /// @param forgetsPair a target does not know any more that it has all that was answered
  private void excuseLoss(VolumeDraw volume, int side, boolean forgetsPair) {
    String name = volume.name();
    VolumeHistory history = oracle.history(name);
    oracle.excuseErrors(name, true);
    boolean isSynchronized = volume.mirrored() && oracle.isSynchronized(name);
    boolean isOnFarDrive = isSynchronized
        && rig.isStored(volume)
        && !recordsDamaged.get(1 - volume.primary()).contains(name);
    if (volume.primary() == side) {
      boolean farHasAll = isOnFarDrive
          || isSynchronized
              && !memoryLost[1 - side]
              && !recordsDamaged.get(1 - side).contains(name);
      trace.turn(
          time.nowNs(),
          "oracle",
          "volume " + name
              + (farHasAll ? ": the peer has all" : ": only flushed data is promised"));
      if (!farHasAll) {
        history.loseUnflushed();
      }
    } else {
      oracle.distrustFarCopy(name, true);
      boolean isNearWhole =
          !memoryLost[volume.primary()] && !recordsDamaged.get(volume.primary()).contains(name);
      if (!isNearWhole && (forgetsPair || !isOnFarDrive)) {
        history.loseUnflushed();
      }
    }
  }

  /// Nothing is wrong from here on.
  void heal() {
    isOn = false;
    trace.turn(time.nowNs(), "scenario", "all faults are healed");
    for (SimulatedLine line : lines) {
      line.setNoisy(false);
      line.setRate(0);
      line.restore();
    }
    for (SimulatedSite site : sites) {
      site.nvram().disarm();
      site.watch().afterEvents(EventCode.PAIR_STATE, 0, () -> {});
      site.resume();
      site.drives().forEach(SimulatedDrive::mend);
      site.drives().forEach(drive -> drive.medium().lost().recover());
      site.start();
      rig.linkNames().forEach(link -> site.console().type("vary " + link + " on", false));
      if (mayRemoveLinks) {
        for (int i = 0; i < lines.size(); i++) {
          addLink(site, i);
        }
      }
    }
  }
}
