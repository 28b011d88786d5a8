package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import farside.simulator.RigDraw.VolumeDraw;
import farside.volume.AckMode;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a seed has in store, and what is left of it.
class SmallerRigTest {
  private static final int SEEDS = 40;

  private record Store(RigDraw drawn, FaultPlan plan, RigDraw left, List<String> lines, int count) {
    static Store of(long seed, ScenarioKind kind, PlanPart part) {
      Draws draws = new Draws(seed);
      Elements elements = new Elements(part);
      RigDraw drawn = RigDraw.draw(draws.fork(), kind);
      FaultPlan plan = new FaultPlan(draws.fork(), kind, drawn, elements);
      RigDraw left = SmallerRig.of(drawn, kind, elements);
      return new Store(drawn, plan, left, elements.lines(), elements.count());
    }
  }

  @ParameterizedTest
  @EnumSource
  void withAllElementsTheRigIsAsItWasDrawn(ScenarioKind kind) {
    for (int seed = 1; seed <= SEEDS; seed++) {
      Store whole = Store.of(seed, kind, PlanPart.WHOLE);
      assertThat(whole.left).isEqualTo(whole.drawn);
    }
  }

  @ParameterizedTest
  @EnumSource
  void withoutAnyTheRigIsTheSmallestThatTheScenarioIsStillAbout(ScenarioKind kind) {
    for (int seed = 1; seed <= SEEDS; seed++) {
      Store none = Store.of(seed, kind, PlanPart.only(List.of()));
      assertThat(none.plan.episodes()).isEmpty();
      RigDraw rig = none.left;
      // A cabinet without a volume there is not.
      assertThat(rig.volumes()).hasSize(kind == ScenarioKind.LOCAL ? 2 : 1);
      assertThat(rig.volumes()).allMatch(volume -> volume.blockBytes() == 512);
      assertThat(rig.lineDraws()).hasSize(kind == ScenarioKind.FAILOVER ? 2 : 1);
      assertThat(rig.acks())
          .containsOnly(kind == ScenarioKind.STORED ? AckMode.STORED : AckMode.RECEIVED);
      assertThat(rig.powerSafe()).containsOnly(kind == ScenarioKind.POWER_SAFE);
      assertThat(rig.clocksPpm()).containsOnly(0L);
      assertThat(rig.ownGroups()).isFalse();
      assertThat(rig.hosts().may(HostTrait.WRITES)).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachSiteHasASlotForEachOfItsVolumes(ScenarioKind kind) {
    for (int seed = 1; seed <= 25 * SEEDS; seed++) {
      RigDraw rig = RigDraw.draw(new Draws(seed), kind);
      for (int side = 0; side < 2; side++) {
        assertThat(rig.readSlots().get(side))
            .isGreaterThanOrEqualTo(rig.describe(side).volumes().size());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSmallestRigOfEachScenarioRuns(ScenarioKind kind) {
    PrintStream nobody = new PrintStream(OutputStream.nullOutputStream());
    assertThat(new Simulation(kind, nobody).replay(3, PlanPart.only(List.of()), false))
        .isZero();
  }

  @ParameterizedTest
  @EnumSource
  void eachSiteKeepsAVolumeWhicheverAreLeftOut(ScenarioKind kind) {
    for (int seed = 1; seed <= SEEDS / 8; seed++) {
      Store whole = Store.of(seed, kind, PlanPart.WHOLE);
      for (int number = 1; number <= whole.count; number++) {
        RigDraw rig = Store.of(seed, kind, PlanPart.only(List.of(number))).left;
        for (int side = 0; side < 2; side++) {
          int at = side;
          assertThat(rig.volumes()).anyMatch(volume -> volume.isAt(at));
        }
        assertThat(rig.volumes()).isSortedAccordingTo(Comparator.comparingInt(VolumeDraw::number));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsLeftOutLeavesAllOthersAndTheirNumbersAsTheyWere(ScenarioKind kind) {
    Store whole = Store.of(7, kind, PlanPart.WHOLE);
    for (int number = 1; number <= whole.count; number++) {
      String begin = number + ": ";
      List<String> left = Store.of(7, kind, PlanPart.without(List.of(number))).lines;
      if (whole.lines.stream().anyMatch(line -> line.startsWith(begin))) {
        assertThat(left)
            .isEqualTo(
                whole.lines.stream().filter(line -> !line.startsWith(begin)).toList());
      } else {
        // One of several in a line.
        assertThat(left).hasSameSizeAs(whole.lines).isNotEqualTo(whole.lines);
      }
    }
  }
}
