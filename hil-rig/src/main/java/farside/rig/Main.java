package farside.rig;

<<<<<<< HEAD
import farside.rig.command.FarsideCommand;

=======
>>>>>>> main
/// Where the launcher enters.
public final class Main {
  private Main() {}

<<<<<<< HEAD
  public static void main(String[] args) {
    System.exit(FarsideCommand.execute(args));
=======
  /// Prints how to call it; exit status 2 says that the command line was not understood.
  public static void main(String[] args) {
    System.err.println("usage: farside <command> [options]");
    System.exit(2);
>>>>>>> main
  }
}
