package farside.channel;

import farside.cache.BlockMask;
import farside.cache.GlobalMemory;
import farside.cache.GuaranteedShares;
import farside.cache.WriteRecords;
import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.Recurrences;
import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostPort;
import farside.port.HostStatus;
import farside.volume.AckMode;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;

/// The channel adapter (CA): commands of hosts in, cache in the middle, ending status out
/// (E-10, E-14).
///
/// A write is answered when all of its records are released: at once for a local volume, after
/// the peer has them for a synchronized pair. A read is answered from records and slots.
public final class ChannelAdapter implements Director, HostPort.HostSink {
  /// Commands of all hosts that may be outstanding at once.
  public static final int REQUESTS_MAX = 1024;

  private static final int DRAIN_LIMIT = 256;

  private final HostPort host;
  private final Volumes volumes;
  private final WriteRecords records;
  private final Durability durability;
  private final EventLog events;
  private final ReadAssembly assembly;
  private final WritePump pump;
  private final AllocationReport allocation;
  private final Exports exports;
  private final Int2ObjectHashMap<HostConnection> connections = new Int2ObjectHashMap<>();
  /// Connections that left while a write of theirs was not yet committed.
  private final List<HostConnection> leavers = new ArrayList<>();

  private final HostRequest[] requests = new HostRequest[REQUESTS_MAX];
  private final ArrayDeque<HostRequest> free = new ArrayDeque<>();
  private final GuaranteedShares shares;

  /// Per volume: requests that could not be done.
  private final Recurrences[] failures;

  /// Requests that wait for something that is looked at in every round, oldest first.
  private List<HostRequest> waiting = new ArrayList<>();

  private List<HostRequest> stepping = new ArrayList<>();
  private long nowNs;
  private boolean stopping;
  private long requestCount;
  private long outstandingBytes;
  private long readCount;
  private long writeCount;

  /// @param zeroesAddress a track of zeroes that nobody writes
  public ChannelAdapter(
      HostPort host, Volumes volumes, GlobalMemory memory, EventLog events, long zeroesAddress) {
    this.host = host;
    this.volumes = volumes;
    this.records = memory.records();
    this.durability = new Durability(records, memory.nvram().isPowerSafe(), volumes.count());
    this.events = events;
    this.assembly = new ReadAssembly(memory, volumes.count(), host, zeroesAddress);
    this.pump = new WritePump(memory, host, assembly);
    this.allocation = new AllocationReport(memory);
    this.exports = new Exports(host, volumes);
    this.failures = new Recurrences[volumes.count()];
    // Requests that wait for one volume's drive leave some for every other volume.
    this.shares = new GuaranteedShares(REQUESTS_MAX, volumes.count());
    for (int i = 0; i < volumes.count(); i++) {
      shares.guarantee(i, REQUESTS_MAX / (2 * volumes.count()));
      failures[i] = new Recurrences();
    }
    for (int i = 0; i < REQUESTS_MAX; i++) {
      requests[i] = new HostRequest(i);
      free.add(requests[i]);
    }
  }

  @Override
  public String name() {
    return "CA";
  }

  @Override
  public int doWork(long now) {
    nowNs = now;
    return exports.offerChanged()
        + answerReleased()
        + host.drain(this, DRAIN_LIMIT)
        + answerReleased()
        + stepWaiting();
  }

  /// Answers what the peer has said that it has, before the drives have their turn: they can
  /// begin at once with what a FLUSH is expected to ask for.
  public int onPeerHeard() {
    return answerReleased();
  }

  @Override
  public long nextDeadlineNs() {
    return NO_DEADLINE;
  }

  /// Takes no new hosts and no new commands from here on.
  public void stop() {
    stopping = true;
    host.stopListening();
  }

  /// True when no command is outstanding.
  public boolean isQuiet() {
    return outstanding() == 0;
  }

  /// Commands of hosts that were not answered yet.
  public int outstanding() {
    return REQUESTS_MAX - free.size();
  }

  /// How much they are to read, write or clear.
  public long outstandingBytes() {
    return outstandingBytes;
  }

