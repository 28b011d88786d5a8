package farside.rig.command;

import farside.driver.control.ControlClient;
import farside.driver.control.NotReachableException;
import farside.rig.description.Rig;
import farside.rig.site.RunDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// A running site, asked over its console's socket.
final class ReachedSite {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(60);

  private final RigChoice choice;
  private final RunDirectory directory;
  private final String site;

  ReachedSite(RigChoice choice, String site) {
    this.choice = choice;
    this.directory = choice.runDirectory();
    this.site = site;
  }

  /// @throws RefusedException if there is no such site, or it is not reached
  /// @throws IllegalArgumentException if no console takes such a command
  ControlClient.Answer ask(String command, boolean json) throws RefusedException {
    Path socket = directory.controlSocket(site);
    // A site that runs has read its rig: only when there is no socket is the file worth reading
    // again.
    if (!Files.exists(socket)) {
      explainAbsence();
    }
    try {
      return ControlClient.ask(socket, command, json, ANSWER_MAX);
    } catch (NotReachableException failure) {
      throw notReachable(failure.getMessage());
    }
  }

  private void explainAbsence() throws RefusedException {
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
