package farside.replay;

import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.Memory;
import farside.replay.RecordedHost.Wanted;
import java.util.HashMap;
import java.util.Map;

/// Hosts that ask what was asked then, and take any answer.
final class ReplayedHost implements HostPort {
  private final Arrivals arrivals;
  private final Map<Integer, Wanted> wanted = new HashMap<>();

  ReplayedHost(FactCursor cursor, int port) {
    arrivals = new Arrivals(cursor, port);
  }

  @Override
  public boolean receive(int connection, long address, int lengthBytes) {
    Fact answer = arrivals.answer(FactKind.HOST_RECEIVE);
    boolean isThere = answer != null && answer.isTrue("isThere");
    Wanted asked = new Wanted(address, lengthBytes);
    if (isThere) {
      put(asked, answer.content());
    } else {
      wanted.put(connection, asked);
    }
    return isThere;
  }

  private static void put(Wanted where, byte[] content) {
    int length = Math.min(where.lengthBytes(), content.length);
    Memory.at(where.address(), length).asByteBuffer().put(content, 0, length);
  }

  @Override
  public boolean isWritable(int connection) {
    Fact answer = arrivals.answer(FactKind.HOST_IS_WRITABLE);
    return answer != null && answer.isTrue("isWritable");
  }

  @Override
  public int drain(HostSink sink, int limit) {
    if (!arrivals.begin()) {
      return 0;
    }
    Fact next = arrivals.next();
    while (next != null && bring(next, sink)) {
      next = arrivals.next();
    }
    return arrivals.count();
  }

  private boolean bring(Fact fact, HostSink sink) {
    switch (fact.kind()) {
      case HOST_OPENED ->
        sink.onOpened(connectionOf(fact), fact.text("volume"), fact.text("remote"));
      case HOST_REQUEST ->
        sink.onRequest(
            connectionOf(fact),
            HostCommand.values()[(int) fact.number("command")],
            (int) fact.number("flags"),
            fact.number("cookie"),
            fact.number("offsetBytes"),
            fact.number("lengthBytes"));
      case HOST_PAYLOAD -> {
        Wanted where = wanted.remove(connectionOf(fact));
        if (where != null) {
          put(where, fact.content());
        }
        sink.onPayload(connectionOf(fact));
      }
      case HOST_DISCONNECT -> sink.onDisconnect(connectionOf(fact));
      case HOST_CLOSED -> {
        wanted.remove(connectionOf(fact));
        sink.onClosed(connectionOf(fact));
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private static int connectionOf(Fact fact) {
    return (int) fact.number("connection");
  }

  // ---- what the cabinet does: the recorder in front has told it, and nobody else listens ----

  @Override
  public void offer(HostExport export) {}

  @Override
  public void discard(int connection, long lengthBytes) {}

  @Override
  public void reply(int connection, long cookie, HostStatus status) {}

  @Override
  public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {}

  @Override
  public void dataExtent(int connection, long lengthBytes) {}

  @Override
  public void zeroExtent(int connection, long lengthBytes) {}

  @Override
  public void data(int connection, long address, int lengthBytes) {}

  @Override
  public void failData(int connection, HostStatus status) {}

  @Override
  public void blockStatus(int connection, long cookie, Extents extents) {}

  @Override
  public void close(int connection, String reason) {}

  @Override
  public void stopListening() {}
}