  /// True while a command waits whose volume's writes are answered by the peer's drive.
  public boolean mayAwaitPeersDrive() {
    for (int i = 0; i < volumes.count(); i++) {
      if (shares.takenBy(i) > 0 && volumes.get(i).ack() == AckMode.STORED) {
        return true;
      }
    }
    return false;
  }

  /// Commands that were taken since the start.
  public long requestCount() {
    return requestCount;
  }

  /// Ends every connection.
  public void closeAll(String reason) {
    List<Integer> ids = new ArrayList<>(connections.keySet());
    ids.sort(null);
    for (int id : ids) {
      host.close(id, reason);
    }
  }

  public int connectionCount() {
    return connections.size();
  }

  public long readCount() {
    return readCount;
  }

  public long writeCount() {
    return writeCount;
  }

  // ---- what hosts do ----

  @Override
  public void onOpened(int connection, String volumeName, String remote) {
    Volume volume = volumes.byName(volumeName);
    if (volume == null) {
      host.close(connection, "no volume " + volumeName);
      return;
    }
    connections.put(connection, new HostConnection(connection, volume, remote));
    events.log(EventCode.HOST_OPENED, remote, volume.name(), connection);
  }

  @Override
  public boolean onRequest(
      int connectionId,
      HostCommand command,
      int flags,
      long cookie,
      long offsetBytes,
      long lengthBytes) {
    HostConnection connection = connections.get(connectionId);
    if (connection == null) {
      return true;
    }
    int volume = connection.volume.index();
    if (connection.receiving != null || shares.freeFor(volume) == 0 || isHeldByLeaver(connection)) {
      return false;
    }
    HostRequest request = free.poll();
    requestCount++;
    outstandingBytes += lengthBytes;
    shares.take(volume, 1);
    request.begin(connection, command, flags, cookie, offsetBytes, lengthBytes);
    connection.outstanding++;
    HostStatus refusal = refusalOf(request);
    if (refusal != HostStatus.OK) {
      if (command == HostCommand.WRITE) {
        host.discard(connectionId, lengthBytes);
      }
      finish(request, refusal);
    } else {
      begin(request);
    }
    return true;
  }

  /// A host that has left may have come back: what its last connection still writes is committed
  /// before anything of the next one is taken.
  private boolean isHeldByLeaver(HostConnection connection) {
    boolean isHeld = false;
    for (int i = leavers.size() - 1; i >= 0; i--) {
      HostConnection leaver = leavers.get(i);
      if (leaver.receiving == null) {
        leavers.remove(i);
      } else {
        isHeld |= leaver != connection && leaver.volume == connection.volume;
      }
    }
    return isHeld;
  }

  private void begin(HostRequest request) {
    switch (request.command) {
      case READ, CACHE -> {
        readCount += request.command == HostCommand.READ ? 1 : 0;
        request.state = HostRequest.State.READING;
        if (request.lengthBytes == 0) {
          finish(request, HostStatus.OK);
        } else {
          assembly.begin(request);
          if (!stepRead(request)) {
            waiting.add(request);
          }
        }
      }
      case FLUSH -> {
        durability.onFlush(request.volume);
        awaitDurable(request, records.highestAnswerable(request.volume.index()));
      }
      case BLOCK_STATUS -> finish(request, HostStatus.OK);
      case WRITE, TRIM, WRITE_ZEROES -> {
        writeCount++;
        request.state = HostRequest.State.RECEIVING;
        request.connection.receiving = request;
        if (!stepWrite(request)) {
          waiting.add(request);
        }
      }
    }
  }

  private HostStatus refusalOf(HostRequest request) {
    Volume volume = request.volume;
    if (stopping) {
      return HostStatus.SHUTDOWN;
    }
    if (!volume.isReady()) {
      return HostStatus.IO_ERROR;
    }
    if (request.isWrite() && volume.role() == VolumeRole.R2) {
      return HostStatus.NOT_PERMITTED;
    }
    if (request.command != HostCommand.FLUSH
        && (request.offsetBytes < 0
            || request.lengthBytes < 0
            || request.offsetBytes > volume.sizeBytes()
            || request.lengthBytes > volume.sizeBytes() - request.offsetBytes)) {
      return switch (request.command) {
        case WRITE, WRITE_ZEROES -> HostStatus.NO_SPACE;
        default -> HostStatus.INVALID;
      };
    }
    if (request.has(HostFlags.FAST_ONLY) && !request.isPayloadless()) {
      // Zeroes that keep their room are written as any other data is.
      return HostStatus.NOT_SUPPORTED;
    }
    return HostStatus.OK;
  }

