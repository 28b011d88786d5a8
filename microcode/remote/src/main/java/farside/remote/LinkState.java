package farside.remote;

/// How a link of the group stands to the session.
///
/// | from | may become | because |
/// |------|------------|---------|
/// | DOWN | GREETING | it has carrier |
/// | GREETING | JOINED, DOWN | the peer greets on it in this session and has heard us; no carrier |
/// | JOINED | GREETING, DOWN | it is silent, or the session is over; no carrier |
enum LinkState {
  DOWN,
  /// Whoever is at its other end has not shown that it is the peer of this session, and that it
  /// hears us.
  GREETING,
  /// Carries the session.
  JOINED;

  boolean mayBecome(LinkState next) {
    return switch (this) {
      case DOWN -> next == GREETING;
      case GREETING -> next == JOINED || next == DOWN;
      case JOINED -> next == GREETING || next == DOWN;
    };
  }
}
