package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;

import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.SiteProcess;
import farside.rig.host.LoadHost;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` at random instants, under load on both volumes of a pair.
///
/// A successor is started before the kill and waits for the drives, so that it takes over
/// within milliseconds of the death, while I/O of the dead may still be on its way.
/// `-Dfarside.kills=N` asks for more than the usual 30, `-Dfarside.seed=N` repeats the draws.
class KillIT {
  private static final int KILLS = Integer.getInteger("farside.kills", 30);
  private static final long SEED =
      Long.getLong("farside.seed", System.nanoTime() & Integer.MAX_VALUE);
  private static final int REGION_BLOCKS = 512;
  private static final int CONNECTIONS = 3;
  private static final int QUEUE_DEPTH = 6;
  private static final int READY_MAX_MS = 30_000;
  private static final int SETTLED_MAX_MS = 30_000;
  private static final int START_MAX_MS = 1_000;
  private static final int HOST_TIMEOUT_MS = 20_000;
  private static final List<String> SITES = List.of(A, B);
  private static final List<List<String>> VICTIMS = List.of(List.of(A), List.of(B), SITES);

  private static final Map<String, String> VOLUME_OF = Map.of(A, "0010", B, "0020");

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final Map<String, WriteRecorder> recorders = Map.of(
      A, new WriteRecorder(SEED, REGION_BLOCKS), B, new WriteRecorder(SEED + 1, REGION_BLOCKS));

  /// What a start takes on this machine, today.
  private int startMs;

  @Test
  void nothingAcknowledgedIsLostWhenSitesAreKilled() throws Exception {
    System.out.printf(
        "KillIT: %d kills, replay: -Dfarside.seed=%d -Dfarside.kills=%d%n", KILLS, SEED, KILLS);
    DemoRig rig = patientRig();
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      pair.start(A);
      pair.start(B);
      long startNs = System.nanoTime();
      pair.awaitReady(A, READY_MAX_MS);
      pair.awaitReady(B, READY_MAX_MS);
      startMs = Math.max(1, (int) ((System.nanoTime() - startNs) / 1_000_000));
      int kills = 0;
      while (kills < KILLS) {
        List<String> victims = VICTIMS.get(random.nextInt(VICTIMS.size()));
        String what =
            "kill %d, of %s, seed %d, files in %s".formatted(kills + 1, victims, SEED, directory);
        awaitSynchronized(pair, "before " + what);
        killUnderLoad(pair, victims, what);
        kills += victims.size();
      }
      awaitSynchronized(pair, "at the end");
      assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isDestaged)).isTrue();
      Mirrors.areEqual(rig, "at the end");
      for (String site : SITES) {
        assertThat(pair.process(site).terminate(SETTLED_MAX_MS)).isZero();
      }
      System.out.printf(
          "KillIT: %d kills survived, %d and %d writes were acknowledged%n",
          kills, recorders.get(A).acknowledgedCount(), recorders.get(B).acknowledgedCount());
    }
  }

  private void killUnderLoad(DemoPair pair, List<String> victims, String what) throws Exception {
    DemoRig rig = pair.rig();
    Map<String, SiteProcess> dying = Map.of(A, pair.process(A), B, pair.process(B));
    Map<String, LoadHost> hosts = Map.of();
    try {
      for (String victim : victims) {
        pair.start(victim);
      }
      // Often the successor stands at the drives by the time of the kill, and takes over within
      // milliseconds.
      DemoPair.await(random.nextInt(Math.min(startMs, START_MAX_MS)), () -> false);
      hosts = Map.of(A, load(rig, A), B, load(rig, B));
      awaitWrites(20L + random.nextInt(400));
      for (String victim : victims) {
        dying.get(victim).kill();
      }
    } finally {
      victims.forEach(victim -> dying.get(victim).close());
    }
    for (String victim : victims) {
      hosts.get(victim).stop();
    }
    for (String survivor : SITES) {
      if (!victims.contains(survivor)) {
        // The survivor alone must hold all that its peer acknowledged, while its own host goes
        // on writing.
        judge(rig, survivor, victims.get(0), false, "right after " + what);
      }
    }
    for (String site : SITES) {
      hosts.get(site).stop();
      assertThat(hosts.get(site).refusal()).as(what).isEmpty();
    }
    for (String victim : victims) {
      pair.awaitReady(victim, READY_MAX_MS);
      judge(rig, victim, victim, true, "after the restart, " + what);
    }
    awaitSynchronized(pair, "after " + what);
    for (String site : SITES) {
      judge(rig, site, site, true, "synchronized after " + what);
      judge(rig, site.equals(A) ? B : A, site, false, "synchronized after " + what);
    }
  }

  /// Waits until both hosts have had so many more writes acknowledged.
  private void awaitWrites(long count) throws Exception {
    long a = recorders.get(A).acknowledgedCount() + count;
    long b = recorders.get(B).acknowledgedCount() + count;
    DemoPair.await(
        HOST_TIMEOUT_MS,
        () ->
            recorders.get(A).acknowledgedCount() >= a && recorders.get(B).acknowledgedCount() >= b);
  }

  private static void awaitSynchronized(DemoPair pair, String when) throws Exception {
    assertThat(DemoPair.await(SETTLED_MAX_MS, pair::isSynchronized))
        .as("synchronized %s", when)
        .isTrue();
  }

  private LoadHost load(DemoRig rig, String site) throws IOException {
    LoadHost host =
        new LoadHost(rig.hostsAt(site), VOLUME_OF.get(site), recorders.get(site), QUEUE_DEPTH);
    host.start(CONNECTIONS, random);
    return host;
  }

  /// Reads at one site the volume whose source is at a site.
  private void judge(DemoRig rig, String readAt, String sourceAt, boolean isFinal, String when)
      throws IOException {
    String volume = VOLUME_OF.get(sourceAt);
    try (NbdClient host = NbdClient.connect(rig.hostsAt(readAt), volume, HOST_TIMEOUT_MS)) {
      assertThat(RecordedRegion.judgeAll(host, recorders.get(sourceAt), isFinal))
          .as("%s read at %s %s", volume, readAt, when)
          .isEmpty();
      host.disconnect();
    }
  }

  /// On a machine that is short of breath a site must not take its peer's slowness for its
  /// death: then it would go on alone, rightly, and the peer would miss writes when the kill
  /// comes. A small NVRAM is as full as a large one under this load, and read sooner.
  private DemoRig patientRig() throws Exception {
    DemoRig rig = DemoRig.in(directory);
    String text = Files.readString(rig.file());
    return rig.with(text.replace("linkTimeoutMs: 2000", "linkTimeoutMs: 20000")
        .replace("nvramMiB: 64", "nvramMiB: 16"));
  }
}
