package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;

import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.DriveComparison;
import farside.rig.host.BlockPattern;
import farside.rig.host.LoadHost;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Power is lost under load, at one site or at both, and with it the NVRAM: its file is found
/// under another boot of the kernel, its pages a mixture of new, old and noise.
///
/// Power-safe NVRAM comes back from its log, with everything that was acknowledged. Else: of a
/// volume whose peer kept its memory everything that was acknowledged must be there, of
/// every other everything that was flushed; nothing that did not show at the restart may come
/// back later; and at the end both drives of a pair hold the same bytes, and the hosts' newest.
/// `-Dfarside.losses=N` asks for more losses, `-Dfarside.seed=N` repeats the draws.
class LostNvramIT {
  private static final int LOSSES = Integer.getInteger("farside.losses", 1);
  private static final long SEED =
      Long.getLong("farside.seed", System.nanoTime() & Integer.MAX_VALUE);
  private static final int REGION_BLOCKS = 768;
  private static final int CONNECTIONS = 2;
  private static final int QUEUE_DEPTH = 6;
  private static final int FLUSH_MAX = 4;
  private static final int BURST_WRITES = 32;
  private static final int PAUSE_MS = 20;
  private static final int READY_MAX_MS = 30_000;
  private static final int SETTLED_MAX_MS = 60_000;
  private static final int HOST_TIMEOUT_MS = 20_000;
  private static final int NVRAM_LOST = 1003;
  private static final int NVRAM_REBUILT = 1008;
  private static final List<String> SITES = List.of(A, B);
  private static final List<List<String>> VICTIMS = List.of(SITES, List.of(A), List.of(B));

  /// A volume with a host at its source.
  private record Load(
      String volume, String site, String drive, boolean isMirrored, WriteRecorder recorder) {
    String farSite() {
      return site.equals(A) ? B : A;
    }
  }

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final List<Load> loads = List.of(
      new Load("0010", A, "D1", true, new WriteRecorder(SEED, REGION_BLOCKS)),
      new Load("0020", B, "D2", true, new WriteRecorder(SEED + 1, REGION_BLOCKS)),
      new Load("0030", A, "D3", false, new WriteRecorder(SEED + 2, REGION_BLOCKS)));

  @Test
  void whatWasFlushedSurvivesAndNothingStaleIsBelieved() throws Exception {
    loseAgainAndAgain(patientRig(), false);
  }

  @Test
  void powerSafeNvramKeepsEverythingThatWasAcknowledged() throws Exception {
    DemoRig rig = patientRig();
    String text = Files.readString(rig.file());
    loseAgainAndAgain(
        rig.with(text.replaceAll("( +)nvramMiB: 16", "$0\n$1nvram: power-safe")), true);
  }

