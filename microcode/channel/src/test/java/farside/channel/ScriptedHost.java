package farside.channel;

import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostFlags;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.Memory;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// A channel head in memory: the test says what hosts ask; payload comes at once or, if there
/// is chance, later.
final class ScriptedHost implements HostPort {
  /// One command and what came of it.
  static final class Command {
    final HostCommand command;
    final int flags;
    final long cookie;
    final long offsetBytes;
    final byte[] payload;
    final long lengthBytes;
    HostStatus status;
    byte[] data;

    /// What the data, or the answer to BLOCK_STATUS, was made of, such as `zero 65536`.
    final List<String> extents = new ArrayList<>();

    private Command(
        HostCommand command,
        int flags,
        long cookie,
        long offsetBytes,
        byte[] payload,
        long lengthBytes) {
      this.command = command;
      this.flags = flags;
      this.cookie = cookie;
      this.offsetBytes = offsetBytes;
      this.payload = payload;
      this.lengthBytes = lengthBytes;
    }

    boolean isAnswered() {
      return status != null;
    }
  }

  private static final class Connection {
    final ArrayDeque<Command> unread = new ArrayDeque<>();
    final Map<Long, Command> outstanding = new LinkedHashMap<>();
    String volume;
    boolean told;
    boolean gone;
    boolean goneTold;
    boolean leaving;
    Command writing;
    int takenBytes;
    long dropBytes;
    long awaitedAddress;
    int awaitedBytes;
    Command streaming;
    ByteArrayOutputStream stream;
    long streamBytes;
    long extentBytes;
  }

  private final Map<Integer, Connection> connections = new LinkedHashMap<>();
  private final RandomGenerator random;
  final Map<String, HostExport> exports = new LinkedHashMap<>();
  /// How many bytes were asked for by each call.
  final List<Integer> received = new ArrayList<>();

  /// Payload is there a drain later.
  boolean isLate;

  boolean writable = true;
  private long cookies;

  /// @param random null: payload is always there
  ScriptedHost(RandomGenerator random) {
    this.random = random;
  }

  void open(int connection, String volume) {
    Connection c = new Connection();
    c.volume = volume;
    connections.put(connection, c);
  }

  void vanish(int connection) {
    connections.get(connection).gone = true;
  }

  /// The host says goodbye after what it has asked.
  void leave(int connection) {
    connections.get(connection).leaving = true;
  }

  boolean isClosed(int connection) {
    return !connections.containsKey(connection) || connections.get(connection).gone;
  }

  Command ask(int connection, HostCommand command, long offsetBytes, long lengthBytes) {
    return ask(connection, command, 0, offsetBytes, lengthBytes);
  }

  Command ask(int connection, HostCommand command, int flags, long offsetBytes, long lengthBytes) {
    return add(connection, new Command(command, flags, ++cookies, offsetBytes, null, lengthBytes));
  }

  Command write(int connection, boolean fua, long offsetBytes, byte[] payload) {
    return add(
        connection,
        new Command(
            HostCommand.WRITE,
            fua ? HostFlags.FORCE_UNIT_ACCESS : 0,
            ++cookies,
            offsetBytes,
            payload,
            payload.length));
  }

  private Command add(int connection, Command command) {
    connections.get(connection).unread.add(command);
    return command;
  }

  @Override
  public void offer(HostExport export) {
    exports.put(export.name(), export);
  }

  @Override
  public int drain(HostSink sink, int limit) {
    int done = 0;
    for (var entry : Map.copyOf(connections).entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .toList()) {
      done += drain(sink, entry.getKey(), entry.getValue());
    }
    return done;
  }

  private int drain(HostSink sink, int id, Connection c) {
    int done = 0;
    if (!c.told) {
      c.told = true;
      sink.onOpened(id, c.volume, "host " + id);
      done++;
    }
    if (c.gone) {
      if (!c.goneTold) {
        c.goneTold = true;
        connections.remove(id);
        sink.onClosed(id);
        done++;
      }
      return done;
    }
    if (c.awaitedBytes > 0 && (random == null || random.nextInt(3) > 0)) {
      take(c, c.awaitedAddress, c.awaitedBytes);
      c.awaitedBytes = 0;
      sink.onPayload(id);
      done++;
    }
    while (!c.unread.isEmpty() && c.writing == null) {
      Command next = c.unread.peek();
      c.outstanding.put(next.cookie, next);
      if (next.payload != null) {
        c.writing = next;
        c.takenBytes = 0;
        c.dropBytes = 0;
      }
      if (!sink.onRequest(
          id, next.command, next.flags, next.cookie, next.offsetBytes, next.lengthBytes)) {
        c.outstanding.remove(next.cookie);
        if (c.writing == next) {
          c.writing = null;
        }
        break;
      }
      c.unread.poll();
      done++;
      finishWriting(c);
    }
    if (c.leaving && c.unread.isEmpty() && c.writing == null) {
      c.leaving = false;
      sink.onDisconnect(id);
      done++;
    }
    return done;
  }

