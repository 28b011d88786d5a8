package farside.simulator;

import farside.cache.BlockMask;
import farside.simulator.RigDraw.VolumeDraw;
import java.util.ArrayList;
import java.util.List;

/// Brings the faults of a plan about in the rig of a run, tells the oracle what they excuse, and
/// heals them.
final class Injection {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1000 * MILLI;
  private static final long LINK_ADDED_MAX_NS = 500 * MILLI;

  private final RigDraw rig;
  private final boolean mayRemoveLinks;
  private final List<SimulatedLine> lines;
  private final SimulatedSite[] sites;
  private final VirtualTime time;
  private final Oracle oracle;
  private final Trace trace;
  private final boolean[] memoryLost = new boolean[2];
  private final List<String> struck = new ArrayList<>();
  private boolean isOn;
  private long faults;

  /// @param mayRemoveLinks links that are not there at the end are put back
  Injection(
      RigDraw rig,
      boolean mayRemoveLinks,
      List<SimulatedLine> lines,
      SimulatedSite[] sites,
      VirtualTime time,
      Oracle oracle,
      Trace trace) {
    this.rig = rig;
    this.mayRemoveLinks = mayRemoveLinks;
    this.lines = lines;
    this.sites = sites.clone();
    this.time = time;
    this.oracle = oracle;
    this.trace = trace;
  }

  /// From now on until all is healed.
  void begin(List<Fault> faults) {
    isOn = true;
    for (Fault fault : faults) {
      time.after(fault.atNs(), () -> inject(fault));
    }
  }

  /// Faults that were brought about, of any kind.
  long faults() {
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
  }

  private void inject(Fault fault) {
    if (!isOn) {
      return;
    }
    faults++;
    SimulatedSite site = sites[fault.side()];
    switch (fault.kind()) {
      case LINE_CUT, LINE_SILENT, LINE_HALF_OPEN, LINE_NOISY, VARY_OFF, LINK_REMOVED -> {
        for (int i = 0; i < lines.size(); i++) {
          if (fault.hits(i, lines.size())) {
            injectInto(i, fault, site);
          }
        }
      }
      case CONSOLE_COMMAND -> site.console().type(command(fault), fault.after());
      case DRIVE_BAD_TRACK -> spoilTrack(fault);
      case DRIVE_LOST_BLOCKS -> loseBlocks(fault);
      case DRIVE_SLOW -> slowDown(fault);
      case DRIVE_HANGS -> hang(fault);
      case KILL_AT_COMMIT -> site.nvram().killAtCommit(fault.number(), fault.after());
      case KILL_AT_STORE -> site.nvram().killAtStore(fault.number() * 4);
      case KILL_BETWEEN_ROUNDS -> site.kill();
      case SHUTDOWN -> site.requestShutdown();
      case POWER_LOSS -> losePower(fault.side());
      case POWER_LOSS_OF_BOTH -> {
        losePower(0);
        losePower(1);
      }
    }
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
        line.setNoisy(true);
        healLater(fault, () -> line.setNoisy(false));
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
    LostBlocks lost = sites[fault.side()].driveOf(volume).lost();
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

  private String command(Fault fault) {
    String[] commands = {
      "help",
      "query",
      "tracks " + rig.volumes().get(0).name(),
      "drives",
      "links",
      "log",
      "nonsense",
      "vary L9 off"
    };
    return commands[(int) (fault.number() % commands.length)];
  }

  private void healLater(Fault fault, Runnable cure) {
    time.after(fault.lastsNs(), () -> {
      if (isOn) {
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
    boolean peerWhole = !memoryLost[1 - side];
    for (VolumeDraw volume : rig.volumes()) {
      if (!volume.isAt(side)) {
        continue;
      }
      String name = volume.name();
      VolumeHistory history = oracle.history(name);
      oracle.excuseErrors(name, true);
      if (volume.primary() == side) {
        boolean farHasAll =
            volume.mirrored() && oracle.isSynchronized(name) && (peerWhole || rig.isStored(volume));
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
        if (memoryLost[volume.primary()]
            && !(oracle.isSynchronized(name) && rig.isStored(volume))) {
          history.loseUnflushed();
        }
      }
    }
    memoryLost[side] = true;
  }

  /// Nothing is wrong from here on.
  void heal() {
    isOn = false;
    trace.turn(time.nowNs(), "scenario", "all faults are healed");
    for (SimulatedLine line : lines) {
      line.setNoisy(false);
      line.restore();
    }
    for (SimulatedSite site : sites) {
      site.nvram().disarm();
      site.drives().forEach(SimulatedDrive::mend);
      site.drives().forEach(drive -> drive.lost().recover());
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
