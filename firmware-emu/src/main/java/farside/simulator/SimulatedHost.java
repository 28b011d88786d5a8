package farside.simulator;

import farside.port.Extents;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// A simulated channel head, and behind it the hosts. The head dies with the process; the hosts
/// come back.
final class SimulatedHost implements HostPort {
  private final String site;
  private final HostHabits habits;
  private final Pace pace;
  private final VirtualTime time;
  private final Oracle oracle;
  private final Draws draws;
  private final Trace trace;
  private final NavigableMap<String, HostExport> exports = new TreeMap<>();
  private final List<HostConnection> connections = new ArrayList<>();

  private Runnable wake = () -> {};
  private boolean listening;
  private int lastConnection;
  private int firstServed;

  /// A connection may have something for the cabinet that it had not when it was asked last.
  private boolean hasNews;

  /// Takes a payload on its way to the cabinet.
  private byte[] payloadBuffer = {};

  /// A cabinet mostly asks for the same one several times in a row.
  private HostConnection lastFound;

  SimulatedHost(
      String site,
      HostHabits habits,
      Pace pace,
      VirtualTime time,
      Oracle oracle,
      Draws draws,
      Trace trace) {
    this.site = site;
    this.habits = habits;
    this.pace = pace;
    this.time = time;
    this.oracle = oracle;
    this.draws = draws;
    this.trace = trace;
  }

  void open(Runnable wakeOwner) {
    wake = wakeOwner;
    listening = true;
  }

  /// All connections end.
  void onProcessDeath() {
    listening = false;
    wake = () -> {};
    exports.clear();
    List<HostConnection> ending = List.copyOf(connections);
    connections.clear();
    lastFound = null;
    for (HostConnection connection : ending) {
      abandon(connection);
      connection.vanish();
    }
  }

  Pace pace() {
    return pace;
  }

  /// Every connection breaks, in whatever it is.
  void cutAll() {
    for (HostConnection connection : List.copyOf(connections)) {
      connection.vanish();
    }
  }

  String site() {
    return site;
  }

  /// A program connects; null if the export is not to be had now.
  HostConnection connect(HostProgram program, String volumeName) {
    HostExport export = exports.get(volumeName);
    if (!listening || export == null || !export.ready()) {
      return null;
    }
    HostConnection connection = new HostConnection(this, program, ++lastConnection, volumeName);
    connections.add(connection);
    trace.note(time.nowNs(), site, "host connects", lastConnection, 0, 0);
    wake();
    return connection;
  }

  boolean isOffered(String volumeName) {
    HostExport export = exports.get(volumeName);
    return listening && export != null && export.ready();
  }

  HostHabits habits() {
    return habits;
  }

  VirtualTime time() {
    return time;
  }

  Draws draws() {
    return draws;
  }

  byte[] payloadBuffer(int lengthBytes) {
    if (payloadBuffer.length < lengthBytes) {
      payloadBuffer = new byte[lengthBytes];
    }
    return payloadBuffer;
  }

  void wake() {
    onNews();
    wake.run();
  }

  void onNews() {
    hasNews = true;
  }

  /// The cabinet is about to see a request: from here on it may have effect.
  void begin(String volumeName, HostRequest request) {
    trace.note(
        time.nowNs(),
        site,
        request.command.name(),
        request.offsetBytes,
        request.lengthBytes,
        request.cookie);
    oracle.begin(volumeName, request, time.nowNs());
  }

  /// The cabinet has answered: that is a promise from this moment, whether or not the host
  /// lives to see it.
  @SuppressWarnings("EnumOrdinal") // only the trace, which no other build reads, sees the number
  void end(String volumeName, HostRequest request) {
    trace.note(
        time.nowNs(),
        site,
        "answer",
        request.cookie,
        request.status.ordinal(),
        request.write == null ? 0 : request.write.number);
    oracle.end(volumeName, request, site, time.nowNs());
  }

  @Override
  public void offer(HostExport export) {
    exports.put(export.name(), export);
    trace.turn(
        time.nowNs(),
        site,
        "offers " + export.name() + (export.ready() ? "" : ", not ready: " + export.reason()));
  }

  @Override
  public int drain(HostSink sink, int limit) {
    int drained = 0;
    int count = connections.size();
    if (count == 0) {
      return 0;
    }
    firstServed = (firstServed + 1) % count;
    if (!hasNews) {
      return 0;
    }
    hasNews = false;
    for (int i = 0; i < count && drained < limit; i++) {
      int place = firstServed + i < count ? firstServed + i : firstServed + i - count;
      drained += connections.get(place).drain(sink, limit - drained);
    }
    for (int i = connections.size() - 1; i >= 0; i--) {
      if (connections.get(i).isOver()) {
        lastFound = null;
        abandon(connections.remove(i));
      }
    }
    hasNews |= drained > 0;
    return drained;
  }

  @Override
  public boolean receive(int connection, long address, int lengthBytes) {
    HostConnection found = find(connection);
    return found != null && found.receive(address, lengthBytes);
  }

  @Override
  public void discard(int connection, long lengthBytes) {
    HostConnection found = find(connection);
    if (found != null) {
      found.discard(lengthBytes);
    }
  }

  @Override
  public void reply(int connection, long cookie, HostStatus status) {
    HostConnection found = find(connection);
    if (found != null) {
      found.reply(cookie, status);
    }
  }

  @Override
  public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {
    HostConnection found = find(connection);
    if (found != null) {
      found.beginData(cookie, offsetBytes, lengthBytes);
    }
  }

  @Override
  public void dataExtent(int connection, long lengthBytes) {
    HostConnection found = find(connection);
    if (found != null) {
      found.dataExtent(lengthBytes);
    }
  }

  @Override
  public void zeroExtent(int connection, long lengthBytes) {
    HostConnection found = find(connection);
    if (found != null) {
      found.zeroExtent(lengthBytes);
    }
  }

  @Override
  public void failData(int connection, HostStatus status) {
    HostConnection found = find(connection);
    if (found != null) {
      found.failData(status);
    }
  }

  @Override
  public void blockStatus(int connection, long cookie, Extents extents) {
    HostConnection found = find(connection);
    if (found != null) {
      found.blockStatus(cookie, extents);
    }
  }

  @Override
  public void data(int connection, long address, int lengthBytes) {
    HostConnection found = find(connection);
    if (found != null) {
      found.data(address, lengthBytes);
    }
  }

  @Override
  public boolean isWritable(int connection) {
    HostConnection found = find(connection);
    return found == null || found.isWritable();
  }

  @Override
  public void close(int connection, String reason) {
    HostConnection found = find(connection);
    if (found != null) {
      trace.turn(time.nowNs(), site, "closes " + found + ": " + reason);
      found.close();
    }
  }

  @Override
  public void stopListening() {
    listening = false;
  }

  /// Reads that will never be answered hold nothing back any more.
  private void abandon(HostConnection connection) {
    for (HostRequest request : connection.openRequests()) {
      oracle.abandon(connection.volumeName(), request);
    }
  }

  private HostConnection find(int number) {
    if (lastFound != null && lastFound.number() == number) {
      return lastFound;
    }
    for (int i = 0; i < connections.size(); i++) {
      if (connections.get(i).number() == number) {
        lastFound = connections.get(i);
        return lastFound;
      }
    }
    return null;
  }
}
