package farside.driver.drive;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import farside.director.MachineCheck;
import farside.driver.netty.DiskIo;
import farside.driver.netty.RoundFlush;
import farside.driver.posix.Posix;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A drive whose bytes are reached through an open descriptor, be it of a file or of a disk.
///
/// A transfer that the kernel cut short is continued where it stopped, and one that was
/// interrupted is asked again: the disk adapter sees whole requests only. A flush is
/// `fdatasync`. When one fails, the kernel has forgotten which blocks it could not write:
/// everything written since the last good flush must be written again before the next flush
/// means anything.
///
/// Opened by the launcher, used on the processor's thread, closed when that thread has ended.
public final class OpenDrive implements DrivePort, RoundFlush {
  /// Requests in flight at most.
  public static final int QUEUE_DEPTH = 32;

  /// Makes the requests' way to an open descriptor.
  public interface IoFactory {
    DiskIo over(int fd, DiskIo.Answers answers);
  }

  // An interrupted request is asked again; one that is turned away this often in a row is a
  // broken drive, not a busy one.
  private static final int ATTEMPT_MAX = 1_000;

  private static final int ZEROES_BYTES = 256 * 1024;
  private static final int ZEROES_ALIGN_BYTES = 4096;

  private enum Kind {
    READ,
    WRITE,
    WRITE_THROUGH,
    ZERO,
    FLUSH
  }

  /// A request in flight. One per slot, used again and again.
  private static final class Request {
    final MemorySegment iovec;
    Kind kind = Kind.FLUSH;
    long tag;
    long offsetBytes;
    long lengthBytes;
    long doneBytes;
    int pieceIndex;
    int pieceCount;
    int attemptCount;
    int zeroWay;
    DriveOutcome outcome = DriveOutcome.DONE;
    long firstBadByte;

    Request(MemorySegment iovec) {
      this.iovec = iovec;
    }
  }

  private final DriveFacts facts;
  private final Runnable release;
  private final Arena memory = Arena.ofShared();
  /// What is written where the kernel cannot zero by itself; null until then.
  private MemorySegment zeroes;
  private final Request[] requests = new Request[QUEUE_DEPTH];
  private final int[] freeSlots = new int[QUEUE_DEPTH];
  private final int[] completedSlots = new int[QUEUE_DEPTH];
  private final DiskIo io;
  private int freeCount;
  private int completedIndex;
  private int completedCount;
  private int zeroWay;
  private String lastError = "";
  private boolean closed;

  /// @param fd open for reading and writing, and owned exclusively
  /// @param release gives the descriptor up
  public OpenDrive(DriveFacts facts, int fd, Runnable release, IoFactory ioFactory) {
    this.facts = facts;
    this.release = release;
    for (int slot = 0; slot < QUEUE_DEPTH; slot++) {
      requests[slot] = new Request(
          memory.allocate((long) IoVector.PIECES_MAX * Posix.IOVEC_BYTES, Posix.IOVEC_BYTES));
      freeSlots[slot] = QUEUE_DEPTH - 1 - slot;
    }
    freeCount = QUEUE_DEPTH;
    io = ioFactory.over(fd, this::onAnswer);
  }

  @Override
  public String name() {
    return facts.name();
  }

  @Override
  public String identity() {
    return facts.identity();
  }

  @Override
  public long sizeBytes() {
    return facts.sizeBytes();
  }

  @Override
  public int blockBytes() {
    return facts.blockBytes();
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    return facts.firstDataBytes() >= offsetBytes;
  }

  @Override
  public void tellZeroes(ZeroSink sink) {
    facts.zeroes().forEach(extent -> sink.onZeroes(extent.fromBytes(), extent.toBytes()));
  }

  @Override
  public boolean mayBeLabelled() {
    return facts.mayBeLabelled();
  }

  @Override
  public int queueDepth() {
    return QUEUE_DEPTH;
  }

  /// What the kernel said of the last request that failed, for people; empty if none did.
  public String lastError() {
    return lastError;
  }

  /// Takes in what has come back; true if the kernel has no request of this drive any more.
  /// What has come back may still wait to be drained.
  public boolean isQuiet() {
    io.poll();
    io.flushRound();
    return isNothingUnderWay();
  }

  private boolean isNothingUnderWay() {
    return freeCount + completedCount == QUEUE_DEPTH;
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    checkExtent(offsetBytes, lengthBytes);
    checkMemory(address, lengthBytes);
    int slot = begin(Kind.READ, offsetBytes, lengthBytes, tag);
    setPiece(requests[slot], 0, address, lengthBytes);
    requests[slot].pieceCount = 1;
    issue(slot);
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    submitPieces(Kind.READ, offsetBytes, target, tag);
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    submitPieces(Kind.WRITE, offsetBytes, source, tag);
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    submitPieces(Kind.WRITE_THROUGH, offsetBytes, source, tag);
  }

