package farside.driver.nbd;

import farside.port.Extents;
import farside.port.HostCommand;
import farside.port.HostExport;
import farside.port.HostFlags;
import farside.port.HostPort.HostSink;
import farside.port.HostStatus;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// A channel adapter with one disk in memory, as fussy as the real one: takes payload piece by
/// piece, gives data only while the host takes it, finishes what is outstanding before it
/// closes.
final class FakeChannelAdapter implements HostSink {
  static final int PIECE_BYTES = 64 * 1024;

  /// What a connection is in the middle of.
  private static final class Link {
    final int number;
    final ArrayDeque<Read> reads = new ArrayDeque<>();
    long writeCookie;
    long writeOffsetBytes;
    long writeRemainingBytes;
    int pieceBytes;
    boolean leaving;

    Link(int number) {
      this.number = number;
    }
  }

  private static final class Read {
    final long cookie;
    final long lengthBytes;
    long offsetBytes;
    long remainingBytes;
    final boolean oneExtent;
    boolean begun;

    Read(long cookie, long offsetBytes, long lengthBytes, boolean oneExtent) {
      this.oneExtent = oneExtent;
      this.cookie = cookie;
      this.offsetBytes = offsetBytes;
      this.lengthBytes = lengthBytes;
      this.remainingBytes = lengthBytes;
    }
  }

  final NbdHead port;
  final long sizeBytes;
  final Arena arena = Arena.ofShared();
  final MemorySegment disk;
  private final TreeMap<Integer, Link> links = new TreeMap<>();
  /// Read by the test's thread, too.
  final List<String> facts = new CopyOnWriteArrayList<>();
  boolean isReadOnly;
  boolean isRefusing;
  boolean isHoldingPayload;

  /// Most payload that one round brought.
  long bytesPerRoundMax;

  private long bytesThisRound;
  boolean isHoldingReads;
  boolean isFailingSecondPieces;
  private boolean isFailingReads;
  private final Extents extents = new Extents();
  int readCountRefused;
  int requestCount;
  int forcedCount;
  int refusedCount;
  long unsentBytesPeak;

  FakeChannelAdapter(NbdHead port, long sizeBytes) {
    this.port = port;
    this.sizeBytes = sizeBytes;
    disk = arena.allocate(sizeBytes, 4096);
  }

  void offer(String name) {
    port.offer(new HostExport(name, "fake volume " + name, sizeBytes, 512, isReadOnly, true, ""));
  }

  @Override
  public void onOpened(int connection, String volumeName, String remote) {
    links.put(connection, new Link(connection));
    facts.add("opened " + connection + " " + volumeName + " " + remote.startsWith("127.0.0.1:"));
  }

  @Override
  public boolean onRequest(
      int connection,
      HostCommand command,
      int flags,
      long cookie,
      long offsetBytes,
      long lengthBytes) {
    if (isRefusing) {
      refusedCount++;
      return false;
    }
    Link link = links.get(connection);
    requestCount++;
    forcedCount += (flags & HostFlags.FORCE_UNIT_ACCESS) != 0 ? 1 : 0;
    boolean isBeyond = offsetBytes > sizeBytes || lengthBytes > sizeBytes - offsetBytes;
    switch (command) {
      case READ -> {
        if (isBeyond) {
          port.reply(connection, cookie, HostStatus.INVALID);
        } else {
          boolean oneExtent = (flags & HostFlags.ONE_EXTENT) != 0;
          link.reads.add(new Read(cookie, offsetBytes, lengthBytes, oneExtent));
        }
      }
      case WRITE -> {
        if (isReadOnly || isBeyond) {
          port.discard(connection, lengthBytes);
          port.reply(
              connection, cookie, isReadOnly ? HostStatus.NOT_PERMITTED : HostStatus.NO_SPACE);
        } else {
          link.writeCookie = cookie;
          link.writeOffsetBytes = offsetBytes;
          link.writeRemainingBytes = lengthBytes;
          pull(link);
        }
      }
      case FLUSH -> port.reply(connection, cookie, HostStatus.OK);
      case CACHE -> port.reply(connection, cookie, isBeyond ? HostStatus.INVALID : HostStatus.OK);
      case BLOCK_STATUS -> {
        if (isBeyond) {
          port.reply(connection, cookie, HostStatus.INVALID);
        } else {
          tellStatus(connection, flags, cookie, offsetBytes, lengthBytes);
        }
      }
      case TRIM, WRITE_ZEROES -> {
        if (isBeyond) {
          port.reply(connection, cookie, HostStatus.NO_SPACE);
        } else {
          disk.asSlice(offsetBytes, lengthBytes).fill((byte) 0);
          port.reply(connection, cookie, HostStatus.OK);
        }
      }
    }
    return true;
  }

