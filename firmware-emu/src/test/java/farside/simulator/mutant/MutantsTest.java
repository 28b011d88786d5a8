package farside.simulator.mutant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import farside.simulator.ScenarioKind;
import farside.simulator.mutant.Mutation.Answers;
import farside.simulator.mutant.Mutation.AnswersFirstOnly;
import farside.simulator.mutant.Mutation.AnswersItsArgument;
import farside.simulator.mutant.Mutation.CallAnswers;
import farside.simulator.mutant.Mutation.Condition;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each deliberate fault in the microcode must be found by the simulator.
///
/// The seed that found it last is tried first; if it does not any more, all seeds from 1.
/// `-Dfarside.mutants.fresh=true` tries none first, and so tells how many seeds each takes.
@Execution(ExecutionMode.CONCURRENT)
class MutantsTest {
  private static final int SEEDS_MAX = Integer.getInteger("farside.mutants.seeds", 200);
  private static final boolean IS_FRESH = Boolean.getBoolean("farside.mutants.fresh");

  private static final String CACHE = "farside.cache.";
  private static final String CHANNEL = "farside.channel.";
  private static final String DISK = "farside.disk.";
  private static final String REMOTE = "farside.remote.";
  private static final String POWER_SAFE = "farside.port.powersafe.";

  static List<Mutant> mutants() {
    return List.of(
        // Acknowledgements.
        mixed(
            "a host is told before the peer has its write",
            CHANNEL + "WritePump",
            new CallAnswers("commitPiece", "waitsForPeer", false),
            1),
        stored(
            "a host is told when the peer has received what it must have stored",
            REMOTE + "OutgoingWrites",
            new Answers("waitsForDrive", false),
            3),
        mixed(
            "what was received counts as stable",
            CACHE + "WriteRecords",
            new CallAnswers("stableNumber", "head", -2),
            1),
        mixed(
            "FLUSH waits for nothing",
            CACHE + "WriteRecords",
            new Answers("isStableUpTo", true),
            6),
        mixed(
            "forced unit access is not looked at",
            CHANNEL + "ChannelAdapter",
            new CallAnswers("finishIfReleased", "has", false),
            6),
        // What the peer is owed.
        mixed(
            "what the peer is not sent is not owed",
            CHANNEL + "WritePump",
            new CallAnswers("commitPiece", "set", false),
            1),
        mixed("a cut owes nothing", REMOTE + "GroupCut", new Answers("oweTracks", null), 5),
        mixed(
            "of a group only the first volume is cut",
            "farside.volume.Volumes",
            new AnswersFirstOnly("sourcesOf"),
            4),
        mixed(
            "hosts go on before the new generation is on the drives",
            REMOTE + "GroupCut",
            new CallAnswers("finish", "isDurable", true),
            1),
        mixed(
            "the loss of the peer's memory goes unnoticed",
            REMOTE + "GroupCut",
            new Answers("onPeerMemoryLost", null),
            1),
        mixed(
            "a restart forgets which groups went alone",
            REMOTE + "GroupCut",
            new Answers("takeUpAfterIml", null),
            1),
        mixed(
            "a copy misses what NVRAM has",
            REMOTE + "TrackCopier",
            new CallAnswers("compose", "newestOf", -1),
            1),
        mixed(
            "a target does not note what its drive lacks",
            REMOTE + "IncomingWrites",
            new CallAnswers("take", "setPending", null),
            2),
        mixed(
            "a source that lost its memory goes on as if nothing was",
            "farside.service.Iml",
            new AnswersItsArgument("sourceAfterLoss"),
            2),
        mixed(
            "a source that lost its memory owes nothing",
            "farside.service.Iml",
            new CallAnswers("beginAnew", "setAll", null),
            6),
        // The session.
        mixed(
            "a frame of an old session is taken",
            REMOTE + "FrameTransport",
            new Condition("onFrame", "epoch", true),
            1),
        mixed(
            "a frame that comes again is taken again",
            REMOTE + "FrameTransport",
            new Condition("onSequenced", "sequence", true),
            1),
        mixed(
            "frames are taken in any order",
            REMOTE + "FrameTransport",
            new Condition("onSequenced", "sendNak", true),
            1),
        mixed(
            "a damaged payload is taken",
            REMOTE + "FrameTransport",
            new Condition("onSequenced", "payloadCrc", true),
            1),
        mixed(
            "a damaged header is taken",
            "farside.protocol.link.FrameHeaderFlyweight",
            new Answers("headerCrcIsRight", true),
            1),
        mixed(
            "the room at the peer is not looked at",
            REMOTE + "FrameTransport",
            new Answers("hasRoom", true),
            4),
        new Mutant(
            "what was on a link that failed is sent over no other",
            REMOTE + "FrameTransport",
            new Answers("onLinkLeft", 0),
            ScenarioKind.FAILOVER,
            1),
        // The drives.
        mixed(
            "after a flush that failed nothing is written again",
            DISK + "DriveUnit",
            new Answers("destageAllAgain", null),
            1),
        mixed(
            "hosts go on before the label is durable",
            "farside.volume.Labels",
            new Answers("isDurable", true),
            5),
        mixed(
            "the older copy of a label is believed",
            DISK + "LabelReader",
            new Condition("judge", "sequence", false),
            1),
        mixed(
            "a track is destaged twice at once",
            DISK + "Destager",
            new Answers("activeOn", null),
            1),
        mixed(
            "what a drive cannot read is taken for data",
            DISK + "Stager",
            new Condition("onStaged", "", false),
            1),
        new Mutant(
            "what could not be read ahead is taken for data",
            DISK + "AheadReads",
            new Condition("onRead", "", false),
            ScenarioKind.LOCAL,
            2),
        // Reads.
        mixed(
            "a read does not see what NVRAM has",
            CHANNEL + "TrackImage",
            new CallAnswers("lay", "newestOf", -1),
            1),
        mixed(
            "a read shows what waits for the peer",
            CHANNEL + "TrackImage",
            new Answers("hasUnreleased", false),
            1),
        mixed(
            "the read cache keeps what was written over",
            CACHE + "SlotDirectory",
            new Answers("onDriveChanged", null),
            1),
        mixed(
            "a peer lends blocks that it owes", REMOTE + "Lender", new Answers("whyNot", null), 1),
        // NVRAM.
        mixed(
            "numbers are given again after a restart",
            CACHE + "WriteNumbers",
            new Answers("recover", null),
            2),
        mixed(
            "a damaged record is believed",
            CACHE + "RecordHeaders",
            new Answers("isPayloadWhole", true),
            1),
        powerSafe(
            "the log is not waited for",
            POWER_SAFE + "NvramLog",
            new Answers("isDurable", true),
            1),
        powerSafe(
            "a host's answer does not wait for the log",
            POWER_SAFE + "HeldHost",
            new Answers("isOpen", true),
            1),
        powerSafe(
            "a drive does not wait for the log",
            POWER_SAFE + "HeldDrive",
            new Answers("isOpen", true),
            1),
        // A drive in doubt.
        hung(
            "the peer is not asked for what a drive in doubt holds",
            DISK + "DiskAdapter",
            new CallAnswers("stageWanted", "onDriveNotAsked", null),
            5),
        hung(
            "who waits in a slot that a hung drive reads into stays there",
            CACHE + "SlotDirectory",
            new CallAnswers("setInDoubt", "strand", null),
            5),
        hung(
            "a flush of a stored pair fails while the own drive is in doubt",
            CHANNEL + "ChannelAdapter",
            new Answers("isOnPeersDrive", false),
            3));
  }