  private static void take(Connection c, long address, int lengthBytes) {
    for (int i = 0; i < lengthBytes; i++) {
      Memory.putByte(address + i, c.writing.payload[c.takenBytes + i]);
    }
    c.takenBytes += lengthBytes;
    finishWriting(c);
  }

  private static void finishWriting(Connection c) {
    if (c.writing != null && c.takenBytes + c.dropBytes == c.writing.payload.length) {
      c.writing = null;
    }
  }

  @Override
  public boolean receive(int connection, long address, int lengthBytes) {
    Connection c = connections.get(connection);
    if (c.awaitedBytes > 0) {
      throw new AssertionError("asked for payload while payload is awaited");
    }
    if (c.writing == null || c.takenBytes + lengthBytes > c.writing.payload.length) {
      throw new AssertionError("asked for payload that there is not");
    }
    received.add(lengthBytes);
    if (isLate || random != null && random.nextBoolean()) {
      c.awaitedAddress = address;
      c.awaitedBytes = lengthBytes;
      return false;
    }
    take(c, address, lengthBytes);
    return true;
  }

  @Override
  public void discard(int connection, long lengthBytes) {
    Connection c = connections.get(connection);
    c.dropBytes += lengthBytes;
    finishWriting(c);
  }

  @Override
  public void reply(int connection, long cookie, HostStatus status) {
    Connection c = connections.get(connection);
    if (c.streaming != null) {
      throw new AssertionError("a reply within the data of another");
    }
    end(c, cookie, status);
  }

  private static void end(Connection c, long cookie, HostStatus status) {
    Command command = c.outstanding.remove(cookie);
    if (command == null) {
      throw new AssertionError("reply to nothing that is outstanding");
    }
    command.status = status;
  }

  @Override
  public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {
    Connection c = connections.get(connection);
    if (c.streaming != null) {
      throw new AssertionError("data within the data of another");
    }
    c.streaming = c.outstanding.get(cookie);
    c.stream = new ByteArrayOutputStream();
    c.streamBytes = lengthBytes;
    if (c.streaming.offsetBytes != offsetBytes || c.extentBytes != 0) {
      throw new AssertionError("the data of another place");
    }
    endStreamIfWhole(c);
  }

  @Override
  public void dataExtent(int connection, long lengthBytes) {
    Connection c = connections.get(connection);
    if (c.extentBytes != 0) {
      throw new AssertionError("an extent within another");
    }
    c.extentBytes = lengthBytes;
    c.streaming.extents.add("data " + lengthBytes);
  }

  @Override
  public void zeroExtent(int connection, long lengthBytes) {
    Connection c = connections.get(connection);
    if (c.extentBytes != 0) {
      throw new AssertionError("an extent within another");
    }
    c.streaming.extents.add("zero " + lengthBytes);
    c.stream.writeBytes(new byte[(int) lengthBytes]);
    endStreamIfWhole(c);
  }

  @Override
  public void failData(int connection, HostStatus status) {
    Connection c = connections.get(connection);
    Command failed = c.streaming;
    c.streaming = null;
    c.extentBytes = 0;
    end(c, failed.cookie, status);
  }

  @Override
  public void blockStatus(int connection, long cookie, Extents extents) {
    Connection c = connections.get(connection);
    if (c.streaming != null) {
      throw new AssertionError("a reply within the data of another");
    }
    Command command = c.outstanding.get(cookie);
    for (int i = 0; i < extents.count(); i++) {
      command.extents.add((extents.isZero(i) ? "zero " : "data ") + extents.lengthBytes(i));
    }
    end(c, cookie, HostStatus.OK);
  }

  @Override
  public void data(int connection, long address, int lengthBytes) {
    Connection c = connections.get(connection);
    c.extentBytes -= lengthBytes;
    if (c.extentBytes < 0) {
      throw new AssertionError("data beyond its extent");
    }
    for (int i = 0; i < lengthBytes; i++) {
      c.stream.write(Memory.getByte(address + i));
    }
    endStreamIfWhole(c);
  }

  private static void endStreamIfWhole(Connection c) {
    if (c.stream.size() > c.streamBytes) {
      throw new AssertionError("more data than announced");
    }
    if (c.stream.size() == c.streamBytes) {
      c.streaming.data = c.stream.toByteArray();
      Command whole = c.streaming;
      c.streaming = null;
      end(c, whole.cookie, HostStatus.OK);
    }
  }

  @Override
  public boolean isWritable(int connection) {
    return writable;
  }

  @Override
  public void close(int connection, String reason) {
    if (connections.containsKey(connection)) {
      connections.get(connection).gone = true;
    }
  }

  @Override
  public void stopListening() {}
}
