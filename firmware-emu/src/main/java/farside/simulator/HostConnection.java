package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostFlags;
import farside.port.HostPort.HostSink;
import farside.port.HostStatus;
import farside.port.Memory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// One connection of a host to a simulated channel head: what has come in, what is open, what
/// has not yet been taken. It holds the cabinet to the port's contract: each request is
/// answered once, a read's data is whole and not interrupted, a write is not acknowledged
/// before its payload was taken.
final class HostConnection {
  private static final int UNTAKEN_BYTES_MAX = 256 * 1024;

  private final SimulatedHost head;
  private final HostProgram program;
  private final int number;
  private final String volumeName;
  private final ArrayDeque<HostRequest> arrived = new ArrayDeque<>();
  private final List<HostRequest> open = new ArrayList<>();

  private boolean openedTold;
  private boolean leaving;
  private boolean leavingTold;
  private boolean gone;
  private boolean goneTold;
  private HostRequest receiving;
  private long pendingAddress;
  private int pendingBytes;
  private boolean payloadReady;
  private HostRequest answering;

  /// Takes the data of one read after the other.
  private byte[] dataBuffer = {};

  private long extentBytes;
  private long untakenBytes;
  private long streamFreeNs;
  private long lastTakenNs;

  HostConnection(SimulatedHost head, HostProgram program, int number, String volumeName) {
    this.head = head;
    this.program = program;
    this.number = number;
    this.volumeName = volumeName;
    this.streamFreeNs = head.time().nowNs();
    this.lastTakenNs = streamFreeNs;
  }

  int number() {
    return number;
  }

  String volumeName() {
    return volumeName;
  }

  /// The head may forget it.
  boolean isOver() {
    return goneTold;
  }

  boolean isGone() {
    return gone;
  }

  List<HostRequest> openRequests() {
    return open;
  }

  // ---- the host's side

  /// Sends a request; its payload follows, at once or in pieces.
  void send(HostRequest request) {
    VirtualTime time = head.time();
    Draws draws = head.draws();
    open.add(request);
    long startNs = time.nowNs() + draws.between(5_000, 50_000);
    if (streamFreeNs - startNs > 0) {
      startNs = streamFreeNs;
    }
    boolean pieces = request.hasPayload()
        && draws.chance(head.habits().piecesPermille())
        && head.habits().may(HostTrait.WRITES_IN_PIECES);
    int first = !request.hasPayload()
        ? 0
        : pieces ? draws.below(request.lengthBytes + 1) : request.lengthBytes;
    time.at(startNs, () -> {
      if (!gone) {
        request.arrivedBytes = first;
        arrived.add(request);
        head.wake();
      }
    });
    long atNs = startNs;
    int sent = first;
    while (request.hasPayload() && sent < request.lengthBytes) {
      int left = request.lengthBytes - sent;
      int piece = draws.chance(300) ? left : 1 + draws.below(left);
      atNs += draws.between(1_000, draws.chance(50) ? 20_000_000 : 300_000);
      sent += piece;
      time.at(atNs, () -> arrive(request, piece));
    }
    streamFreeNs = atNs;
  }

  /// The host says goodbye, after what it has sent.
  void leave() {
    head.time().at(streamFreeNs, () -> {
      leaving = true;
      head.wake();
    });
  }

  /// The host, or the way to it, is gone.
  void vanish() {
    if (!gone) {
      gone = true;
      head.wake();
      program.onGone(this);
    }
  }

  private void arrive(HostRequest request, int bytes) {
    if (gone) {
      return;
    }
    request.arrivedBytes += bytes;
    if (receiving == request && pendingBytes > 0 && available() >= pendingBytes) {
      take(pendingAddress, pendingBytes);
      pendingBytes = 0;
      payloadReady = true;
    }
    head.wake();
  }

  // ---- the cabinet's side

