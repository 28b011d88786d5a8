package farside.rig.command;

import farside.driver.control.ControlClient;
import farside.rig.console.ConsoleClient;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `farside console`: a person at the service processor of a running site.
@Command(
    description = {
      "Opens the console of a running site: history, completion by Tab, `watch query`.",
      "For one command, or from a program, use `farside ctl`."
    },
    footer = {"", "Exit status: 0 ended, 2 not understood, 3 the site does not run."})
final class AttendCommand implements Callable<Integer> {
  private static final String HISTORY_FILE = "console.history";

  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @Mixin
  private RigChoice choice;

  @Parameters(index = "1", paramLabel = "SITE", description = "Which site, such as A.")
  private String site;

  @Override
  public Integer call() throws RefusedException, IOException {
    ReachedSite reached = new ReachedSite(choice, site);
    // Asked before the terminal is touched: whoever is refused keeps a plain screen.
    reached.ask("help", false);
    try (Terminal terminal = TerminalBuilder.builder().system(true).dumb(true).build()) {
      new ConsoleClient(
              terminal,
              (command, json) -> ask(reached, command, json),
              site,
              choice.runDirectory().site(site).resolve(HISTORY_FILE))
          .run();
    }
    return ExitStatus.DONE;
  }

  private static ConsoleClient.Reply ask(ReachedSite reached, String command, boolean json)
      throws IOException {
    try {
      ControlClient.Answer answer = reached.ask(command, json);
      return new ConsoleClient.Reply(answer.exitCode(), answer.text());
    } catch (RefusedException refused) {
      throw new IOException(refused.getMessage(), refused);
    }
  }
}