  private void pull(Link link) {
    while (link.writeRemainingBytes > 0 && !isHoldingPayload) {
      link.pieceBytes = (int) Math.min(PIECE_BYTES, link.writeRemainingBytes);
      if (!port.receive(link.number, disk.address() + link.writeOffsetBytes, link.pieceBytes)) {
        return;
      }
      onPieceHere(link);
    }
  }

  private void onPieceHere(Link link) {
    bytesThisRound += link.pieceBytes;
    bytesPerRoundMax = Math.max(bytesPerRoundMax, bytesThisRound);
    link.writeOffsetBytes += link.pieceBytes;
    link.writeRemainingBytes -= link.pieceBytes;
    link.pieceBytes = 0;
    if (link.writeRemainingBytes == 0) {
      port.reply(link.number, link.writeCookie, HostStatus.OK);
    }
  }

  @Override
  public void onPayload(int connection) {
    Link link = links.get(connection);
    onPieceHere(link);
    pull(link);
  }

  @Override
  public void onDisconnect(int connection) {
    facts.add("disconnect " + connection);
    links.get(connection).leaving = true;
  }

  @Override
  public void onClosed(int connection) {
    facts.add("closed " + connection);
    links.remove(connection);
  }

  /// Goes on with what waits; returns how much it did.
  int work() {
    bytesThisRound = 0;
    int done = 0;
    for (Link link : List.copyOf(links.values())) {
      unsentBytesPeak = Math.max(unsentBytesPeak, port.unsentBytes(link.number));
      if (link.writeRemainingBytes > 0 && link.pieceBytes == 0 && !isHoldingPayload) {
        pull(link);
        done++;
      }
      done += isHoldingReads ? 0 : give(link);
      unsentBytesPeak = Math.max(unsentBytesPeak, port.unsentBytes(link.number));
      if (link.leaving && link.reads.isEmpty()) {
        link.leaving = false;
        port.close(link.number, "left");
        done++;
      }
    }
    return done;
  }

  private boolean isZero(long offsetBytes, int lengthBytes) {
    for (int index = 0; index < lengthBytes; index++) {
      if (byteAt(offsetBytes + index) != 0) {
        return false;
      }
    }
    return true;
  }

  private void tellStatus(int connection, int flags, long cookie, long offset, long length) {
    extents.clear();
    long at = offset;
    while (at < offset + length) {
      int step = (int) Math.min(PIECE_BYTES, offset + length - at);
      extents.add(step, isZero(at, step));
      at += step;
    }
    if ((flags & HostFlags.FIRST_ONLY) != 0) {
      extents.keepFirst();
    }
    port.blockStatus(connection, cookie, extents);
  }

  private int give(Link link) {
    int done = 0;
    while (!link.reads.isEmpty() && port.isWritable(link.number)) {
      Read read = link.reads.peek();
      if (!read.begun) {
        read.begun = true;
        port.beginData(link.number, read.cookie, read.offsetBytes, read.lengthBytes);
        if (read.oneExtent) {
          port.dataExtent(link.number, read.lengthBytes);
        }
      }
      int step = (int) Math.min(PIECE_BYTES, read.remainingBytes);
      if (isFailingReads) {
        port.failData(link.number, HostStatus.IO_ERROR);
        step = (int) read.remainingBytes;
      } else if (!read.oneExtent && isZero(read.offsetBytes, step)) {
        port.zeroExtent(link.number, step);
      } else {
        if (!read.oneExtent) {
          port.dataExtent(link.number, step);
        }
        port.data(link.number, disk.address() + read.offsetBytes, step);
      }
      isFailingReads = isFailingSecondPieces && !isFailingReads;
      read.offsetBytes += step;
      read.remainingBytes -= step;
      if (read.remainingBytes == 0) {
        link.reads.remove();
      }
      done++;
    }
    if (!link.reads.isEmpty()) {
      readCountRefused++;
    }
    return done;
  }

  byte byteAt(long offsetBytes) {
    return Memory.getByte(disk.address() + offsetBytes);
  }
}
