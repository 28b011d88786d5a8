package farside.rig.demo;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;

import farside.driver.control.ControlClient;
import farside.rig.description.Rig;
import farside.rig.host.LoadHost;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import farside.volume.VolumeRole;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// The script of the demo: a pair is started, written to, cut apart, healed and killed, and
/// after each step somebody who did not write the microcode compares bytes.
///
/// Stops at the first step that does not hold, for those after it build on it.
public final class Demo {
  private static final int MIB_BLOCKS = 256;
  private static final int HOST_TIMEOUT_MS = 10_000;
  private static final int READY_MAX_MS = 30_000;
  private static final int SYNCHRONIZED_MAX_MS = 15_000;
  private static final int DESTAGED_MAX_MS = 10_000;
  private static final int LOAD_CONNECTIONS = 4;
  private static final int LOAD_QUEUE_DEPTH = 8;
  private static final int CUT_WRITES = 2_000;
  private static final int KILL_AFTER_WRITES = 1_500;

  private final Screen screen;
  private final DemoPair pair;
  private final DemoRig rig;
  private final SplittableRandom random;
  private final WriteRecorder mirrored;
  private final WriteRecorder mirroredBack;
  private final WriteRecorder local;

  /// @param farside the words that start the launcher
  public Demo(Screen screen, List<String> farside, DemoRig rig, long seed) {
    this.screen = screen;
    this.rig = rig;
    pair = new DemoPair(farside, rig);
    random = new SplittableRandom(seed);
    mirrored = new WriteRecorder(seed, 32 * MIB_BLOCKS);
    mirroredBack = new WriteRecorder(seed + 1, 8 * MIB_BLOCKS);
    local = new WriteRecorder(seed + 2, 8 * MIB_BLOCKS);
  }

  /// One step: says what was proved, or fails.
  private interface Step {
    String run() throws IOException, InterruptedException, StepFailedException;
  }

  /// True if every step holds. Whatever happens, no process is left behind.
  public boolean play() throws InterruptedException {
    try (pair) {
      return step(this::start)
          && step(this::writePattern)
          && step(this::compareDrives)
          && step(this::writeOnWithoutLink)
          && step(this::healAndDrain)
          && step(this::compareDrives)
          && step(this::killInMidWrite)
          && step(this::readFromTheFarSide)
          && step(this::restart)
          && step(this::compareDrives)
          && step(this::end);
    }
  }