  int drain(HostSink sink, int limit) {
    int drained = 0;
    while (drained < limit) {
      if (!openedTold) {
        openedTold = true;
        drained++;
        sink.onOpened(number, volumeName, "simulated host " + number);
      } else if (gone) {
        if (!goneTold) {
          goneTold = true;
          drained++;
          sink.onClosed(number);
        }
        return drained;
      } else if (payloadReady) {
        payloadReady = false;
        drained++;
        sink.onPayload(number);
      } else if (receiving != null
          && receiving.arrivedBytes == receiving.lengthBytes
          && receiving.payloadMissingBytes() == 0) {
        receiving = null;
      } else if (receiving != null) {
        return drained;
      } else if (arrived.isEmpty()) {
        if (!leaving || leavingTold) {
          return drained;
        }
        leavingTold = true;
        drained++;
        sink.onDisconnect(number);
      } else if (offer(arrived.peekFirst(), sink)) {
        drained++;
      } else {
        return drained;
      }
    }
    return drained;
  }

  /// Nothing is there that the cabinet has not been offered.
  private boolean offer(HostRequest request, HostSink sink) {
    if (!request.begun) {
      request.begun = true;
      head.begin(volumeName, request);
    }
    // The cabinet may ask for payload, or answer, while it is being offered the request.
    receiving = request.hasPayload() ? request : null;
    arrived.removeFirst();
    boolean taken = sink.onRequest(
        number,
        request.command,
        request.flags,
        request.cookie,
        request.offsetBytes,
        request.lengthBytes);
    if (!taken) {
      require(
          request.takenBytes == 0 && request.discardedBytes == 0 && request.status == null,
          () -> this + ": " + request + " was refused for now, but used");
      arrived.addFirst(request);
      receiving = null;
      head.onNews();
    }
    return taken;
  }

  boolean receive(long address, int lengthBytes) {
    if (gone) {
      return false;
    }
    require(receiving != null, () -> this + ": payload asked for, but no write is being received");
    if (address == pendingAddress && lengthBytes == pendingBytes) {
      return false;
    }
    if (address == pendingAddress && payloadReady) {
      payloadReady = false;
      return true;
    }
    require(
        pendingBytes == 0 && !payloadReady,
        () -> this + ": payload asked for before the last piece was taken");
    require(
        lengthBytes > 0 && lengthBytes <= receiving.payloadMissingBytes(),
        () -> this + ": " + lengthBytes + " bytes of payload asked for, but "
            + receiving.payloadMissingBytes() + " are due");
    if (available() >= lengthBytes) {
      take(address, lengthBytes);
      return true;
    }
    pendingAddress = address;
    pendingBytes = lengthBytes;
    // A socket is read into the memory as bytes come: meanwhile it holds anything.
    Memory.at(address, lengthBytes).fill((byte) head.draws().nextLong());
    return false;
  }

  void discard(long lengthBytes) {
    if (gone) {
      return;
    }
    require(
        receiving != null, () -> this + ": payload to be dropped, but no write is being received");
    require(
        pendingBytes == 0 && lengthBytes <= receiving.payloadMissingBytes(),
        () -> this + ": " + lengthBytes + " bytes of payload to be dropped, but fewer are due");
    receiving.discardedBytes += (int) lengthBytes;
    head.onNews();
  }

  void reply(long cookie, HostStatus status) {
    if (gone) {
      return;
    }
    require(answering == null, () -> this + ": a reply between the data of " + answering);
    HostRequest request = find(cookie);
    if (status == HostStatus.OK) {
      require(
          request.takenBytes == (request.hasPayload() ? request.lengthBytes : 0),
          () -> this + ": " + request + " was acknowledged before its payload was taken");
      require(
          !request.command.equals(HostCommand.READ)
              && !request.command.equals(HostCommand.BLOCK_STATUS),
          () -> this + ": " + request + " was answered without data");
    }
    finish(request, status, 16);
  }

  void beginData(long cookie, long offsetBytes, long lengthBytes) {
    if (gone) {
      return;
    }
    require(answering == null, () -> this + ": a reply between the data of " + answering);
    HostRequest request = find(cookie);
    require(
        request.command == HostCommand.READ
            && request.offsetBytes == offsetBytes
            && request.lengthBytes == lengthBytes
            && request.dataBytes == 0,
        () -> this + ": data of " + lengthBytes + " bytes announced for " + request);
    if (dataBuffer.length < request.lengthBytes) {
      dataBuffer = new byte[request.lengthBytes];
    }
    request.data = dataBuffer;
    answering = request;
    extentBytes = 0;
  }

  void dataExtent(long lengthBytes) {
    if (gone) {
      return;
    }
    checkExtent(lengthBytes);
    extentBytes = lengthBytes;
  }

