package farside.simulator;

import java.util.ArrayList;
import java.util.List;

/// The faults that a seed has in store for its run, drawn before it begins: all of them
/// [Elements], which can be left out.
///
/// An episode is an element, too: without it, its faults and its time are gone. So is each part
/// of it in which hosts ask for anything.
final class FaultPlan {
  private static final long MILLI = 1_000_000;

  private final List<Fault.Kind> kinds;
  private final List<Episode> episodes = new ArrayList<>();
  private final Elements elements;
  private final boolean hiccups;
  private final boolean[] firstKills = new boolean[2];

  /// @param durationNs of the faults, before all is healed
  /// @param hostsAsk of its parts, all as long, those in which they do
  record Episode(long durationNs, List<Fault> faults, List<Boolean> hostsAsk) {
    static final int PARTS = 8;

    Episode {
      faults = List.copyOf(faults);
      hostsAsk = List.copyOf(hostsAsk);
    }

    boolean isSilentAfter(long ns) {
      return ns < durationNs && !hostsAsk.get((int) (ns * PARTS / durationNs));
    }
  }

  FaultPlan(Draws draws, ScenarioKind kind, RigDraw rig, Elements elements) {
    this.elements = elements;
    this.kinds = switch (kind) {
      case MIXED, LOCAL, PACED -> Fault.drawKinds(draws);
      case FAILOVER -> Fault.Kind.OF_LINES;
      case STORED, POWER_SAFE -> Fault.Kind.OF_BLACKOUTS;
      case BLACKOUT -> Fault.Kind.OF_BLACKOUTS_OF_ONE;
      case HUNG -> Fault.Kind.OF_DRIVES_THAT_WAIT;
      case LYING -> Fault.Kind.OF_LIES;
      case RARE -> Fault.Kind.OF_RARITIES;
      case RELAPSE -> Fault.Kind.OF_RELAPSES;
      case BEHIND -> Fault.Kind.OF_THOSE_BEHIND;
      case SATURATED -> draws.chance(500) ? List.of() : Fault.Kind.OF_DRIVES_THAT_WAIT;
      case CALM -> List.of();
    };
    elements.title("faults switched on: " + kinds);
    hiccups = rig.hiccups() && elements.has("rounds that now and then take long");
    if (kinds.contains(Fault.Kind.KILL_BETWEEN_ROUNDS)) {
      for (int side = 0; side < 2; side++) {
        firstKills[side] =
            elements.has("site " + RigDraw.siteName(side) + " killed in its first IML");
      }
    }
    int count = (int) draws.between(1, 4);
    for (int i = 0; i < count; i++) {
      long longestMs = switch (kind) {
        case HUNG -> 60_000;
        case PACED -> 120_000;
        case BEHIND -> 20_000;
        default -> 8000;
      };
      long durationNs = draws.between(1000, longestMs) * MILLI;
      long lastsMaxNs = kind == ScenarioKind.HUNG ? durationNs : 4000 * MILLI;
      addEpisode(durationNs, drawFaults(draws, kind, rig, durationNs, lastsMaxNs));
    }
  }

  private List<Fault> drawFaults(
      Draws draws, ScenarioKind kind, RigDraw rig, long durationNs, long lastsMaxNs) {
    if (kind != ScenarioKind.FAILOVER) {
      return Fault.draw(draws, kinds, durationNs, lastsMaxNs);
    }
    // A line that is healed has to be found, greeted over and measured before the next is hit.
    return Fault.drawOneByOne(draws, 1500 * MILLI, durationNs).stream()
        .map(fault -> fault.ofOneLine(rig.lineDraws().size()))
        .toList();
  }

  private void addEpisode(long durationNs, List<Fault> drawn) {
    boolean isIn = elements.has("episode of " + durationNs / MILLI + " ms");
    List<Fault> faults = new ArrayList<>();
    for (Fault fault : drawn) {
      if (elements.has("  " + fault)) {
        faults.add(fault);
      }
    }
    List<Boolean> hostsAsk =
        elements.hasEach(Episode.PARTS, "  hosts ask, each for an eighth of the episode");
    if (isIn) {
      episodes.add(new Episode(durationNs, faults, hostsAsk));
    }
  }

  List<Fault.Kind> kinds() {
    return kinds;
  }

  List<Episode> episodes() {
    return episodes;
  }

  /// True if power is lost in one of the episodes from that one on.
  boolean losesPower(int firstEpisode) {
    return episodes.stream()
        .skip(firstEpisode)
        .flatMap(episode -> episode.faults.stream())
        .anyMatch(fault -> fault.kind().losesPower());
  }

  boolean hasHiccups() {
    return hiccups;
  }

  boolean killsInFirstIml(int side) {
    return firstKills[side];
  }
}
