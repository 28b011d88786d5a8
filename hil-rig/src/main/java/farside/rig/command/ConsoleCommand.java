package farside.rig.command;

import farside.driver.control.ControlClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `farside ctl`: one command for the service processor of a running site.
@Command(
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
    try {
      ControlClient.Answer answer =
          new ReachedSite(choice, site).ask(command, output == Output.JSON);
      (answer.exitCode() == ExitStatus.USAGE ? System.err : System.out)
          .println(answer.text().stripTrailing());
      return answer.exitCode();
    } catch (IllegalArgumentException refused) {
      throw new RefusedException(ExitStatus.USAGE, refused.getMessage());
    }
  }
}