  private static Mutant hung(String name, String className, Mutation mutation, long foundBySeed) {
    return new Mutant(name, className, mutation, ScenarioKind.HUNG, foundBySeed);
  }

  private static Mutant mixed(String name, String className, Mutation mutation, long foundBySeed) {
    return new Mutant(name, className, mutation, ScenarioKind.MIXED, foundBySeed);
  }

  private static Mutant stored(String name, String className, Mutation mutation, long foundBySeed) {
    return new Mutant(name, className, mutation, ScenarioKind.STORED, foundBySeed);
  }

  private static Mutant powerSafe(
      String name, String className, Mutation mutation, long foundBySeed) {
    return new Mutant(name, className, mutation, ScenarioKind.POWER_SAFE, foundBySeed);
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void everyFaultStillHasItsPlace(Mutant mutant) throws ClassNotFoundException {
    byte[] asItIs = MutantLoader.bytesOf(mutant.className());
    assertThatCode(() -> mutant.mutation().applyTo(asItIs)).doesNotThrowAnyException();
    assertThat(new MutantLoader(mutant).loadClass(mutant.className()).getClassLoader())
        .isInstanceOf(MutantLoader.class);
  }

  @Test
  void thereAreAtLeastTwentyFive() {
    assertThat(mutants().stream().map(Mutant::name).distinct().count()).isGreaterThanOrEqualTo(25);
  }

  @Tag("mutants")
  @ParameterizedTest
  @MethodSource("mutants")
  void theSimulatorFindsIt(Mutant mutant) throws ReflectiveOperationException {
    int tried = 0;
    String found = "";
    if (!IS_FRESH) {
      found = run(mutant, mutant.foundBySeed());
      tried = 1;
    }
    long seed = mutant.foundBySeed();
    for (long next = 1; found.isEmpty() && next <= SEEDS_MAX; next++) {
      seed = next;
      found = run(mutant, seed);
      tried++;
    }
    System.out.printf(
        "mutant: %s: %s, %d tried: %s%n",
        mutant.name(), found.isEmpty() ? "NOT FOUND" : "seed " + seed, tried, found);
    assertThat(found).as(mutant.name()).isNotEmpty();
  }

  /// What the simulator found, in its own words; empty if all promises held.
  private static String run(Mutant mutant, long seed) throws ReflectiveOperationException {
    ClassLoader loader = new MutantLoader(mutant);
    Class<?> kinds = loader.loadClass("farside.simulator.ScenarioKind");
    Class<?> simulations = loader.loadClass("farside.simulator.Simulation");
    Object kind =
        kinds.getMethod("valueOf", String.class).invoke(null, mutant.kind().name());
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);
    Object simulation = simulations.getConstructor(kinds, PrintStream.class).newInstance(kind, out);
    Object failed =
        simulations.getMethod("sweep", long.class, long.class).invoke(simulation, seed, seed);
    if (failed.equals(0)) {
      return "";
    }
    List<String> lines = text.toString(StandardCharsets.UTF_8).lines().toList();
    for (int i = 0; i < lines.size() - 1; i++) {
      if (lines.get(i).startsWith("FAILED ")) {
        return lines.get(i + 1);
      }
    }
    return lines.getLast();
  }
}
