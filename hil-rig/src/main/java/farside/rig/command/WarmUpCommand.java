package farside.rig.command;

import farside.rig.demo.DemoRig;
import farside.rig.description.Rig;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import farside.rig.site.Site;
import farside.rig.site.SiteRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `farside warm-up`: a rig's life in two seconds, for the build.
///
/// The build runs it once with the JVM's recorder on (JEP 514), and what it touched is in the
/// cache that the launcher hands to every later JVM: half of the time and the work of a start.
@Command(
    hidden = true,
    description =
        "Runs the loopback rig for a moment, on free ports and in a directory of its own; part of the build.")
final class WarmUpCommand implements Callable<Integer> {
  private static final int BLOCKS = 256;
  private static final int WAIT_MAX_MS = 30_000;

  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli fills it
  private HelpOption help;

  @Override
  public Integer call() throws IOException, InterruptedException, RefusedException {
    Path directory = Files.createTempDirectory("farside-warm-up-");
    List<Site> sites = new ArrayList<>();
    try {
      DemoRig rig = DemoRig.in(directory);
      for (Rig.Cabinet cabinet : rig.rig().cabinets()) {
        Site site = Site.open(rig.rig(), cabinet, rig.directory());
        sites.add(site);
        site.start(failure -> failure.printStackTrace());
      }
      for (Site site : sites) {
        if (!site.awaitReady(WAIT_MAX_MS)) {
          throw new RefusedException(
              ExitStatus.FAILED, "a site was not ready in time. " + site.refusal());
        }
      }
      WriteRecorder recorder = new WriteRecorder(1, BLOCKS);
      try (NbdClient host = NbdClient.connect(rig.hostsAt("A"), "0010", WAIT_MAX_MS)) {
        RecordedRegion.writeAll(host, recorder);
        host.disconnect();
      }
      sites.forEach(Site::requestShutdown);
      for (Site site : sites) {
        if (!site.awaitDown(WAIT_MAX_MS)) {
          throw new RefusedException(ExitStatus.FAILED, "a site did not end in time.");
        }
      }
      return ExitStatus.DONE;
    } catch (SiteRefusedException refused) {
      throw new RefusedException(ExitStatus.FAILED, refused.getMessage());
    } finally {
      sites.forEach(Site::close);
      DirectoryTree.delete(directory);
    }
  }
}
