package farside.ci;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The rooms and who may see whom, in the order in which a host write walks them.
///
/// | room                                    | sees, of Farside                     |
/// |-----------------------------------------|--------------------------------------|
/// | protocol                                | itself                               |
/// | director, cache, volume, port           | protocol                             |
/// | channel, disk, remote, service          | the two above, never each other      |
/// | driver                                  | protocol and the rooms of base       |
/// | cabinet, runtime                        | all of the above                     |
/// | simulator, replay                       | all of the above but drivers         |
/// | rig                                     | all of the above but director loops  |
class WallsTest {
  private static final String PROTOCOL = "farside.protocol..";
  private static final List<String> BASE =
      List.of("farside.director..", "farside.cache..", "farside.volume..", "farside.port..");
  private static final List<String> LOOPS =
      List.of("farside.channel..", "farside.disk..", "farside.remote..", "farside.service..");
  private static final String DRIVER = "farside.driver..";
  private static final List<String> FIRMWARE =
      List.of("farside.cabinet..", "farside.runtime..", "farside.simulator..", "farside.replay..");
  private static final String RIG = "farside.rig..";

  @Test
  void everyClassLivesInARoomOfThePlan() {
    var rooms = join(List.of(PROTOCOL, DRIVER, RIG), BASE, LOOPS, FIRMWARE);
    assertThat(Repository.classes()).as("classes on the test's class path").isNotEmpty();
    Repository.check(noClasses()
        .should()
        .resideOutsideOfPackages(array(rooms))
        .because(
            "no wall guards it there; add the room to design.md, section 1, and to this test"));
  }

  @Test
  void protocolSeesOnlyItself() {
    onlySees(
        List.of(PROTOCOL),
        List.of(PROTOCOL),
        "what is true of a format is true whoever implements it: move the class that it needs into farside.protocol, or its use out");
  }

  @Test
  void baseSeesOnlyProtocolAndItself() {
    onlySees(
        BASE,
        join(List.of(PROTOCOL), BASE),
        "what all loops share knows no loop and no driver: declare a port in farside.port and let the outside implement it");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"farside.channel..", "farside.disk..", "farside.remote..", "farside.service.."})
  void directorLoopsNeverSeeEachOther(String loop) {
    onlySees(
        List.of(loop),
        join(List.of(PROTOCOL, loop), BASE),
        "directors meet only in the cache and in mailboxes: put what two of them share into microcode/base");
  }

  @Test
  void driversSeeOnlyProtocolAndBase() {
    onlySees(
        List.of(DRIVER),
        join(List.of(PROTOCOL, DRIVER), BASE),
        "a driver implements a port and queues facts, it never calls a director: let firmware-emu join the two");
  }

  @Test
  void onlyTheFirmwareEmulatorSeesDirectorLoops() {
    Repository.check(noClasses()
        .that(not(resideInAnyPackage(array(join(LOOPS, FIRMWARE)))))
        .should()
        .dependOnClassesThat(resideInAnyPackage(array(LOOPS)))
        .because("a cabinet is wired in farside.cabinet: ask the cabinet, not its directors"));
  }

  @Test
  void simulatorAndReplayUseNoDriver() {
    Repository.check(
        noClasses()
            .that()
            .resideInAnyPackage("farside.simulator..", "farside.replay..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(DRIVER, "farside.runtime..", "io.netty..")
            .because(
                "nothing from outside the seed, or the recording, may get in: give the simulator its own drive, link or host"));
  }

  @Test
  void nothingSeesTheRig() {
    Repository.check(noClasses()
        .that(not(resideInAPackage(RIG)))
        .should()
        .dependOnClassesThat(resideInAPackage(RIG))
        .because("the rig is the last room: hand in what is needed as an argument"));
  }

  private static void onlySees(List<String> rooms, List<String> allowed, String cure) {
    Repository.check(noClasses()
        .that(resideInAnyPackage(array(rooms)))
        .should()
        .dependOnClassesThat(
            resideInAPackage("farside..").and(not(resideInAnyPackage(array(allowed)))))
        .because(cure));
  }

  @SafeVarargs
  private static List<String> join(List<String>... packages) {
    var all = new ArrayList<String>();
    for (var some : packages) {
      all.addAll(some);
    }
    return all;
  }

  private static String[] array(List<String> packages) {
    return packages.toArray(String[]::new);
  }
}
