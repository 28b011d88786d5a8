package farside.port.powersafe;

import farside.director.MachineCheck;
import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/// A channel head that gives a host its answer when the log has what the answer rests on.
///
/// Calls that are held are written into a ring of bytes, data and all, and made later in the
/// same order. Past half of the ring no data is taken, and no new request: so it cannot run
/// over.
final class HeldHost implements HostPort, HostPort.HostSink, Outlet.Held {
  private static final int RING_BYTES = 2 << 20;
  private static final int RELEASE_MAX = 4096;

  private static final int REPLY = 1;
  private static final int BEGIN_DATA = 2;
  private static final int DATA_EXTENT = 3;
  private static final int ZERO_EXTENT = 4;
  private static final int DATA = 5;
  private static final int FAIL_DATA = 6;
  private static final int BLOCK_STATUS = 7;
  private static final int CLOSE = 8;

  // Every call begins with its mark and its connection.
  private static final int MARK = 0;
  private static final int CONNECTION = 8;
  private static final int FIRST = 16;
  private static final int SECOND = 24;
  private static final int THIRD = 32;
  private static final int EXTENT_BYTES = 16;

  private static final HostStatus[] STATUSES = HostStatus.values();

  private final HostPort host;
  private final NvramLog log;
  private final MemorySegment memory =
      Arena.ofAuto().allocate(RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH, 4096);
  private final OneToOneRingBuffer ring =
      new OneToOneRingBuffer(new UnsafeBuffer(memory.address(), (int) memory.byteSize()));
  private final ControlledMessageHandler letGo = this::letGo;
  private final ArrayDeque<String> closeReasons = new ArrayDeque<>();
  private final Extents extents = new Extents();
  private HostSink sink;

  HeldHost(HostPort host, NvramLog log) {
    this.host = host;
    this.log = log;
  }

  private boolean isOpen() {
    return isEmpty() && log.isDurable();
  }

  private boolean isCrowded() {
    return ring.size() > RING_BYTES / 2;
  }

  /// Where a call of so many bytes goes; its mark and connection are there already.
  private int hold(int call, int connection, int lengthBytes) {
    int index = ring.tryClaim(call, lengthBytes);
    if (index < 0) {
      throw new MachineCheck("held answers to hosts run over: " + ring.size() + " bytes");
    }
    ring.buffer().putLong(index + MARK, log.mark());
    ring.buffer().putLong(index + CONNECTION, connection);
    return index;
  }

  private void hold(int call, int connection, long one, long other, long third) {
    int index = hold(call, connection, THIRD + Long.BYTES);
    ring.buffer().putLong(index + FIRST, one);
    ring.buffer().putLong(index + SECOND, other);
    ring.buffer().putLong(index + THIRD, third);
    ring.commit(index);
  }

  // ---- what is held ----

  @Override
  public void reply(int connection, long cookie, HostStatus status) {
    if (isOpen()) {
      host.reply(connection, cookie, status);
    } else {
      hold(REPLY, connection, cookie, status.ordinal(), 0);
    }
  }

  @Override
  public void beginData(int connection, long cookie, long offsetBytes, long lengthBytes) {
    if (isOpen()) {
      host.beginData(connection, cookie, offsetBytes, lengthBytes);
    } else {
      hold(BEGIN_DATA, connection, cookie, offsetBytes, lengthBytes);
    }
  }

  @Override
  public void dataExtent(int connection, long lengthBytes) {
    if (isOpen()) {
      host.dataExtent(connection, lengthBytes);
    } else {
      hold(DATA_EXTENT, connection, lengthBytes, 0, 0);
    }
  }

  @Override
  public void zeroExtent(int connection, long lengthBytes) {
    if (isOpen()) {
      host.zeroExtent(connection, lengthBytes);
    } else {
      hold(ZERO_EXTENT, connection, lengthBytes, 0, 0);
    }
  }

  @Override
  public void data(int connection, long address, int lengthBytes) {
    if (isOpen()) {
      host.data(connection, address, lengthBytes);
      return;
    }
    int index = hold(DATA, connection, SECOND + lengthBytes);
    ring.buffer().putLong(index + FIRST, lengthBytes);
    Memory.copy(address, ring.buffer().addressOffset() + index + SECOND, lengthBytes);
    ring.commit(index);
  }

