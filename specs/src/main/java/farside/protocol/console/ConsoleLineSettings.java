package farside.protocol.console;

/// How a console behaves on its line.
///
/// @param site name of the site; the prompt
/// @param serial of the cabinet, for the greeting
/// @param rows of the screen; 0: answers are not paged
/// @param columns of the screen: a longer line takes several rows
/// @param wantsPassword true: only who knows it is heard
/// @param idleLogoutNs how long without a key until a login ends; 0: never
public record ConsoleLineSettings(
    String site, String serial, int rows, int columns, boolean wantsPassword, long idleLogoutNs) {
  public ConsoleLineSettings {
    if (rows < 0 || rows == 1 || columns < 1 || idleLogoutNs < 0) {
      throw new IllegalArgumentException(
          "a screen of " + rows + " rows and " + columns + " columns, idle " + idleLogoutNs);
    }
  }
}
