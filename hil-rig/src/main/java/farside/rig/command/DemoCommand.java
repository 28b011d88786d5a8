package farside.rig.command;

import farside.rig.demo.Demo;
import farside.rig.demo.DemoRig;
import farside.rig.demo.Screen;
import farside.rig.demo.SiteProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `farside demo`.
@Command(
    description = {
      "Shows a mirrored pair at work, in less than 40 s.",
      "Writes, cuts the link, heals it, kills a site, and compares the drives of both sites byte by byte;",
      "ends with 0 only if all of it holds.",
      "Uses free ports and a directory of its own, so it never meets a rig that runs."
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Draw the host's writes from this seed.")
  private Long seed;

  @Option(names = "--keep", description = "Keep the run directory even if all holds.")
  private boolean keep;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Screen screen = Screen.standard();
    long startNs = System.nanoTime();
    long drawnSeed = seed == null ? new SecureRandom().nextInt(Integer.MAX_VALUE) : seed;
    Path directory = Files.createTempDirectory("farside-demo-");
    screen.say("seed " + drawnSeed);
    boolean holds =
        new Demo(screen, SiteProcess.thisProgram(), DemoRig.in(directory), drawnSeed).play();
    long elapsedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
    screen.verdict(holds, elapsedMs, holds ? "all steps" : "the demo does not hold");
    if (!holds) {
      screen.say("replay: farside demo --seed %d".formatted(drawnSeed));
    }
    if (holds && !keep) {
      DirectoryTree.delete(directory);
    } else {
      screen.say("kept: " + directory);
    }
    return holds ? ExitStatus.DONE : ExitStatus.FAILED;
  }
}
