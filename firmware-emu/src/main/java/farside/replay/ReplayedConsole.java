package farside.replay;

import farside.port.ConsolePort;

/// A console at which is typed what was typed then.
final class ReplayedConsole implements ConsolePort {
  private final Arrivals arrivals;

  ReplayedConsole(FactCursor cursor, int port) {
    arrivals = new Arrivals(cursor, port);
  }

  @Override
  public int drain(ConsoleSink sink, int limit) {
    if (!arrivals.begin()) {
      return 0;
    }
    Fact next = arrivals.next();
    while (next != null && bring(next, sink)) {
      next = arrivals.next();
    }
    return arrivals.count();
  }

  private static boolean bring(Fact fact, ConsoleSink sink) {
    switch (fact.kind()) {
      case CONSOLE_COMMAND ->
        sink.onCommand((int) fact.number("session"), fact.text("line"), fact.isTrue("json"));
      case CONSOLE_LINE ->
        sink.onLine(
            fact.text("line"), LineNews.values()[(int) fact.number("news")], fact.text("detail"));
      default -> {
        return false;
      }
    }
    return true;
  }

  @Override
  public void answer(int session, String text, int exitCode) {}
}