  @Override
  public void onPayload(int connectionId) {
    HostConnection connection = connections.get(connectionId);
    if (connection == null || connection.receiving == null) {
      return;
    }
    connection.receiving.payloadHere = true;
    if (stepWrite(connection.receiving)) {
      waiting.remove(connection.receiving);
    }
  }

  @Override
  public void onDisconnect(int connectionId) {
    HostConnection connection = connections.get(connectionId);
    if (connection != null) {
      connection.leaving = true;
      if (connection.receiving != null) {
        leavers.add(connection);
      }
      closeIfDone(connection);
    }
  }

  @Override
  public void onClosed(int connectionId) {
    HostConnection connection = connections.remove(connectionId);
    if (connection == null) {
      return;
    }
    connection.closed = true;
    events.log(EventCode.HOST_CLOSED, connectionId, connection.remote + " is gone");
    // A write whose payload will never come is dropped where it stands; what is committed stays
    // so. Reads and answers have nobody to go to.
    if (connection.receiving != null) {
      HostRequest request = connection.receiving;
      connection.receiving = null;
      pump.abandonPiece(request);
      outstandingBytes -= request.lengthBytes - request.doneBytes;
      request.lengthBytes = request.doneBytes;
      request.everythingCommitted = true;
      waiting.remove(request);
      request.state = HostRequest.State.HELD;
      finishIfReleased(request);
    }
    for (HostRequest answered : connection.answered) {
      recycle(answered);
    }
    connection.answered.clear();
    for (HostRequest request : requests) {
      if (request.connection == connection
          && (request.state == HostRequest.State.READING
              || request.state == HostRequest.State.DURABLE)) {
        waiting.remove(request);
        assembly.unpin(request);
        recycle(request);
      }
    }
  }

  // ---- on the way ----

  private int stepWaiting() {
    if (waiting.isEmpty()) {
      return 0;
    }
    // What a step ends may change the list: a second list is stepped through, and what still
    // waits goes back.
    List<HostRequest> now = waiting;
    waiting = stepping;
    stepping = now;
    int work = 0;
    for (HostRequest request : now) {
      boolean over = switch (request.state) {
        case RECEIVING -> stepWrite(request);
        case READING -> stepRead(request);
        case DURABLE -> finishIfOver(request, durability.step(request));
        case FREE, HELD, ANSWERED -> true;
      };
      if (over) {
        work++;
      } else {
        waiting.add(request);
      }
    }
    now.clear();
    return work + (assembly.pollLineMoved() ? 1 : 0);
  }

  /// True if the request no longer waits in the list.
  private boolean stepWrite(HostRequest request) {
    return switch (pump.step(request, nowNs)) {
      case WAITING -> false;
      case COMMITTED -> {
        request.connection.receiving = null;
        request.everythingCommitted = true;
        request.state = HostRequest.State.HELD;
        finishIfReleased(request);
        yield true;
      }
      case UNREADABLE -> {
        fail(request, "the rest of a partly written block cannot be read");
        yield true;
      }
      case NO_ROOM -> {
        fail(request, "the drive is in doubt, and NVRAM is full of what it lacks");
        yield true;
      }
    };
  }

  /// Ends a write in the middle: what is committed of it stays so.
  private void fail(HostRequest request, String because) {
    long left = request.lengthBytes - request.doneBytes - request.pieceHostBytes;
    if (request.command == HostCommand.WRITE && left > 0) {
      host.discard(request.connection.id, left);
    }
    request.connection.receiving = null;
    request.everythingCommitted = true;
    request.state = HostRequest.State.HELD;
    tellFailed(request, because);
    finishIfReleased(request);
  }

