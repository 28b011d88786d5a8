package farside.driver.control;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// What both ends of a control socket agree on.
///
/// | direction | bytes                                                        |
/// |-----------|--------------------------------------------------------------|
/// | to rig    | `text` or `json`, a space, the command, a newline            |
/// | from rig  | exit code, a space, length in bytes, a newline, then the text |
///
/// All text is UTF-8. A connection may carry any number of commands, one after the other: a
/// command is looked at only when the answer to the one before has been sent. Lengths in
/// digits, so that a person with a plain socket tool can read and write it.
final class ControlProtocol {
  /// Longest command line, without its newline.
  static final int LINE_BYTES_MAX = 4096;

  /// Longest answer that a client takes.
  static final int ANSWER_BYTES_MAX = 64 * 1024 * 1024;

  static final int EXIT_USAGE = 2;
  static final String TEXT_PREFIX = "text ";
  static final String JSON_PREFIX = "json ";

  /// `sun_path` of the system's socket address holds 108 bytes, one of them the zero at its
  /// end.
  static final int PATH_BYTES_MAX = 107;

  private ControlProtocol() {}

  /// Why a socket cannot have this path, with the cure; empty if it can.
  static String faultOf(Path path) {
    int pathBytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
    return pathBytes <= PATH_BYTES_MAX
        ? ""
        : "control socket "
            + path
            + ": the path is "
            + pathBytes
            + " bytes long, but the system takes "
            + PATH_BYTES_MAX
            + ". Give the rig a run directory with a shorter path.";
  }

  static byte[] answer(int exitCode, String text) {
    byte[] textBytes = text.getBytes(StandardCharsets.UTF_8);
    byte[] head = (exitCode + " " + textBytes.length + "\n").getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[head.length + textBytes.length];
    System.arraycopy(head, 0, all, 0, head.length);
    System.arraycopy(textBytes, 0, all, head.length, textBytes.length);
    return all;
  }
}