  private boolean step(Step step) throws InterruptedException {
    long startNs = System.nanoTime();
    boolean holds = false;
    String text;
    try {
      text = step.run();
      holds = true;
    } catch (StepFailedException failed) {
      text = failed.getMessage();
    } catch (IOException failure) {
      text = failure.toString();
    }
    screen.verdict(holds, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs), text);
    return holds;
  }

  private String start() throws IOException, InterruptedException, StepFailedException {
    screen.say("Two cabinets, one process each: the rig is " + rig.file());
    pair.start(A);
    pair.start(B);
    for (String site : List.of(A, B)) {
      pair.awaitReady(site, READY_MAX_MS);
      screen.show("site " + site + ", process " + pair.process(site).pid());
      pair.process(site).volumeLines().forEach(screen::show);
    }
    awaitSynchronized();
    return "both sites ready, their pairs synchronized";
  }

  private String writePattern() throws IOException {
    screen.say("A host writes to all three volumes:");
    write(A, "0010", mirrored);
    write(B, "0020", mirroredBack);
    write(A, "0030", local);
    screen.show(pair.ask(A, "query").text());
    int blocks = mirrored.blockCount() + mirroredBack.blockCount() + local.blockCount();
    return "%d MiB written and flushed through NBD: 0010 at A, 0020 at B, 0030 at A"
        .formatted(blocks / MIB_BLOCKS);
  }

  private void write(String site, String volume, WriteRecorder recorder) throws IOException {
    try (NbdClient host = NbdClient.connect(rig.hostsAt(site), volume, HOST_TIMEOUT_MS)) {
      RecordedRegion.writeAll(host, recorder);
      host.disconnect();
    }
  }

  /// Reads the drives themselves, past both cabinets.
  private String compareDrives() throws IOException, InterruptedException, StepFailedException {
    awaitSynchronized();
    require(
        DemoPair.await(DESTAGED_MAX_MS, pair::isDestaged),
        "writes still wait in NVRAM; see `query`");
    long comparedBytes = 0;
    for (Rig.Volume volume : rig.rig().volumes()) {
      if (volume.isMirrored()) {
        compareMirrors(volume);
      } else {
        judgeDrive(volume, local);
      }
      comparedBytes += volume.sizeBytes();
    }
    judgeDrive(rig.rig().volumes().get(0), mirrored);
    judgeDrive(rig.rig().volumes().get(1), mirroredBack);
    return "3 volumes equal: %d MiB compared byte by byte on the drives of both sites, and with what was written"
        .formatted(comparedBytes >> 20);
  }

  private void compareMirrors(Rig.Volume volume) throws IOException, StepFailedException {
    Rig.Holder one = volume.holders().get(0);
    Rig.Holder other = volume.holders().get(1);
    long difference = DriveComparison.firstDifference(
        rig.drive(one.site(), one.drive()),
        rig.drive(other.site(), other.drive()),
        volume.sizeBytes());
    require(
        difference == DriveComparison.EQUAL,
        "volume %s differs at byte %d: %s/%s is not %s/%s"
            .formatted(
                volume.name(), difference, one.site(), one.drive(), other.site(), other.drive()));
  }

  private void judgeDrive(Rig.Volume volume, WriteRecorder recorder)
      throws IOException, StepFailedException {
    Rig.Holder holder = volume.holders().stream()
        .filter(candidate -> candidate.role() != VolumeRole.R2)
        .findFirst()
        .orElseThrow();
    for (int first = 0; first < recorder.blockCount(); first += MIB_BLOCKS) {
      int count = Math.min(MIB_BLOCKS, recorder.blockCount() - first);
      byte[] content = DriveComparison.read(
          rig.drive(holder.site(), holder.drive()), first * 4096L, count * 4096);
      requireNone(volume.name() + " on the drive", recorder.judge(first, content));
    }
  }

  private String writeOnWithoutLink()
      throws IOException, InterruptedException, StepFailedException {
    screen.say("The operator varies the link off, and the host writes on:");
    ask(A, "vary L1 off");
    long before = mirrored.acknowledgedCount();
    LoadHost host = load();
    DemoPair.await(HOST_TIMEOUT_MS, () -> mirrored.acknowledgedCount() - before >= CUT_WRITES);
    host.stop();
    require(host.refusal().isEmpty(), host.refusal());
    long written = mirrored.acknowledgedCount() - before;
    require(
        written >= CUT_WRITES,
        "only %d writes were acknowledged without the link".formatted(written));
    screen.show(pair.ask(A, "query").text());
    long owed = pair.query(A).owedTracks();
    require(owed > 0, "the link is off and the host wrote, but nothing is owed");
    return "%d writes acknowledged without the link; %d tracks owed to B".formatted(written, owed);
  }

  private String healAndDrain() throws IOException, InterruptedException, StepFailedException {
    screen.say("The link comes back, and what is owed drains:");
    long total = pair.query(A).owedTracks();
    ask(A, "vary L1 on");
    boolean drained = DemoPair.await(SYNCHRONIZED_MAX_MS, () -> {
      long owed = pair.query(A).owedTracks();
      screen.progress(Math.max(0, total - owed), total, "tracks copied");
      return owed == 0 && pair.isSynchronized();
    });
    screen.endProgress();
    require(drained, "%d of %d tracks are still owed".formatted(pair.query(A).owedTracks(), total));
    return "%d owed tracks copied, pairs synchronized again".formatted(total);
  }

  private String killInMidWrite() throws IOException, InterruptedException, StepFailedException {
    screen.say("Site A is killed while a host writes:");
    long before = mirrored.acknowledgedCount();
    LoadHost host = load();
    DemoPair.await(
        HOST_TIMEOUT_MS, () -> mirrored.acknowledgedCount() - before >= KILL_AFTER_WRITES);
    long pid = pair.process(A).pid();
    pair.process(A).kill();
    host.stop();
    require(host.refusal().isEmpty(), host.refusal());
    long written = mirrored.acknowledgedCount() - before;
    require(
        written >= KILL_AFTER_WRITES,
        "only %d writes were acknowledged before the kill".formatted(written));
    return "kill -9 %d after %d acknowledged writes, more of them under way"
        .formatted(pid, written);
  }

  private String readFromTheFarSide() throws IOException, StepFailedException {
    try (NbdClient host = NbdClient.connect(rig.hostsAt(B), "0010", HOST_TIMEOUT_MS)) {
      require(host.isReadOnly(), "site B lets hosts write to the R2 of 0010");
      requireNone("0010 at B", RecordedRegion.judgeAll(host, mirrored, false));
      host.disconnect();
    }
    return "all %d blocks of 0010 that were ever acknowledged are read from B, A being dead"
        .formatted(mirrored.acknowledgedBlocks());
  }

  private String restart() throws IOException, InterruptedException, StepFailedException {
    screen.say("Site A comes back:");
    pair.start(A);
    pair.awaitReady(A, READY_MAX_MS);
    try (NbdClient host = NbdClient.connect(rig.hostsAt(A), "0010", HOST_TIMEOUT_MS)) {
      requireNone("0010 at A", RecordedRegion.judgeAll(host, mirrored, true));
      host.disconnect();
    }
    return "A restarted, and every acknowledged block of 0010 is read from it";
  }

  private String end() throws InterruptedException, StepFailedException {
    for (String site : List.of(A, B)) {
      int status = pair.process(site).terminate(DESTAGED_MAX_MS);
      require(status == 0, "site %s ended with status %d after SIGTERM".formatted(site, status));
    }
    return "SIGTERM: both sites put everything away and ended with 0";
  }

  private LoadHost load() throws IOException {
    LoadHost host = new LoadHost(rig.hostsAt(A), "0010", mirrored, LOAD_QUEUE_DEPTH);
    host.start(LOAD_CONNECTIONS, random);
    return host;
  }

  private void ask(String site, String command) throws IOException, StepFailedException {
    ControlClient.Answer answer = pair.ask(site, command);
    screen.show("farside ctl %s '%s': %s".formatted(site, command, answer.text().strip()));
    require(
        answer.exitCode() == 0,
        "`%s` at site %s was refused: %s".formatted(command, site, answer.text()));
  }

  private void awaitSynchronized() throws IOException, InterruptedException, StepFailedException {
    require(
        DemoPair.await(SYNCHRONIZED_MAX_MS, pair::isSynchronized),
        "the pairs are not synchronized after %d s; see `query`"
            .formatted(SYNCHRONIZED_MAX_MS / 1000));
  }

  private static void requireNone(String where, List<String> complaints)
      throws StepFailedException {
    require(complaints.isEmpty(), where + ": " + String.join("; ", complaints));
  }

  private static void require(boolean holds, String seen) throws StepFailedException {
    if (!holds) {
      throw new StepFailedException(seen);
    }
  }
}
