package farside.rig.command;

import picocli.CommandLine.Option;

/// `--help`, for every command alike.
final class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and end.")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean isAsked;
}
