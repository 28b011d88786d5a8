package farside.rig.command;

import farside.rig.demo.DemoPair;
import farside.rig.demo.DemoRig;
import farside.rig.host.NbdClient;
import farside.rig.host.RecordedRegion;
import farside.rig.host.WriteRecorder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `farside warm-up`: a rig's life in two seconds, for the build.
///
/// The build runs it once with the JVM's recorder on (JEP 514), and what it touched is in the
/// cache that the launcher hands to every later JVM: half of the time and the work of a start.
/// So it goes through the front door, by the very commands that people give.
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
  public Integer call() throws Exception {
    Path directory = Files.createTempDirectory("farside-warm-up-");
    try {
      DemoRig rig = DemoRig.in(directory);
      FutureTask<Integer> life = new FutureTask<>(() -> farside("run", rig, List.of()));
      Thread.ofPlatform().daemon().name("rig").start(life);
      for (String site : List.of("A", "B")) {
        if (!DemoPair.await(WAIT_MAX_MS, () -> farside("ctl", rig, List.of(site, "query")) == 0)) {
          throw new RefusedException(ExitStatus.FAILED, "a site was not ready in time.");
        }
      }
      WriteRecorder recorder = new WriteRecorder(1, BLOCKS);
      try (NbdClient host = NbdClient.connect(rig.hostsAt("A"), "0010", WAIT_MAX_MS)) {
        RecordedRegion.writeAll(host, recorder);
        host.disconnect();
      }
      for (String site : List.of("A", "B")) {
        farside("ctl", rig, List.of(site, "shutdown"));
      }
      return life.get(WAIT_MAX_MS, TimeUnit.MILLISECONDS);
    } finally {
      DirectoryTree.delete(directory);
    }
  }

  private static int farside(String command, DemoRig rig, List<String> words) {
    List<String> all = new ArrayList<>(List.of(command, rig.file().toString()));
    all.addAll(words);
    all.addAll(List.of("--run-dir", rig.directory().path().toString()));
    return FarsideCommand.execute(all.toArray(String[]::new));
  }
}