  @Override
  public void failData(int connection, HostStatus status) {
    if (isOpen()) {
      host.failData(connection, status);
    } else {
      hold(FAIL_DATA, connection, status.ordinal(), 0, 0);
    }
  }

  @Override
  public void blockStatus(int connection, long cookie, Extents told) {
    if (isOpen()) {
      host.blockStatus(connection, cookie, told);
      return;
    }
    int index = hold(BLOCK_STATUS, connection, THIRD + told.count() * EXTENT_BYTES);
    ring.buffer().putLong(index + FIRST, cookie);
    ring.buffer().putLong(index + SECOND, told.count());
    for (int i = 0; i < told.count(); i++) {
      int at = index + THIRD + i * EXTENT_BYTES;
      ring.buffer().putLong(at, told.lengthBytes(i));
      ring.buffer().putLong(at + Long.BYTES, told.isZero(i) ? 1 : 0);
    }
    ring.commit(index);
  }

  @Override
  public void close(int connection, String reason) {
    if (isOpen()) {
      host.close(connection, reason);
    } else {
      closeReasons.add(reason);
      hold(CLOSE, connection, 0, 0, 0);
    }
  }

  @Override
  public int release() {
    return isEmpty() ? 0 : ring.controlledRead(letGo, RELEASE_MAX);
  }

  @Override
  public boolean isEmpty() {
    return ring.size() == 0;
  }

  private ControlledMessageHandler.Action letGo(
      int call, MutableDirectBuffer buffer, int index, int lengthBytes) {
    if (!log.isDurable(buffer.getLong(index + MARK))) {
      return ControlledMessageHandler.Action.ABORT;
    }
    int connection = (int) buffer.getLong(index + CONNECTION);
    long one = lengthBytes > FIRST ? buffer.getLong(index + FIRST) : 0;
    switch (call) {
      case REPLY -> host.reply(connection, one, STATUSES[(int) buffer.getLong(index + SECOND)]);
      case BEGIN_DATA ->
        host.beginData(
            connection, one, buffer.getLong(index + SECOND), buffer.getLong(index + THIRD));
      case DATA_EXTENT -> host.dataExtent(connection, one);
      case ZERO_EXTENT -> host.zeroExtent(connection, one);
      case DATA -> host.data(connection, buffer.addressOffset() + index + SECOND, (int) one);
      case FAIL_DATA -> host.failData(connection, STATUSES[(int) one]);
      case BLOCK_STATUS -> {
        extents.clear();
        for (int i = 0; i < (int) buffer.getLong(index + SECOND); i++) {
          int at = index + THIRD + i * EXTENT_BYTES;
          extents.add(buffer.getLong(at), buffer.getLong(at + Long.BYTES) != 0);
        }
        host.blockStatus(connection, one, extents);
      }
      case CLOSE -> host.close(connection, closeReasons.poll());
      default -> throw new MachineCheck("held call " + call + " is unknown");
    }
    return ControlledMessageHandler.Action.CONTINUE;
  }

  // ---- what is not ----

  @Override
  public void offer(HostExport export) {
    host.offer(export);
  }

  @Override
  public boolean receive(int connection, long address, int lengthBytes) {
    return host.receive(connection, address, lengthBytes);
  }

  @Override
  public void discard(int connection, long lengthBytes) {
    host.discard(connection, lengthBytes);
  }

  @Override
  public boolean isWritable(int connection) {
    return !isCrowded() && host.isWritable(connection);
  }

  @Override
  public void stopListening() {
    host.stopListening();
  }

  @Override
  public int drain(HostSink to, int limit) {
    sink = to;
    return host.drain(this, limit);
  }

  @Override
  public void onOpened(int connection, String volumeName, String remote) {
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
    return !isCrowded()
        && sink.onRequest(connection, command, flags, cookie, offsetBytes, lengthBytes);
  }

  @Override
  public void onPayload(int connection) {
    sink.onPayload(connection);
  }

  @Override
  public void onDisconnect(int connection) {
    sink.onDisconnect(connection);
  }

  @Override
  public void onClosed(int connection) {
    sink.onClosed(connection);
  }
}
