package farside.rig.command;

import farside.driver.control.ControlClient;
import farside.driver.control.NotReachableException;
import farside.rig.description.Rig;
import farside.rig.site.RunDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `farside ctl`: one command for the service processor of a running site.
@Command(
    name = "ctl",
    description = {
      "Asks a running site to do one console command, and prints the answer.",
      "Try: farside ctl loopback A help"
    },
    footer = {
      "",
      "Exit status: 0 yes or done, 1 no or failed, 2 not understood, 3 the site does not run."
    })
final class ConsoleCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  private static final Duration ANSWER_MAX = Duration.ofSeconds(60);

  /// How the answer is written.
  enum Output {
    TEXT,
    JSON
  }

  @Mixin
  private RigChoice choice;

  @Parameters(index = "1", paramLabel = "SITE", description = "Which site, such as A.")
  private String site;

  @Parameters(
      index = "2",
      paramLabel = "COMMAND",
      description = "The console command, in quotes if it has several words.")
  private String command;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text (the default) or json.")
  private Output output;

  @Override
  public Integer call() throws RefusedException {
    RunDirectory directory = choice.runDirectory();
    Path socket = directory.controlSocket(site);
    // A site that runs has read its rig: only when there is no socket is the file worth reading
    // again.
    if (!Files.exists(socket)) {
      explainAbsence(directory);
    }
    try {
      ControlClient.Answer answer =
          ControlClient.ask(socket, command, output == Output.JSON, ANSWER_MAX);
      (answer.exitCode() == ExitStatus.USAGE ? System.err : System.out)
          .println(answer.text().stripTrailing());
      return answer.exitCode();
    } catch (NotReachableException failure) {
      throw notReachable(failure.getMessage());
    } catch (IllegalArgumentException refused) {
      throw new RefusedException(ExitStatus.USAGE, refused.getMessage());
    }
  }

  private void explainAbsence(RunDirectory directory) throws RefusedException {
    Rig rig = choice.read();
    if (rig.cabinet(site).isEmpty()) {
      throw new RefusedException(
          ExitStatus.USAGE,
          "rig %s has no site %s. Its sites: %s."
              .formatted(rig.name(), site, String.join(", ", rig.sites())));
    }
    throw notReachable("There is no socket %s.".formatted(directory.controlSocket(site)));
  }

  private RefusedException notReachable(String why) {
    return new RefusedException(
        ExitStatus.NOT_REACHABLE,
        "site %s of rig %s is not reachable. %s Start it with `farside run`, or name its --run-dir."
            .formatted(site, choice.rigName(), why));
  }
}