  private void loseAgainAndAgain(DemoRig rig, boolean isPowerSafe) throws Exception {
    System.out.printf(
        "LostNvramIT: %d losses, replay: -Dfarside.seed=%d -Dfarside.losses=%d%n",
        LOSSES, SEED, LOSSES);
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      for (String site : SITES) {
        pair.start(site);
      }
      for (String site : SITES) {
        pair.awaitReady(site, READY_MAX_MS);
      }
      for (int loss = 0; loss < LOSSES; loss++) {
        List<String> victims = victimsOf(loss);
        String what =
            "loss %d, of %s, seed %d, files in %s".formatted(loss + 1, victims, SEED, directory);
        awaitSynchronized(pair, "before " + what);
        losePowerUnderLoad(pair, victims, isPowerSafe, what);
        awaitSynchronized(pair, "after " + what);
        judge(pair, what);
      }
      for (String site : SITES) {
        assertThat(pair.process(site).terminate(SETTLED_MAX_MS)).isZero();
      }
      assertThat(toldAt(rig, isPowerSafe ? NVRAM_REBUILT : NVRAM_LOST)).isEqualTo(lossesMade());
    }
  }

  private void losePowerUnderLoad(
      DemoPair pair, List<String> victims, boolean isPowerSafe, String what) throws Exception {
    DemoRig rig = pair.rig();
    List<LoadHost> hosts = new ArrayList<>();
    for (Load load : loads) {
      LoadHost host = new LoadHost(
              rig.hostsAt(load.site()), load.volume(), load.recorder(), QUEUE_DEPTH)
          .inBursts(BURST_WRITES, PAUSE_MS);
      hosts.add(host);
      host.start(CONNECTIONS, random);
    }
    int older = random.nextInt(FLUSH_MAX);
    for (int flush = 0; flush < FLUSH_MAX; flush++) {
      if (flush == older) {
        for (String victim : victims) {
          Files.copy(
              rig.directory().nvram(victim), olderOf(victim), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      awaitWrites(5L + random.nextInt(300));
      for (Load load : loads) {
        flush(rig, load);
      }
    }
    awaitWrites(1L + random.nextInt(300));
    for (String victim : victims) {
      pair.process(victim).kill();
    }
    for (String victim : victims) {
      LostPower.over(rig.directory().nvram(victim), olderOf(victim), random);
      pair.start(victim);
    }
    for (String victim : victims) {
      pair.awaitReady(victim, READY_MAX_MS);
    }
    // A survivor's host has been writing all the time.
    for (LoadHost host : hosts) {
      host.stop();
      assertThat(host.refusal()).as(what).isEmpty();
    }
    for (Load load : loads) {
      // The peer's memory has the rest, if there is a peer and it kept it.
      boolean isSourceHit = victims.contains(load.site());
      if (!isPowerSafe
          && isSourceHit
          && !(load.isMirrored() && !victims.contains(load.farSite()))) {
        load.recorder().loseUnflushed();
      }
    }
  }

  private Path olderOf(String site) {
    return directory.resolve("older-nvram-" + site);
  }

  private static void flush(DemoRig rig, Load load) throws IOException {
    try (NbdClient host =
        NbdClient.connect(rig.hostsAt(load.site()), load.volume(), HOST_TIMEOUT_MS)) {
      int[] before = load.recorder().beforeFlush();
      host.flush();
      load.recorder().onFlushed(before);
      host.disconnect();
    }
  }

  /// Waits until every host has had so many more writes acknowledged.
  private void awaitWrites(long count) throws Exception {
    long[] wanted = loads.stream()
        .mapToLong(load -> load.recorder().acknowledgedCount() + count)
        .toArray();
    boolean written = DemoPair.await(HOST_TIMEOUT_MS, () -> {
      for (int i = 0; i < wanted.length; i++) {
        if (loads.get(i).recorder().acknowledgedCount() < wanted[i]) {
          return false;
        }
      }
      return true;
    });
    assertThat(written).as("hosts write").isTrue();
  }

  private static void awaitSynchronized(DemoPair pair, String when) throws Exception {
    assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized))
        .as("synchronized %s", when)
        .isTrue();
  }

  /// Every block, read by hosts at the source, then at the far side, then on the drives.
  private void judge(DemoPair pair, String what) throws Exception {
    DemoRig rig = pair.rig();
    for (Load load : loads) {
      judge(rig, load, load.site(), "after " + what);
      load.recorder().settle();
    }
    assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).as("destaged").isTrue();
    for (Load load : loads) {
      Path drive = rig.drive(load.site(), load.drive());
      byte[] content = DriveComparison.read(drive, 0, REGION_BLOCKS * BlockPattern.BLOCK_BYTES);
      assertThat(load.recorder().judge(0, content))
          .as("%s on its drive after %s", load.volume(), what)
          .isEmpty();
      if (load.isMirrored()) {
        judge(rig, load, load.farSite(), "after " + what);
      }
    }
    Mirrors.areEqual(rig, "after " + what);
  }

  private static void judge(DemoRig rig, Load load, String site, String when) throws IOException {
    try (NbdClient host = NbdClient.connect(rig.hostsAt(site), load.volume(), HOST_TIMEOUT_MS)) {
      assertThat(RecordedRegion.judgeAll(host, load.recorder(), true))
          .as("%s read at %s %s", load.volume(), site, when)
          .isEmpty();
      host.disconnect();
    }
  }

  /// All sorts in turn, beginning with one that the seed names.
  private static List<String> victimsOf(int loss) {
    return VICTIMS.get((int) Math.floorMod(SEED + loss, (long) VICTIMS.size()));
  }

  private static int lossesMade() {
    int made = 0;
    for (int loss = 0; loss < LOSSES; loss++) {
      made += victimsOf(loss).size();
    }
    return made;
  }

  /// How often the logs of both sites have an event.
  private static int toldAt(DemoRig rig, int event) throws IOException {
    int told = 0;
    for (String site : SITES) {
      for (String line : Files.readAllLines(rig.directory().log(site))) {
        told += line.contains(" " + event + " ") ? 1 : 0;
      }
    }
    return told;
  }

  /// A site that is slow for want of processor time must not be taken for dead, and a copy of a
  /// small NVRAM is soon made.
  private DemoRig patientRig() throws Exception {
    DemoRig rig = DemoRig.in(directory);
    String text = Files.readString(rig.file());
    return rig.with(text.replace("linkTimeoutMs: 2000", "linkTimeoutMs: 20000")
        .replace("nvramMiB: 64", "nvramMiB: 16"));
  }
}