  private void tellFailed(HostRequest request, String because) {
    long track = request.offsetBytes / BlockMask.TRACK_BYTES;
    long times = failures[request.volume.index()].count(track);
    if (times > 0) {
      events.log(
          EventCode.HOST_IO_ERROR,
          request.volume.name(),
          request.command,
          request.offsetBytes,
          request.lengthBytes,
          because,
          times);
    }
  }

  private boolean stepRead(HostRequest request) {
    while (true) {
      boolean isCache = request.command == HostCommand.CACHE;
      switch (isCache ? assembly.stepCache(request) : assembly.step(request)) {
        case WAITING -> {
          return false;
        }
        case PROGRESS -> {}
        case DONE -> {
          if (isCache) {
            finish(request, HostStatus.OK);
            return true;
          }
          HostConnection connection = request.connection;
          connection.streaming = null;
          recycle(request);
          answerQueued(connection);
          return true;
        }
        case FAILED -> {
          tellFailed(request, "the drive cannot read it");
          if (request.replyBegun) {
            HostConnection connection = request.connection;
            connection.streaming = null;
            host.failData(connection.id, HostStatus.IO_ERROR);
            recycle(request);
            answerQueued(connection);
          } else {
            finish(request, HostStatus.IO_ERROR);
          }
          return true;
        }
      }
    }
  }

  private void awaitDurable(HostRequest request, long upToNumber) {
    request.state = HostRequest.State.DURABLE;
    if (!finishIfOver(request, durability.begin(request, upToNumber))) {
      waiting.add(request);
    }
  }

  /// True if the request no longer waits in the list.
  private boolean finishIfOver(HostRequest request, Durability.Verdict verdict) {
    return switch (verdict) {
      case WAITING -> false;
      case DURABLE -> {
        finish(request, HostStatus.OK);
        yield true;
      }
      case FAILED -> {
        finish(request, HostStatus.IO_ERROR);
        yield true;
      }
    };
  }

  private int answerReleased() {
    int work = 0;
    int owner;
    while ((owner = records.pollReleasedOwner()) != WriteRecords.NONE) {
      HostRequest request = requests[owner];
      request.unreleased--;
      finishIfReleased(request);
      work++;
    }
    return work;
  }

  private void finishIfReleased(HostRequest request) {
    if (!request.everythingCommitted
        || request.unreleased > 0
        || request.state != HostRequest.State.HELD) {
      return;
    }
    if (request.has(HostFlags.FORCE_UNIT_ACCESS)
        && request.status == HostStatus.OK
        && !request.connection.closed) {
      awaitDurable(request, request.highestNumber);
      return;
    }
    durability.onWritten(request);
    finish(request, request.status);
  }

  private void finish(HostRequest request, HostStatus status) {
    request.status = status;
    HostConnection connection = request.connection;
    if (connection.streaming != null && connection.streaming != request && !connection.closed) {
      request.state = HostRequest.State.ANSWERED;
      connection.answered.add(request);
      return;
    }
    answer(request);
  }

  private void answer(HostRequest request) {
    HostConnection connection = request.connection;
    if (!connection.closed) {
      boolean isWell = request.status == HostStatus.OK;
      if (request.command == HostCommand.READ && isWell) {
        host.beginData(connection.id, request.cookie, request.offsetBytes, 0);
      } else if (request.command == HostCommand.BLOCK_STATUS && isWell) {
        host.blockStatus(connection.id, request.cookie, allocation.of(request));
      } else {
        host.reply(connection.id, request.cookie, request.status);
      }
    }
    recycle(request);
  }

  private void answerQueued(HostConnection connection) {
    while (connection.streaming == null && !connection.answered.isEmpty()) {
      answer(connection.answered.poll());
    }
  }

  private void recycle(HostRequest request) {
    HostConnection connection = request.connection;
    outstandingBytes -= request.lengthBytes;
    request.state = HostRequest.State.FREE;
    request.connection = null;
    free.add(request);
    shares.take(connection.volume.index(), -1);
    connection.outstanding--;
    closeIfDone(connection);
  }

  private void closeIfDone(HostConnection connection) {
    if (connection.leaving && connection.outstanding == 0 && !connection.closed) {
      host.close(connection.id, "the host left");
    }
  }
}
