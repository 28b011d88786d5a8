package farside.rig.command;

import farside.driver.serial.PasswordHash;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `farside password`: turns a password into what a rig may keep.
@Command(
    description = {
      "Asks for a password and prints the line for a console in a rig file.",
      "Without a terminal it reads one line of standard input."
    })
final class PasswordCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private HelpOption help;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "" + PasswordHash.ITERATIONS_DEFAULT,
      description = {
        "How often the password is hashed, 1000 to 10000000: what a guess",
        "costs, and a login. Default: ${DEFAULT-VALUE}."
      })
  private int iterationCount;

  /// What a serial line can take.
  private static final int LENGTH_MAX = 255;

  @Override
  public Integer call() throws RefusedException, IOException {
    if (iterationCount < PasswordHash.ITERATIONS_MIN
        || iterationCount > PasswordHash.ITERATIONS_MAX) {
      throw new RefusedException(
          ExitStatus.USAGE,
          "--iterations is "
              + iterationCount
              + ", and may be "
              + PasswordHash.ITERATIONS_MIN
              + " to "
              + PasswordHash.ITERATIONS_MAX
              + ".");
    }
    char[] password = ask();
    if (password.length == 0 || password.length > LENGTH_MAX || !isTypable(password)) {
      throw new RefusedException(
          ExitStatus.USAGE,
          "a console's password is 1 to " + LENGTH_MAX + " printable ASCII characters.");
    }
    byte[] salt = new byte[PasswordHash.SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    String text = PasswordHash.of(password, iterationCount, salt).text();
    Arrays.fill(password, ' ');
    System.out.println("password: \"" + text + "\"");
    return ExitStatus.DONE;
  }

  // Since JDK 25 there is no console again where there is no terminal.
  @SuppressWarnings("SystemConsoleNull")
  private static char[] ask() throws RefusedException, IOException {
    Console terminal = System.console();
    if (terminal == null || !terminal.isTerminal()) {
      String line =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
      return line == null ? new char[0] : line.toCharArray();
    }
    char[] once = terminal.readPassword("password: ");
    char[] again = terminal.readPassword("again: ");
    if (once == null || !Arrays.equals(once, again)) {
      throw new RefusedException(ExitStatus.FAILED, "the two are not the same; nothing was made.");
    }
    return once;
  }

  private static boolean isTypable(char[] password) {
    for (char c : password) {
      if (c < ' ' || c > '~') {
        return false;
      }
    }
    return true;
  }
}