  private void submitPieces(Kind kind, long offsetBytes, IoVector pieces, long tag) {
    checkExtent(offsetBytes, pieces.totalBytes());
    for (int index = 0; index < pieces.count(); index++) {
      checkMemory(pieces.address(index), pieces.lengthBytes(index));
    }
    int slot = begin(kind, offsetBytes, pieces.totalBytes(), tag);
    Request request = requests[slot];
    for (int index = 0; index < pieces.count(); index++) {
      setPiece(request, index, pieces.address(index), pieces.lengthBytes(index));
    }
    request.pieceCount = pieces.count();
    issue(slot);
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    checkExtent(offsetBytes, lengthBytes);
    int slot = begin(Kind.ZERO, offsetBytes, lengthBytes, tag);
    requests[slot].zeroWay = zeroWay;
    issue(slot);
  }

  @Override
  public void submitFlush(long tag) {
    issue(begin(Kind.FLUSH, 0, 0, tag));
  }

  private void checkExtent(long offsetBytes, long lengthBytes) {
    boolean inside =
        offsetBytes >= 0 && lengthBytes > 0 && lengthBytes <= facts.sizeBytes() - offsetBytes;
    if (!inside || offsetBytes % facts.blockBytes() != 0 || lengthBytes % facts.blockBytes() != 0) {
      throw new MachineCheck("drive " + facts.name() + ": " + lengthBytes + " bytes at byte "
          + offsetBytes + " are not whole blocks of " + facts.blockBytes() + " bytes within "
          + facts.sizeBytes());
    }
  }

  private void checkMemory(long address, int lengthBytes) {
    if (address % facts.memoryAlignBytes() != 0 || lengthBytes % facts.lengthAlignBytes() != 0) {
      throw new MachineCheck("drive " + facts.name() + ": direct I/O needs memory aligned to "
          + facts.memoryAlignBytes() + " and pieces of a multiple of " + facts.lengthAlignBytes()
          + " bytes, not "
          + lengthBytes + " bytes at address " + Long.toHexString(address));
    }
  }

  private int begin(Kind kind, long offsetBytes, long lengthBytes, long tag) {
    if (closed || freeCount == 0) {
      throw new MachineCheck("drive " + facts.name() + ": "
          + (closed
              ? "used after it was closed"
              : "more than " + QUEUE_DEPTH + " requests in flight"));
    }
    int slot = freeSlots[--freeCount];
    Request request = requests[slot];
    request.kind = kind;
    request.tag = tag;
    request.offsetBytes = offsetBytes;
    request.lengthBytes = lengthBytes;
    request.doneBytes = 0;
    request.pieceIndex = 0;
    request.pieceCount = 0;
    request.attemptCount = 0;
    return slot;
  }

  private static void setPiece(Request request, int index, long address, long lengthBytes) {
    request.iovec.setAtIndex(JAVA_LONG, index * 2L, address);
    request.iovec.setAtIndex(JAVA_LONG, index * 2L + 1, lengthBytes);
  }

  /// Asks the kernel for what is left of a request.
  private void issue(int slot) {
    Request request = requests[slot];
    long atBytes = request.offsetBytes + request.doneBytes;
    long leftBytes = request.lengthBytes - request.doneBytes;
    switch (request.kind) {
      case READ, WRITE, WRITE_THROUGH -> issuePieces(slot, request, atBytes, (int) leftBytes);
      case ZERO -> {
        if (isZeroedByKernel(request)) {
          int mode = facts.zeroModes().get(request.zeroWay);
          io.allocate(slot, mode, request.offsetBytes, request.lengthBytes);
        } else {
          io.write(slot, atBytes, zeroes().address(), (int) Math.min(leftBytes, ZEROES_BYTES));
        }
      }
      case FLUSH -> io.syncData(slot);
    }
  }

  private void issuePieces(int slot, Request request, long atBytes, int leftBytes) {
    long iovecOffset = (long) request.pieceIndex * Posix.IOVEC_BYTES;
    int count = request.pieceCount - request.pieceIndex;
    long address = count == 1
        ? request.iovec.get(JAVA_LONG, iovecOffset)
        : request.iovec.address() + iovecOffset;
    if (request.kind == Kind.WRITE_THROUGH) {
      io.writeVectorThrough(slot, atBytes, request.iovec.address() + iovecOffset, count);
    } else if (request.kind == Kind.READ) {
      if (count == 1) {
        io.read(slot, atBytes, address, leftBytes);
      } else {
        io.readVector(slot, atBytes, address, count);
      }
    } else if (count == 1) {
      io.write(slot, atBytes, address, leftBytes);
    } else {
      io.writeVector(slot, atBytes, address, count);
    }
  }

  private void onAnswer(int slot, int result) {
    Request request = requests[slot];
    if (result == -Posix.EINTR || result == -Posix.EAGAIN) {
      retry(slot, request, result);
      return;
    }
    switch (request.kind) {
      case FLUSH -> finish(slot, request, result);
      case ZERO -> {
        if (!isZeroedByKernel(request)) {
          advance(slot, request, result);
        } else if (isUnsupported(result)) {
          request.zeroWay++;
          zeroWay = Math.max(zeroWay, request.zeroWay);
          issue(slot);
        } else {
          finish(slot, request, result);
        }
      }
      case READ, WRITE, WRITE_THROUGH -> advance(slot, request, result);
    }
  }

