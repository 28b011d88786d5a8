package farside.simulator;

import farside.simulator.RigDraw.LineDraw;
import farside.simulator.RigDraw.VolumeDraw;
import farside.volume.AckMode;
import java.util.ArrayList;
import java.util.List;

/// What is left of a rig when some of what is special about it is left out: nothing that the
/// scenario is about, so that what is promised of the rest is what the oracle holds it to.
final class SmallerRig {
  private static final int BLOCK_BYTES = 512;

  private final RigDraw drawn;
  private final ScenarioKind kind;
  private final Elements elements;

  private SmallerRig(RigDraw drawn, ScenarioKind kind, Elements elements) {
    this.drawn = drawn;
    this.kind = kind;
    this.elements = elements;
  }

  static RigDraw of(RigDraw drawn, ScenarioKind kind, Elements elements) {
    return new SmallerRig(drawn, kind, elements).make();
  }

  private RigDraw make() {
    return new RigDraw(
        drawn.nvramBytes(),
        drawn.readSlots(),
        drawn.linkTimeoutMs(),
        drawn.heartbeatMs(),
        drawn.driveHungMs(),
        drawn.hiccups(),
        volumes(),
        lines(),
        hosts(),
        acks(),
        powerSafe(),
        drawn.ownGroups() && elements.has("each volume is a group"),
        clocksPpm(),
        drawn.inOrderSeed());
  }

  /// Each site keeps one, whatever is left out: there is no cabinet without.
  private List<VolumeDraw> volumes() {
    List<VolumeDraw> all = new ArrayList<>();
    List<VolumeDraw> left = new ArrayList<>();
    for (VolumeDraw volume : drawn.volumes()) {
      boolean isIn = elements.has("volume " + volume.name());
      boolean isLarge = volume.blockBytes() > BLOCK_BYTES
          && elements.has("  with blocks of " + volume.blockBytes() + " bytes");
      all.add(isLarge ? volume : volume.withBlocksOf(BLOCK_BYTES));
      if (isIn) {
        left.add(all.getLast());
      }
    }
    for (int side = 0; side < 2; side++) {
      int at = side;
      if (left.stream().noneMatch(volume -> volume.isAt(at))) {
        left.add(all.stream().filter(volume -> volume.isAt(at)).findFirst().orElseThrow());
      }
    }
    all.retainAll(left);
    return all;
  }

  /// One stays, or as many as the scenario is about.
  private List<LineDraw> lines() {
    int count = kind == ScenarioKind.FAILOVER ? 2 : 1;
    List<LineDraw> left = new ArrayList<>(drawn.lineDraws().subList(0, count));
    for (LineDraw line : drawn.lineDraws().subList(count, drawn.lineDraws().size())) {
      if (elements.has("line " + line.name())) {
        left.add(line);
      }
    }
    return left;
  }

  private List<AckMode> acks() {
    List<AckMode> left = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      boolean isStored = drawn.acks().get(side) == AckMode.STORED
          && (kind == ScenarioKind.STORED
              || elements.has("ack: stored for the hosts at " + RigDraw.siteName(side)));
      left.add(isStored ? AckMode.STORED : AckMode.RECEIVED);
    }
    return left;
  }

  private List<Boolean> powerSafe() {
    List<Boolean> left = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      left.add(drawn.powerSafe().get(side)
          && (kind == ScenarioKind.POWER_SAFE
              || elements.has("power-safe NVRAM at " + RigDraw.siteName(side))));
    }
    return left;
  }

  private List<Long> clocksPpm() {
    List<Long> left = new ArrayList<>();
    for (int side = 0; side < 2; side++) {
      long ppm = drawn.clocksPpm().get(side);
      boolean isIn = ppm != 0 && elements.has("a clock that is wrong at " + RigDraw.siteName(side));
      left.add(isIn ? ppm : 0);
    }
    return left;
  }

  private HostHabits hosts() {
    List<HostTrait> keptFrom = new ArrayList<>();
    for (HostTrait trait : HostTrait.values()) {
      if (trait.isAmong(drawn.hosts()) && !elements.has(trait.shown())) {
        keptFrom.add(trait);
      }
    }
    return drawn.hosts().without(keptFrom);
  }
}
