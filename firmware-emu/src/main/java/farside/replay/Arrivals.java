package farside.replay;

/// What a drained port brings in a replay: the counterpart of [DrainNotes].
///
/// It only looks ahead; the recorder in front of the port takes each fact off when the director
/// has got it.
final class Arrivals {
  private final FactCursor cursor;
  private final int port;
  private long emptyBefore;

  Arrivals(FactCursor cursor, int port) {
    this.cursor = cursor;
    this.port = port;
  }

  int port() {
    return port;
  }

  /// True if this is a drain that brought something.
  boolean begin() {
    Fact next = cursor.peek();
    if (isDrain(next) && next.number("emptyBefore") == emptyBefore) {
      emptyBefore = 0;
      return true;
    }
    emptyBefore++;
    return false;
  }

  private boolean isDrain(Fact fact) {
    return fact != null && fact.kind() == FactKind.DRAIN && fact.port() == port;
  }

  private Fact upcoming() {
    Fact next = cursor.peek();
    return isDrain(next) ? cursor.peekSecond() : next;
  }

  /// The next fact that this drain brings, or null if it brings no more.
  Fact next() {
    Fact next = upcoming();
    return next == null || next.port() != port || next.kind() == FactKind.DRAINED ? null : next;
  }

  /// How much the drain said that it brought.
  int count() {
    Fact next = upcoming();
    return next != null && next.port() == port && next.kind() == FactKind.DRAINED
        ? (int) next.number("count")
        : 0;
  }

  /// The next fact if it is of this port and kind: the recorded answer to what is asked now. Null
  /// if something else was recorded, which the recorder will find.
  Fact answer(FactKind kind) {
    Fact next = cursor.peek();
    return next != null && next.kind() == kind && next.port() == port ? next : null;
  }
}
