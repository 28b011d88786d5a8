package farside.rig.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/// The words after `farside`.
@Command(
    name = "farside",
    mixinStandardHelpOptions = true,
    versionProvider = FarsideCommand.Version.class,
    description = {
      "Emulates a pair of remotely mirrored disk controllers, with real drives, links and hosts.",
      "",
      "Begin with `farside run loopback`, or watch `farside demo`."
    },
    footer = {
      "",
      "Exit status: 0 yes or done, 1 no or failed, 2 not understood (a bad rig file too), 3 rig not reachable."
    })
public final class FarsideCommand implements Runnable {
  private static final List<Subcommand> SUBCOMMANDS = List.of(
      new Subcommand("run", RunCommand.class),
      new Subcommand("ctl", ConsoleCommand.class),
      new Subcommand("blackbox", BlackBoxCommand.class),
      new Subcommand("preflight", PreflightCommand.class),
      new Subcommand("console", AttendCommand.class),
      new Subcommand("password", PasswordCommand.class),
      new Subcommand("demo", DemoCommand.class),
      new Subcommand("sim", SimulateCommand.class),
      new Subcommand("replay", ReplayCommand.class),
      new Subcommand("warm-up", WarmUpCommand.class));

  private record Subcommand(String name, Class<?> type) {}

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /// Runs one command line to its end, and returns the exit status.
  public static int execute(String... args) {
    CommandLine commandLine = new CommandLine(new FarsideCommand());
    addSubcommands(commandLine, args.length == 0 ? "" : args[0]);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
      if (failure instanceof RefusedException refused) {
        command.getErr().println(refused.getMessage());
        return refused.exitStatus();
      }
      command.getErr().println("farside: a mistake of our own; please report what follows");
      failure.printStackTrace(command.getErr());
      return ExitStatus.MACHINE_CHECK;
    });
    return commandLine.execute(args);
  }

  /// Picocli reads by reflection what a subcommand understands, and that for all of them is half
  /// of what the first word costs: so the one that is named is added, and all of them only for
  /// who asks what there is.
  private static void addSubcommands(CommandLine commandLine, String wanted) {
    List<Subcommand> named =
        SUBCOMMANDS.stream().filter(one -> one.name().equals(wanted)).toList();
    for (Subcommand one : named.isEmpty() ? SUBCOMMANDS : named) {
      commandLine.addSubcommand(one.name(), one.type());
    }
  }

  /// Called without a word: that is a question, and the answer is the usage.
  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "which command? Try one of these.");
  }

  /// The version, from the one place that names it.
  static String version() {
    try (InputStream in = FarsideCommand.class.getResourceAsStream("/farside.version")) {
      return "farside " + new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /// The same, for picocli.
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {version()};
    }
  }
}