  void zeroExtent(long lengthBytes) {
    if (gone) {
      return;
    }
    checkExtent(lengthBytes);
    require(
        !answering.has(HostFlags.ONE_EXTENT),
        () -> this + ": " + answering + " was answered in pieces");
    HostRequest request = answering;
    Arrays.fill(request.data, request.dataBytes, request.dataBytes + (int) lengthBytes, (byte) 0);
    request.dataBytes += (int) lengthBytes;
    finishIfWhole();
  }

  private void checkExtent(long lengthBytes) {
    HostRequest request = answering;
    require(
        request != null
            && extentBytes == 0
            && lengthBytes > 0
            && lengthBytes <= request.lengthBytes - request.dataBytes,
        () -> this + ": an extent of " + lengthBytes + " bytes of " + request);
    require(
        !request.has(HostFlags.ONE_EXTENT) || lengthBytes == request.lengthBytes,
        () -> this + ": " + request + " was answered in pieces");
  }

  void failData(HostStatus status) {
    if (gone) {
      return;
    }
    HostRequest request = answering;
    require(request != null && status != HostStatus.OK, () -> this + ": no read that could fail");
    answering = null;
    finish(request, status, 32);
  }

  void blockStatus(long cookie, Extents extents) {
    if (gone) {
      return;
    }
    require(answering == null, () -> this + ": a reply between the data of " + answering);
    HostRequest request = find(cookie);
    request.takeExtents(extents);
    finish(request, HostStatus.OK, 24 + 8 * extents.count());
  }

  void data(long address, int lengthBytes) {
    if (gone) {
      return;
    }
    HostRequest request = answering;
    require(request != null, () -> this + ": data without a read");
    require(
        lengthBytes > 0 && lengthBytes <= extentBytes,
        () -> this + ": " + lengthBytes + " bytes too much for " + request);
    extentBytes -= lengthBytes;
    Memory.copy(address, request.data, request.dataBytes, lengthBytes);
    request.dataBytes += lengthBytes;
    finishIfWhole();
  }

  private void finishIfWhole() {
    HostRequest request = answering;
    if (request.dataBytes == request.lengthBytes) {
      answering = null;
      finish(request, HostStatus.OK, 16 + request.lengthBytes);
    }
  }

  boolean isWritable() {
    return untakenBytes < UNTAKEN_BYTES_MAX;
  }

  /// The cabinet ends the connection once the host has what was sent.
  void close() {
    if (!gone) {
      long closesNs =
          lastTakenNs - head.time().nowNs() > 0 ? lastTakenNs : head.time().nowNs();
      head.time().at(closesNs, this::vanish);
    }
  }

  private void finish(HostRequest request, HostStatus status, int answerBytes) {
    request.status = status;
    open.remove(request);
    head.end(volumeName, request);
    request.data = null;
    VirtualTime time = head.time();
    long takenNs =
        time.nowNs() + head.draws().between(5_000, 50_000) + program.nsPerByte() * answerBytes;
    if (lastTakenNs - time.nowNs() > 0) {
      takenNs += lastTakenNs - time.nowNs();
    }
    lastTakenNs = takenNs;
    untakenBytes += answerBytes;
    time.at(takenNs, () -> {
      boolean wasWritable = isWritable();
      untakenBytes -= answerBytes;
      if (!gone) {
        if (!wasWritable && isWritable()) {
          head.wake();
        }
        program.onAnswer(this, request);
      }
    });
  }

  private HostRequest find(long cookie) {
    for (int i = 0; i < open.size(); i++) {
      if (open.get(i).cookie == cookie && open.get(i).begun) {
        return open.get(i);
      }
    }
    throw new SimulationFailure(this + ": an answer to cookie " + cookie + ", which is not open");
  }

  private int available() {
    return receiving.arrivedBytes - receiving.takenBytes;
  }

  private void take(long address, int lengthBytes) {
    byte[] payload = head.payloadBuffer(lengthBytes);
    receiving.write.fill(payload, 0, receiving.offsetBytes + receiving.takenBytes, lengthBytes);
    Memory.copy(payload, 0, address, lengthBytes);
    receiving.takenBytes += lengthBytes;
    head.onNews();
  }

  @Override
  public String toString() {
    return "connection " + number + " of volume " + volumeName;
  }
}