  /// False when this drive has shown that it can do none of it: then zeroes are written.
  private boolean isZeroedByKernel(Request request) {
    return request.zeroWay < facts.zeroModes().size();
  }

  private static boolean isUnsupported(int result) {
    return result == -Posix.EOPNOTSUPP || result == -Posix.ENOSYS;
  }

  private void retry(int slot, Request request, int result) {
    request.attemptCount++;
    if (request.attemptCount < ATTEMPT_MAX) {
      issue(slot);
    } else {
      finish(slot, request, result);
    }
  }

  /// Counts what a transfer moved, and asks for the rest.
  private void advance(int slot, Request request, int result) {
    if (result < 0) {
      finish(slot, request, result);
      return;
    }
    if (result == 0) {
      // Nothing moved and no error: the file has become shorter than the drive.
      finish(slot, request, -Posix.EIO);
      return;
    }
    // Direct I/O cannot go on in the middle of a block: the begun block is done again.
    int movedBytes = result - result % facts.lengthAlignBytes();
    if (movedBytes == 0) {
      retry(slot, request, -Posix.EIO);
      return;
    }
    request.doneBytes += movedBytes;
    if (request.doneBytes == request.lengthBytes) {
      finish(slot, request, 0);
      return;
    }
    request.attemptCount = 0;
    if (request.kind != Kind.ZERO) {
      skipPieces(request, movedBytes);
    }
    issue(slot);
  }

  private static void skipPieces(Request request, long movedBytes) {
    long leftBytes = movedBytes;
    while (leftBytes > 0) {
      long address = request.iovec.getAtIndex(JAVA_LONG, request.pieceIndex * 2L);
      long lengthBytes = request.iovec.getAtIndex(JAVA_LONG, request.pieceIndex * 2L + 1);
      if (leftBytes < lengthBytes) {
        setPiece(request, request.pieceIndex, address + leftBytes, lengthBytes - leftBytes);
        return;
      }
      leftBytes -= lengthBytes;
      request.pieceIndex++;
    }
  }

  private void finish(int slot, Request request, int result) {
    request.outcome = outcomeOf(result);
    request.firstBadByte = -1;
    if (result < 0) {
      long atBytes = request.offsetBytes + request.doneBytes;
      boolean hasPlace = request.kind == Kind.READ
          || request.kind == Kind.WRITE
          || request.kind == Kind.ZERO && !isZeroedByKernel(request);
      if (hasPlace) {
        request.firstBadByte = atBytes - atBytes % facts.blockBytes();
      }
      lastError =
          request.kind + (hasPlace ? " at byte " + atBytes : "") + ": " + Posix.strerror(result);
    }
    completedSlots[(completedIndex + completedCount) % QUEUE_DEPTH] = slot;
    completedCount++;
  }

  private static DriveOutcome outcomeOf(int result) {
    return switch (-result) {
      case 0 -> DriveOutcome.DONE;
      // A file says EIO. A disk that names the place of the fault says ENODATA for what it cannot
      // read or write there, and EILSEQ for a block whose own checksum is wrong.
      case Posix.EIO, Posix.ENODATA, Posix.EILSEQ -> DriveOutcome.MEDIUM_ERROR;
      case Posix.ENOSPC, Posix.EDQUOT, Posix.EFBIG -> DriveOutcome.NO_SPACE;
      default -> DriveOutcome.GONE;
    };
  }

  @Override
  public int drain(DriveSink sink, int limit) {
    io.poll();
    int count = 0;
    while (count < limit && completedCount > 0) {
      int slot = completedSlots[completedIndex];
      completedIndex = (completedIndex + 1) % QUEUE_DEPTH;
      completedCount--;
      Request request = requests[slot];
      long tag = request.tag;
      DriveOutcome outcome = request.outcome;
      long firstBadByte = request.firstBadByte;
      // Freed first: the sink may submit.
      freeSlots[freeCount++] = slot;
      sink.onCompletion(tag, outcome, firstBadByte);
      count++;
    }
    return count;
  }

  @Override
  public void flushRound() {
    io.flushRound();
  }

  private MemorySegment zeroes() {
    if (zeroes == null) {
      zeroes = memory.allocate(ZEROES_BYTES, ZEROES_ALIGN_BYTES);
    }
    return zeroes;
  }

  /// Gives the file up. To be called when the processor has ended, or never was started.
  public void close() {
    if (!closed) {
      closed = true;
      io.close();
      release.run();
      if (isNothingUnderWay()) {
        memory.close();
      }
      // Else a request is still under way (the processor stopped on a machine check): the
      // kernel keeps the file locked and may read this memory until it has returned, so it
      // stays for this process.
    }
  }
}
