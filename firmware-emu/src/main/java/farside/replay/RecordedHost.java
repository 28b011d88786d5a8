package farside.replay;

import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import java.util.HashMap;
import java.util.Map;

/// Stands in front of the hosts' head and tells the recorder what crosses.
final class RecordedHost implements HostPort {
  private final PortRecorder recorder;
  private final HostPort host;
  private final int port;
  private final DrainNotes notes;

  /// By connection: where the payload goes that was asked for and has not come yet.
  private final Map<Integer, Wanted> wanted = new HashMap<>();

  /// Bytes of payload that are on their way to an address.
  record Wanted(long address, int lengthBytes) {}

  RecordedHost(PortRecorder recorder, HostPort host) {
    this.recorder = recorder;
    this.host = host;
    port = recorder.nextPort();
    notes = new DrainNotes(recorder, port);
  }

  // ---- what the cabinet does ----

  @Override
  public void offer(HostExport export) {
    recorder.note(
        FactKind.HOST_OFFER,
        port,
        new String[] {export.name(), export.description(), export.reason()},
        export.sizeBytes(),
        export.blockBytes(),
        export.readOnly() ? 1 : 0,
        export.ready() ? 1 : 0);
    host.offer(export);
  }

  @Override
  public boolean receive(int connection, long address, int lengthBytes) {
    boolean isThere = host.receive(connection, address, lengthBytes);
    byte[] content = Fact.NO_CONTENT;
    if (isThere) {
      wanted.remove(connection);
      content = PortRecorder.bytesAt(address, lengthBytes);
    } else {
      wanted.put(connection, new Wanted(address, lengthBytes));
    }
    recorder.noteContent(
        FactKind.HOST_RECEIVE, port, content, connection, lengthBytes, isThere ? 1 : 0);
    return isThere;
  }

  @Override
  public void discard(int connection, long lengthBytes) {
    recorder.note(FactKind.HOST_DISCARD, port, connection, lengthBytes);
    host.discard(connection, lengthBytes);
  }

  @Override
  public void reply(int connection, long cookie, HostStatus status) {
    recorder.note(FactKind.HOST_REPLY, port, connection, cookie, status.ordinal());
    host.reply(connection, cookie, status);
  }

  @Override
  public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {
    recorder.note(FactKind.HOST_BEGIN_DATA, port, connection, cookie, offsetBytes, lengthBytes);
    host.beginData(connection, cookie, offsetBytes, lengthBytes);
  }

  @Override
  public void dataExtent(int connection, long lengthBytes) {
    recorder.note(FactKind.HOST_DATA_EXTENT, port, connection, lengthBytes);
    host.dataExtent(connection, lengthBytes);
  }

  @Override
  public void zeroExtent(int connection, long lengthBytes) {
    recorder.note(FactKind.HOST_ZERO_EXTENT, port, connection, lengthBytes);
    host.zeroExtent(connection, lengthBytes);
  }

  @Override
  public void data(int connection, long address, int lengthBytes) {
    long crc32c = recorder.crcOf(address, lengthBytes);
    recorder.note(FactKind.HOST_DATA, port, connection, lengthBytes, crc32c);
    host.data(connection, address, lengthBytes);
  }

  @Override
  public void failData(int connection, HostStatus status) {
    recorder.note(FactKind.HOST_FAIL_DATA, port, connection, status.ordinal());
    host.failData(connection, status);
  }

  @Override
  public void blockStatus(int connection, long cookie, Extents extents) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < extents.count(); i++) {
      text.append(i == 0 ? "" : " ")
          .append(extents.lengthBytes(i))
          .append(extents.isZero(i) ? "z" : "d");
    }
    recorder.note(
        FactKind.HOST_BLOCK_STATUS, port, new String[] {text.toString()}, connection, cookie);
    host.blockStatus(connection, cookie, extents);
  }

  @Override
  public boolean isWritable(int connection) {
    boolean isWritable = host.isWritable(connection);
    recorder.note(FactKind.HOST_IS_WRITABLE, port, connection, isWritable ? 1 : 0);
    return isWritable;
  }

  @Override
  public void close(int connection, String reason) {
    recorder.note(FactKind.HOST_CLOSE, port, new String[] {reason}, connection);
    host.close(connection, reason);
  }

  @Override
  public void stopListening() {
    recorder.note(FactKind.HOST_STOP_LISTENING, port);
    host.stopListening();
  }

  // ---- what hosts do ----

  @Override
  public int drain(HostSink sink, int limit) {
    return notes.close(host.drain(new NotingSink(sink), limit));
  }

  private final class NotingSink implements HostSink {
    private final HostSink sink;

    NotingSink(HostSink sink) {
      this.sink = sink;
    }

    @Override
    public void onOpened(int connection, String volumeName, String remote) {
      notes.open();
      recorder.note(FactKind.HOST_OPENED, port, new String[] {volumeName, remote}, connection);
      sink.onOpened(connection, volumeName, remote);
    }

    @Override
    public boolean onRequest(
        int connection,
        HostCommand command,
        int flags,
        long cookie,
        long offsetBytes,
        long lengthBytes) {
      notes.open();
      recorder.note(
          FactKind.HOST_REQUEST,
          port,
          connection,
          command.ordinal(),
          flags,
          cookie,
          offsetBytes,
          lengthBytes);
      boolean isTaken =
          sink.onRequest(connection, command, flags, cookie, offsetBytes, lengthBytes);
      recorder.note(FactKind.HOST_REQUEST_ANSWERED, port, isTaken ? 1 : 0);
      return isTaken;
    }

    @Override
    public void onPayload(int connection) {
      notes.open();
      Wanted came = wanted.remove(connection);
      recorder.noteContent(
          FactKind.HOST_PAYLOAD,
          port,
          came == null ? Fact.NO_CONTENT : PortRecorder.bytesAt(came.address, came.lengthBytes),
          connection);
      sink.onPayload(connection);
    }

    @Override
    public void onDisconnect(int connection) {
      notes.open();
      recorder.note(FactKind.HOST_DISCONNECT, port, connection);
      sink.onDisconnect(connection);
    }

    @Override
    public void onClosed(int connection) {
      notes.open();
      wanted.remove(connection);
      recorder.note(FactKind.HOST_CLOSED, port, connection);
      sink.onClosed(connection);
    }
  }
}
