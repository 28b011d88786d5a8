package farside.rig;

import farside.rig.command.FarsideCommand;

/// Where the launcher enters.
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(FarsideCommand.execute(args));
  }
}
