package farside.rig.command;

import farside.director.CabinetRefused;
import farside.rig.description.Rig;
import farside.rig.site.RunDirectory;
import farside.rig.site.Site;
import farside.rig.site.SiteRecording;
import farside.rig.site.SiteRefusedException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `farside run`: the sites of a rig, or one of them, until told to end.
@Command(
    description = {
      "Runs a rig until it gets SIGTERM or SIGINT; then destages everything and ends with 0.",
      "Prints a line per volume with its URI, then a line `ready`. Events go to SITE/farside.log in the run directory."
    })
final class RunCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  private static final long READY_MAX_MS = 30_000;
  private static final long DESTAGE_MAX_MS = 60_000;

  @Mixin
  private RigChoice choice;

  @Option(
      names = "--site",
      paramLabel = "SITE",
      description = "Run this site only; all of them if left out.")
  private String site;

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description = {
        "Keep everything that crosses a port of the site, for `farside replay FILE`.",
        "Of several sites, FILE.SITE is one's file. There must be none yet."
      })
  private Path record;

  private volatile int status = ExitStatus.DONE;

  @Override
  public Integer call() throws RefusedException, InterruptedException {
    Rig rig = choice.read();
    RunDirectory directory = choice.runDirectory();
    List<Rig.Cabinet> chosen = choice.sitesOf(rig, site);
    List<Site> sites = new ArrayList<>();
    try {
      for (Rig.Cabinet cabinet : chosen) {
        sites.add(Site.open(rig, cabinet, directory, recordingOf(cabinet, chosen.size())));
      }
    } catch (SiteRefusedException refused) {
      sites.forEach(Site::abandon);
      throw new RefusedException(ExitStatus.FAILED, refused.getMessage());
    }
    for (Site opened : sites) {
      opened.start(failure -> stopAtOnce(opened, failure));
    }
    // The JVM runs this on SIGTERM and SIGINT, and would exit with 143 after it: hence the
    // halt.
    Thread hook =
        new Thread(() -> Runtime.getRuntime().halt(Math.max(status, endWell(sites))), "end-well");
    Runtime.getRuntime().addShutdownHook(hook);
    if (!announce(rig, sites)) {
      return ExitStatus.FAILED;
    }
    for (Site running : sites) {
      running.awaitDown(Long.MAX_VALUE);
    }
    // Every cabinet was shut down from the console. The hook closes the sites and ends with 0.
    return ExitStatus.DONE;
  }

  /// Null if nothing is to be recorded.
  private SiteRecording recordingOf(Rig.Cabinet cabinet, int sites) throws RefusedException {
    if (record == null) {
      return null;
    }
    Path file = sites == 1 ? record : Recordings.ofSite(record, cabinet.site());
    return new SiteRecording(file, choice.origin(FarsideCommand.version(), cabinet.site()));
  }

  /// False if a site was shut down before it was ready; why, the hook says.
  private boolean announce(Rig rig, List<Site> sites)
      throws RefusedException, InterruptedException {
    long giveUpNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(READY_MAX_MS);
    for (Site running : sites) {
      if (!running.awaitReady(TimeUnit.NANOSECONDS.toMillis(giveUpNs - System.nanoTime()))) {
        status = ExitStatus.FAILED;
        if (running.hasEndedInIml()) {
          return false;
        }
        String late = "site %s was not ready within %d s. See its log, %s."
            .formatted(running.cabinet().site(), READY_MAX_MS / 1000, running.log());
        throw new RefusedException(
            ExitStatus.FAILED, running.refusal().isEmpty() ? late : running.refusal());
      }
    }
    PrintStream out = System.out;
    for (Site running : sites) {
      Rig.Cabinet cabinet = running.cabinet();
      for (Rig.Volume volume : rig.volumesAt(cabinet.site())) {
        out.println(volumeLine(volume, cabinet));
      }
    }
    out.println("ready");
    out.flush();
    return true;
  }

  private static String volumeLine(Rig.Volume volume, Rig.Cabinet cabinet) {
    String role = volume.holderAt(cabinet.site()).orElseThrow().role().name();
    long sizeMiB = volume.sizeBytes() >> 20;
    boolean isWhole = sizeMiB << 20 == volume.sizeBytes();
    String size = isWhole ? sizeMiB + " MiB" : volume.sizeBytes() + " bytes";
    return "%s %s %s nbd://%s/%s"
        .formatted(volume.name(), role, size, cabinet.nbd().reachedAt(), volume.name());
  }

  private static int endWell(List<Site> sites) {
    sites.forEach(Site::requestShutdown);
    int status = ExitStatus.DONE;
    try {
      for (Site running : sites) {
        if (!running.awaitDown(DESTAGE_MAX_MS)) {
          System.err.printf(
              "site %s could not destage everything within %d s. Nothing is lost: NVRAM keeps it for the next run.%n",
              running.cabinet().site(), DESTAGE_MAX_MS / 1000);
          status = ExitStatus.FAILED;
        } else if (running.hasEndedInIml()) {
          System.err.printf(
              "site %s ended before it served anybody: it waited for the label of %s. Nothing is lost: NVRAM keeps what it had for the next run.%n",
              running.cabinet().site(), running.drivesLeft());
          status = ExitStatus.FAILED;
        } else if (running.isIncomplete()) {
          System.err.printf(
              "site %s ended without drives that do not answer. Nothing is lost: NVRAM keeps what they lack for the next run.%n",
              running.cabinet().site());
          status = ExitStatus.FAILED;
        }
      }
    } catch (InterruptedException interrupted) {
      status = ExitStatus.FAILED;
    }
    sites.forEach(Site::close);
    return status;
  }

  /// A cabinet found that we were wrong, or that its drives are not what the rig says: its
  /// NVRAM is left as it is, and IML recovers.
  private static void stopAtOnce(Site failed, Throwable failure) {
    if (failure instanceof CabinetRefused refused) {
      System.err.printf("site %s: %s%n", failed.cabinet().site(), refused.getMessage());
      failed.abandonLog();
      Runtime.getRuntime().halt(ExitStatus.FAILED);
    }
    System.err.printf("site %s stopped at once: %s%n", failed.cabinet().site(), failure);
    failure.printStackTrace();
    failed.abandonLog();
    Runtime.getRuntime().halt(ExitStatus.MACHINE_CHECK);
  }
}
