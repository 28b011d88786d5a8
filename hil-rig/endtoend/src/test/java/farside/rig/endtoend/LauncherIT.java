package farside.rig.endtoend;

import static farside.rig.demo.DemoPair.A;
import static farside.rig.demo.DemoPair.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.demo.FreePorts;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the launcher answers, and what the rig costs when nobody asks anything of it.
class LauncherIT {
  private static final int READY_MAX_MS = 20_000;
  private static final long QUIET_READY_MAX_MS = 5_000;
  private static final long RESIDENT_MAX_KIB = 512 << 10;
  private static final double IDLE_CORE_SHARE_MAX = 0.02;
  private static final int IDLE_SECONDS = 4;
  private static final int IDLE_WITHIN_SECONDS = 40;
  private static final int TICKS_PER_SECOND = 100;

  @TempDir
  Path directory;

  @Test
  void exitStatusesTellYesNoNotUnderstoodAndNotReachable() throws Exception {
    DemoRig rig = DemoRig.in(directory);
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      pair.start(A);
      pair.awaitReady(A, READY_MAX_MS);

      assertThat(ctl(rig, A, "query").output()).contains("0010");
      assertThat(ctl(rig, A, "tracks 0099").status()).isEqualTo(1);
      assertThat(ctl(rig, A, "fly to the moon").status()).isEqualTo(2);
      assertThat(ctl(rig, "C", "query").status()).isEqualTo(2);
      assertThat(ctl(rig, "B", "query").status()).isEqualTo(3);
      Launcher.Ending json = ctl(rig, A, "query", "--output", "json");
      assertThat(json.status()).isZero();
      assertThat(json.output()).startsWith("{").contains("\"volumes\"");

      aSecondRigOnTheSameDrivesIsRefusedAndHarmsNothing(rig);

      // The console can end a site as SIGTERM does.
      assertThat(ctl(rig, A, "shutdown").status()).isZero();
      Awaitility.await()
          .atMost(20, TimeUnit.SECONDS)
          .until(() -> !pair.process(A).isAlive());
      assertThat(pair.process(A).terminate(0)).isZero();
      assertThat(ctl(rig, A, "query").status()).isEqualTo(3);
    }
  }

  private static void aSecondRigOnTheSameDrivesIsRefusedAndHarmsNothing(DemoRig rig)
      throws Exception {
    Launcher.Ending second = Launcher.farside(
        "run",
        rig.file().toString(),
        "--site",
        A,
        "--run-dir",
        rig.directory().path().toString());

    assertThat(second.status()).isEqualTo(1);
    assertThat(second.errors()).contains("site A: drive D1").doesNotContain("\tat ");
    assertThat(ctl(rig, A, "query").status()).isZero();
  }

  @Test
  void aBadRigIsRefusedWithItsLine() throws Exception {
    Path rig = Files.writeString(directory.resolve("bad.yaml"), "sites:\n  A:\n    serial: 5\n");

    Launcher.Ending ending = Launcher.farside("run", rig.toString());

    assertThat(ending.status()).isEqualTo(2);
    assertThat(ending.errors()).contains("bad.yaml, line 3: `serial` is the number 5");
    assertThat(ending.output()).isEmpty();
  }

  @Test
  void aReadCacheIsAsBigAsTheRigSaysAndNotAsTheHeapOrABuffer() throws Exception {
    Path rig = Files.writeString(
        directory.resolve("cache.yaml"), """
        sites:
          A:
            serial: FARSIDE-A
            nbd: 127.0.0.1:%d
            readCacheMiB: 2100
            drives:
              - {name: D1, driver: file-disk, sizeMiB: 17}
        volumes:
          0030: {sizeMiB: 16, local: A/D1}
        """.formatted(FreePorts.take(1).getFirst()));
    Process process = new ProcessBuilder(
            Launcher.WORDS.get(0), "run", rig.toString(), "--run-dir", directory.toString())
        .redirectErrorStream(true)
        .start();
    try {
      assertThat(process.inputReader().lines().limit(2)).last().isEqualTo("ready");
    } finally {
      process.destroy();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void anIdleRigCostsNextToNothing() throws Exception {
    assumeThat(Path.of("/proc/self/stat"))
        .as("skipped: no /proc here, so nothing to measure with")
        .exists();
    DemoRig rig = DemoRig.in(directory);
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    long startNs = System.nanoTime();
    Process process = new ProcessBuilder(
            Launcher.WORDS.get(0),
            "run",
            rig.file().toString(),
            "--run-dir",
            rig.directory().path().toString())
        .start();
    try {
      List<String> lines =
          process.inputReader().lines().takeWhile(line -> !line.equals("ready")).toList();
      long readyMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
      long readyCpuMs = cpuTicks(process.pid()) * 1000 / TICKS_PER_SECOND;
      assertThat(lines).hasSize(5);
      // The JIT compiler has work of its own for a while after the start: it must come to rest,
      // and soon.
      double[] share = {1};
      long[] last = {cpuTicks(process.pid()), System.nanoTime()};
      Awaitility.await()
          .atMost(IDLE_WITHIN_SECONDS, TimeUnit.SECONDS)
          .pollDelay(IDLE_SECONDS, TimeUnit.SECONDS)
          .pollInterval(IDLE_SECONDS, TimeUnit.SECONDS)
          .until(() -> {
            long nowTicks = cpuTicks(process.pid());
            long nowNs = System.nanoTime();
            share[0] = (nowTicks - last[0]) / (double) TICKS_PER_SECOND / ((nowNs - last[1]) / 1e9);
            last[0] = nowTicks;
            last[1] = nowNs;
            return share[0] < IDLE_CORE_SHARE_MAX;
          });
      long residentKib = residentKib(process.pid());
      System.out.printf(
          "LauncherIT: ready after %d ms and %d ms of processor time, load %.1f before; "
              + "idle: %.2f %% of a core, %d MiB resident%n",
          readyMs, readyCpuMs, load, share[0] * 100, residentKib >> 10);
      assertThat(residentKib).as("KiB resident").isLessThan(RESIDENT_MAX_KIB);
      // What others take of a busy machine is not the rig's: its own work fits in the time
      // anywhere, and on a quiet machine so does the whole start.
      assertThat(readyCpuMs).as("ms of processor time until ready").isLessThan(QUIET_READY_MAX_MS);
      boolean isQuiet = load >= 0 && load < Runtime.getRuntime().availableProcessors();
      assertThat(readyMs)
          .as("ms until ready")
          .isLessThan(isQuiet ? QUIET_READY_MAX_MS : READY_MAX_MS);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void theLoopsOfTwoCabinetsOnThisMachineShareOneCpuAndNothingElseIsTiedToIt() throws Exception {
    assumeThat(Path.of("/proc/self/schedstat"))
        .as("skipped: this kernel keeps no account of waiting for a CPU")
        .exists();
    String everywhere = allowedCpus(Path.of("/proc/self"));
    assumeThat(everywhere).as("skipped: one CPU only, so no choice").containsAnyOf("-", ",");
    DemoRig rig = DemoRig.in(directory);
    try (DemoPair pair = new DemoPair(Launcher.QUICK_WORDS, rig)) {
      pair.start(A);
      pair.start(B);
      pair.awaitReady(A, READY_MAX_MS);
      pair.awaitReady(B, READY_MAX_MS);

      // On a busy machine one may be away for a trial.
      List<String> tied = new ArrayList<>();
      Awaitility.await().atMost(40, TimeUnit.SECONDS).until(() -> {
        tied.clear();
        tied.addAll(cpusOfTied(pair.process(A).pid(), "cabinet-A", everywhere));
        tied.addAll(cpusOfTied(pair.process(B).pid(), "cabinet-B", everywhere));
        return tied.size() == 2;
      });
      assertThat(tied.get(0)).matches("[0-9]+").isEqualTo(tied.get(1));
    }
  }

  /// The CPUs of those threads that may not run everywhere, none of which may have another name.
  private static List<String> cpusOfTied(long pid, String name, String everywhere)
      throws IOException {
    List<String> tied = new ArrayList<>();
    try (var threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads.toList()) {
        try {
          String cpus = allowedCpus(thread);
          if (!cpus.equals(everywhere)) {
            assertThat(Files.readString(thread.resolve("comm")).trim()).isEqualTo(name);
            tied.add(cpus);
          }
        } catch (IOException unreadable) {
          assertThat(thread).as("a thread that has not ended").doesNotExist();
        }
      }
    }
    return tied;
  }

  private static String allowedCpus(Path thread) throws IOException {
    return Files.readAllLines(thread.resolve("status")).stream()
        .filter(line -> line.startsWith("Cpus_allowed_list:"))
        .map(line -> line.substring(line.indexOf(':') + 1).trim())
        .findFirst()
        .orElseThrow();
  }

  private static Launcher.Ending ctl(DemoRig rig, String site, String command, String... options)
      throws Exception {
    List<String> words = new ArrayList<>(List.of(
        "ctl",
        rig.file().toString(),
        site,
        command,
        "--run-dir",
        rig.directory().path().toString()));
    words.addAll(List.of(options));
    return Launcher.farside(words.toArray(String[]::new));
  }

  /// User and system time of the process: fields 14 and 15, counted after the name, which may
  /// hold spaces.
  private static long cpuTicks(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }

  private static long residentKib(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
