package farside.simulator.mutant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.simulator.ScenarioKind;
import farside.simulator.mutant.Mutation.Answers;
import farside.simulator.mutant.Mutation.AnswersFirstOnly;
import farside.simulator.mutant.Mutation.AnswersItsArgument;
import farside.simulator.mutant.Mutation.CallAnswers;
import farside.simulator.mutant.Mutation.Condition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each deliberate fault in the microcode must be found by the simulator.
///
/// The seed that found it last is tried first; if it does not any more, all seeds from 1.
/// `-Dfarside.mutants.fresh=true` tries none first, and writes into the table how many seeds each
/// took.
@Execution(ExecutionMode.CONCURRENT)
class MutantsTest {
  private static final int SEEDS_MAX = Integer.getInteger("farside.mutants.seeds", 200);
  private static final boolean IS_FRESH = Boolean.getBoolean("farside.mutants.fresh");

  /// Part of the names of those that are looked for; several with a bar between them.
  private static final String ONLY = System.getProperty("farside.mutants.only", "");

  private static final MutantTable TABLE = readTable();
  private static final Map<String, MutantTable.Row> RENEWED = new ConcurrentHashMap<>();

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
            new CallAnswers("commitPiece", "waitsForPeer", false)),
        stored(
            "a host is told when the peer has received what it must have stored",
            REMOTE + "OutgoingWrites",
            new Answers("waitsForDrive", false)),
        mixed(
            "what was received counts as stable",
            CACHE + "WriteRecords",
            new CallAnswers("stableNumber", "head", -2)),
        mixed("FLUSH waits for nothing", CACHE + "WriteRecords", new Answers("isStableUpTo", true)),
        relapse(
            "FLUSH does not wait for what a life before answered",
            CACHE + "WriteRecords",
            new CallAnswers("takeOver", "max", 0L)),
        mixed(
            "forced unit access is not looked at",
            CHANNEL + "ChannelAdapter",
            new CallAnswers("finishIfReleased", "has", false)),
        // What the peer is owed.
        mixed(
            "what the peer is not sent is not owed",
            CHANNEL + "WritePump",
            new CallAnswers("commitPiece", "set", false)),
        mixed("a cut owes nothing", REMOTE + "GroupCut", new Answers("oweTracks", null)),
        mixed(
            "of a group only the first volume is cut",
            "farside.volume.Volumes",
            new AnswersFirstOnly("sourcesOf")),
        blackout(
            "hosts go on before the new generation is on the drives",
            REMOTE + "GroupCut",
            new CallAnswers("finish", "isDurable", true)),
        blackout(
            "the loss of the peer's memory goes unnoticed",
            REMOTE + "GroupCut",
            new Answers("onPeerMemoryLost", null)),
        blackout(
            "a restart forgets which groups went alone",
            REMOTE + "GroupCut",
            new Answers("takeUpAfterIml", null)),
        mixed(
            "a copy misses what NVRAM has",
            REMOTE + "TrackCopier",
            new CallAnswers("compose", "newestOf", -1)),
        mixed(
            "a target does not note what its drive lacks",
            REMOTE + "IncomingWrites",
            new CallAnswers("take", "setPending", null)),
        mixed(
            "a source that lost its memory goes on as if nothing was",
            "farside.service.Iml",
            new AnswersItsArgument("sourceAfterLoss")),
        mixed(
            "a source that lost its memory owes nothing",
            "farside.service.Iml",
            new CallAnswers("beginAnew", "setAll", null)),
        // The session.
        rare(
            "a frame of an old session is taken",
            REMOTE + "FrameTransport",
            new Condition("onFrame", "epoch", true)),
        mixed(
            "a frame that comes again is taken again",
            REMOTE + "IncomingFrames",
            new Condition("onSequenced", "sequence", true)),
        mixed(
            "frames are taken in any order",
            REMOTE + "IncomingFrames",
            new Condition("onSequenced", "askFor", true)),
        mixed(
            "a damaged payload is taken",
            REMOTE + "IncomingFrames",
            new Condition("onSequenced", "payloadCrc", true)),
        mixed(
            "a damaged header is taken",
            "farside.protocol.link.FrameHeaderFlyweight",
            new Answers("headerCrcIsRight", true)),
        mixed(
            "the room at the peer is not looked at",
            REMOTE + "FrameTransport",
            new Answers("hasRoom", true)),
        new Mutant(
            "what was on a link that failed is sent over no other",
            REMOTE + "FrameTransport",
            new Answers("onLinkLeft", 0),
            ScenarioKind.FAILOVER),
        // The drives.
        mixed(
            "after a flush that failed nothing is written again",
            DISK + "DriveUnit",
            new Answers("destageAllAgain", null)),
        blackout(
            "hosts go on before the label is durable",
            "farside.volume.Labels",
            new Answers("isDurable", true)),
        mixed(
            "the label does not say that a copy is complete",
            REMOTE + "SourcePairs",
            new CallAnswers("completed", "request", 0)),
        mixed(
            "the older copy of a label is believed",
            DISK + "LabelReader",
            new Condition("judge", "sequence", false)),
        mixed(
            "a track is destaged twice at once", DISK + "Destager", new Answers("activeOn", null)),
        mixed(
            "what a drive cannot read is taken for data",
            DISK + "Stager",
            new Condition("onStaged", "", false)),
        new Mutant(
            "what could not be read ahead is taken for data",
            DISK + "AheadReads",
            new Condition("onRead", "", false),
            ScenarioKind.LOCAL),
        // Reads.
        mixed(
            "a read does not see what NVRAM has",
            CHANNEL + "TrackImage",
            new CallAnswers("lay", "newestOf", -1)),
        mixed(
            "a read shows what waits for the peer",
            CHANNEL + "TrackImage",
            new Answers("hasUnreleased", false)),
        mixed(
            "the read cache keeps what was written over",
            CACHE + "SlotDirectory",
            new Answers("onDriveChanged", null)),
        rare("a peer lends blocks that it owes", REMOTE + "Lender", new Answers("whyNot", null)),
        // NVRAM.
        mixed(
            "numbers are given again after a restart",
            CACHE + "WriteNumbers",
            new Answers("recover", null)),
        rare(
            "a damaged record is believed",
            CACHE + "RecordHeaders",
            new Answers("isPayloadWhole", true)),
        rare(
            "what the log has of a damaged record is not looked for",
            POWER_SAFE + "NvramLogReplay",
            new Answers("mend", 0)),
        powerSafe(
            "the log is not waited for", POWER_SAFE + "NvramLog", new Answers("isDurable", true)),
        powerSafe(
            "a host's answer does not wait for the log",
            POWER_SAFE + "HeldHost",
            new Answers("isOpen", true)),
        powerSafe(
            "a drive does not wait for the log",
            POWER_SAFE + "HeldDrive",
            new Answers("isOpen", true)),
        // A drive in doubt.
        hung(
            "the peer is not asked for what a drive in doubt holds",
            DISK + "DiskAdapter",
            new CallAnswers("stageWanted", "onDriveNotAsked", null)),
        hung(
            "who waits in a slot that a hung drive reads into stays there",
            CACHE + "SlotDirectory",
            new CallAnswers("setInDoubt", "strand", null)),
        hung(
            "a flush of a stored pair fails while the own drive is in doubt",
            CHANNEL + "Durability",
            new Answers("isOnPeersDrive", false)),
        behind(
            "a source that goes alone does not say that its drive lacks what the peer's has",
            REMOTE + "GroupCut",
            new Answers("isBehind", false)),
        behind(
            "FLUSH does not wait for the label that the drive has caught up",
            "farside.volume.Volume",
            new Answers("isBehind", false)),
        behind(
            "a target copied over gives nothing back",
            REMOTE + "TargetStatus",
            new Answers("stored", false)));
  }

  private static Mutant hung(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.HUNG);
  }

  private static Mutant blackout(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.BLACKOUT);
  }

  private static Mutant mixed(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.MIXED);
  }

  private static Mutant rare(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.RARE);
  }

  private static Mutant relapse(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.RELAPSE);
  }

  private static Mutant behind(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.BEHIND);
  }

  private static Mutant stored(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.STORED);
  }

  private static Mutant powerSafe(String name, String className, Mutation mutation) {
    return new Mutant(name, className, mutation, ScenarioKind.POWER_SAFE);
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
  void eachIsFoundWithinTwoHundredSeeds() {
    assertThat(mutants()).hasSizeGreaterThanOrEqualTo(25);
    assertThat(mutants().stream().map(TABLE::row))
        .allMatch(row -> row.seeds() > 0 && row.seeds() <= 200);
  }

  @Test
  void everyFaultStandsInTheTable() {
    assumeFalse(IS_FRESH, "the table is being written");
    assertThat(TABLE.names())
        .containsExactlyElementsOf(mutants().stream().map(Mutant::name).toList());
  }

  @Tag("mutants")
  @ParameterizedTest
  @MethodSource("mutants")
  void theSimulatorFindsIt(Mutant mutant) throws ReflectiveOperationException {
    assumeTrue(Stream.of(ONLY.split("\\|")).anyMatch(mutant.name()::contains), "only: " + ONLY);
    Hunt hunt = new Hunt(mutant);
    int foundLately = TABLE.row(mutant).seeds();
    assumeTrue(IS_FRESH || foundLately > 0, "the table has no seed that finds it: specs/open.md");
    long seed = foundLately;
    String found = IS_FRESH ? "" : hunt.run(foundLately);
    boolean isStale = !IS_FRESH && found.isEmpty();
    for (long next = 1; found.isEmpty() && next <= SEEDS_MAX; next++) {
      seed = next;
      found = hunt.run(next);
    }
    int seeds = found.isEmpty() ? 0 : (int) seed;
    System.out.printf(
        Locale.ROOT,
        "mutant: %s: %s %s, %d tried in %.1f s%s: %s%n",
        mutant.name(),
        mutant.kind(),
        found.isEmpty() ? "NOT FOUND" : "seed " + seed,
        hunt.tried(),
        hunt.seconds(),
        isStale ? " (no more by seed " + foundLately + ": make mutants FRESH=true)" : "",
        found);
    RENEWED.put(mutant.name(), new MutantTable.Row(mutant.kind().name(), seeds, hunt.seconds()));
    assertThat(found).as(mutant.name()).isNotEmpty();
  }

  @AfterAll
  static void writeTheTable() throws IOException {
    if (IS_FRESH) {
      TABLE.write(mutants(), RENEWED);
    }
  }

  private static MutantTable readTable() {
    try {
      return MutantTable.read();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
