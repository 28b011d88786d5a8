package farside.simulator;

import java.util.ArrayList;
import java.util.List;

/// What a seed has in store for its run, drawn before it begins: a numbered list, of which
/// elements can be left out. The others are drawn, and numbered, as they would be with them.
///
/// An episode is an element, too: without it, its faults and its time are gone.
final class FaultPlan {
  private static final long MILLI = 1_000_000;
  private static final int NOT_THERE = 0;

  private final List<Fault.Kind> kinds;
  private final List<Episode> episodes = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();
  private final PlanPart part;
  private final int hiccups;
  private final int[] firstKills = {NOT_THERE, NOT_THERE};
  private int size;

  /// @param durationNs of the faults, before all is healed
  record Episode(long durationNs, List<Fault> faults) {}

  FaultPlan(Draws draws, ScenarioKind kind, RigDraw rig, PlanPart part) {
    this.part = part;
    this.kinds = switch (kind) {
      case MIXED, LOCAL, PACED -> Fault.drawKinds(draws);
      case FAILOVER -> Fault.Kind.OF_LINES;
      case STORED, POWER_SAFE -> Fault.Kind.OF_BLACKOUTS;
      case BLACKOUT -> Fault.Kind.OF_BLACKOUTS_OF_ONE;
      case HUNG -> Fault.Kind.OF_DRIVES_THAT_WAIT;
      case LYING -> Fault.Kind.OF_LIES;
      case RARE -> Fault.Kind.OF_RARITIES;
      case SATURATED -> draws.chance(500) ? List.of() : Fault.Kind.OF_DRIVES_THAT_WAIT;
      case CALM -> List.of();
    };
    lines.add("faults switched on: " + kinds);
    hiccups = rig.hiccups() ? add("rounds that now and then take long") : NOT_THERE;
    if (kinds.contains(Fault.Kind.KILL_BETWEEN_ROUNDS)) {
      for (int side = 0; side < 2; side++) {
        firstKills[side] = add("site " + RigDraw.siteName(side) + " killed in its first IML");
      }
    }
    int count = (int) draws.between(1, 4);
    for (int i = 0; i < count; i++) {
      long longestMs = switch (kind) {
        case HUNG -> 60_000;
        case PACED -> 120_000;
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
    boolean isIn = part.has(add("episode of " + durationNs / MILLI + " ms"));
    List<Fault> faults = new ArrayList<>();
    for (Fault fault : drawn) {
      if (part.has(add("  " + fault))) {
        faults.add(fault);
      }
    }
    if (isIn) {
      episodes.add(new Episode(durationNs, faults));
    }
  }

  private int add(String what) {
    size++;
    if (part.has(size)) {
      lines.add(size + ": " + what);
    }
    return size;
  }

  /// How many elements it has, with those that are left out.
  int size() {
    return size;
  }

  List<Fault.Kind> kinds() {
    return kinds;
  }

  List<Episode> episodes() {
    return episodes;
  }

  boolean losesPower() {
    return episodes.stream()
        .flatMap(episode -> episode.faults.stream())
        .anyMatch(fault -> fault.kind().losesPower());
  }

  boolean hasHiccups() {
    return isIn(hiccups);
  }

  boolean killsInFirstIml(int side) {
    return isIn(firstKills[side]);
  }

  private boolean isIn(int number) {
    return number != NOT_THERE && part.has(number);
  }

  /// What is not left out, for people.
  List<String> lines() {
    return lines;
  }
}
