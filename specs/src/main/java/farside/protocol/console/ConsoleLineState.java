package farside.protocol.console;

/// The life of a console on a terminal line.
///
/// | from      | may become                      | because                                     |
/// |-----------|---------------------------------|---------------------------------------------|
/// | DOWN      | LOGIN, RESTING, EDITING         | the line is there; a rest outlives a hang-up |
/// | LOGIN     | EDITING, RESTING                | the password was right; or wrong too often  |
/// | RESTING   | LOGIN, EDITING                  | the rest is over                            |
/// | EDITING   | COMMANDED, LOGIN                | a command was entered; logged out           |
/// | COMMANDED | PRINTING, EDITING, LOGIN        | answered; interrupted; idle for too long    |
/// | PRINTING  | PAGING, EDITING, RESTING, LOGIN | a page is full; all is out; only noise came |
/// | PAGING    | PRINTING, EDITING, LOGIN        | a key was pressed; no more is wanted        |
///
/// Every state may become DOWN: the line hung up.
public enum ConsoleLineState {
  /// There is no line.
  DOWN,
  /// Waits for the password.
  LOGIN,
  /// Hears nothing for a while, after wrong passwords or noise.
  RESTING,
  /// Waits for a command.
  EDITING,
  /// Waits for the service processor's answer.
  COMMANDED,
  /// An answer goes out.
  PRINTING,
  /// A page of an answer is shown; waits for a key.
  PAGING;

  public boolean mayBecome(ConsoleLineState next) {
    return next == DOWN
        || switch (this) {
          case DOWN, RESTING ->
            next == LOGIN || next == EDITING || (this == DOWN && next == RESTING);
          case LOGIN -> next == EDITING || next == RESTING;
          case EDITING -> next == COMMANDED || next == LOGIN;
          case COMMANDED -> next == PRINTING || next == EDITING || next == LOGIN;
          case PRINTING -> next == PAGING || next == EDITING || next == RESTING || next == LOGIN;
          case PAGING -> next == PRINTING || next == EDITING || next == LOGIN;
        };
  }
}
