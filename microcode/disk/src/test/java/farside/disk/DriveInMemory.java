package farside.disk;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// A drive with a volatile cache, whose requests end when, in which order and how the test
/// says.
///
/// Two images are kept: what a read returns, and what would be left after the worst loss of
/// power: only what had been completed when a flush was submitted that has completed since.
final class DriveInMemory implements DrivePort {
  enum Kind {
    READ,
    WRITE,
    WRITE_THROUGH,
    ZERO,
    FLUSH
  }

  /// One request that the drive has not completed.
  static final class Request {
    final Kind kind;
    final long offsetBytes;
    final long lengthBytes;
    private final List<long[]> pieces = new ArrayList<>();
    private final long tag;
    private MemorySegment flushed;

    private Request(Kind kind, long offsetBytes, long lengthBytes, long tag) {
      this.kind = kind;
      this.offsetBytes = offsetBytes;
      this.lengthBytes = lengthBytes;
      this.tag = tag;
    }

    boolean isFlush() {
      return kind == Kind.FLUSH || kind == Kind.WRITE_THROUGH;
    }

    boolean overlaps(Request other) {
      return kind != Kind.FLUSH
          && other.kind != Kind.FLUSH
          && (kind != Kind.READ || other.kind != Kind.READ)
          && offsetBytes < other.offsetBytes + other.lengthBytes
          && other.offsetBytes < offsetBytes + lengthBytes;
    }

    @Override
    public String toString() {
      return kind + " " + offsetBytes + "+" + lengthBytes;
    }
  }

  private record Completion(long tag, DriveOutcome outcome, long firstBadByte) {}

  private final int queueDepth;
  private final List<Request> inFlight = new ArrayList<>();
  private final ArrayDeque<Completion> completions = new ArrayDeque<>();
  private final List<String> log = new ArrayList<>();
  private final boolean knownZero;
  private MemorySegment image;
  private MemorySegment durable;

  boolean mayBeLabelled;
  int blockBytes = 512;

  DriveInMemory(long sizeBytes, int queueDepth, boolean knownZero) {
    this.queueDepth = queueDepth;
    this.knownZero = knownZero;
    image = Arena.ofAuto().allocate(sizeBytes, 4096);
    durable = Arena.ofAuto().allocate(sizeBytes, 4096);
  }

  /// Requests in flight, oldest first.
  List<Request> inFlight() {
    return List.copyOf(inFlight);
  }

  /// Everything ever submitted but label requests, as text.
  List<String> log() {
    return log;
  }

  MemorySegment image() {
    return image;
  }

  MemorySegment durable() {
    return durable;
  }

  void complete(Request request, DriveOutcome outcome) {
    complete(request, outcome, -1);
  }

  void complete(Request request, DriveOutcome outcome, long firstBadByte) {
    inFlight.remove(request);
    if (outcome == DriveOutcome.DONE) {
      carryOut(request);
    } else if (request.isFlush()) {
      // The worst that a failed flush may mean: what the cache held is gone.
      image = copyOf(durable);
    }
    completions.add(new Completion(request.tag, outcome, firstBadByte));
  }

  void completeAll() {
    for (Request request : inFlight()) {
      complete(request, DriveOutcome.DONE);
    }
  }

  /// It says that it has done what it has not.
  void completeDoingNothing(Request request) {
    inFlight.remove(request);
    completions.add(new Completion(request.tag, DriveOutcome.DONE, -1));
  }

  /// As when somebody has reset it.
  void loseCache() {
    image = copyOf(durable);
  }

  private void carryOut(Request request) {
    long at = request.offsetBytes;
    switch (request.kind) {
      case READ -> {
        for (long[] piece : request.pieces) {
          Memory.copy(image.address() + at, piece[0], piece[1]);
          at += piece[1];
        }
      }
      case ZERO -> Memory.zero(image.address() + at, request.lengthBytes);
      case FLUSH -> durable = request.flushed;
      case WRITE -> write(request, image);
      case WRITE_THROUGH -> {
        write(request, image);
        write(request, durable);
      }
    }
  }

  private static void write(Request request, MemorySegment to) {
    long at = request.offsetBytes;
    for (long[] piece : request.pieces) {
      Memory.copy(piece[0], to.address() + at, piece[1]);
      at += piece[1];
    }
  }

  private static MemorySegment copyOf(MemorySegment from) {
    return Arena.ofAuto().allocate(from.byteSize(), 4096).copyFrom(from);
  }

  private Request add(Kind kind, long offsetBytes, long lengthBytes, long tag) {
    Request request = new Request(kind, offsetBytes, lengthBytes, tag);
    if (offsetBytes % blockBytes != 0 || lengthBytes % blockBytes != 0) {
      throw new AssertionError(request + " is not whole blocks of " + blockBytes);
    }
    for (Request other : inFlight) {
      if (request.overlaps(other) && kind != Kind.READ && other.kind != Kind.READ) {
        throw new AssertionError(request + " overlaps " + other + ", which is in flight");
      }
    }
    if (request.isFlush() && inFlight.stream().anyMatch(Request::isFlush)) {
      throw new AssertionError("two flushes in flight: one would hide the other's failure");
    }
    inFlight.add(request);
    if (inFlight.size() + completions.size() > queueDepth) {
      throw new AssertionError("more than " + queueDepth + " requests in flight: " + inFlight);
    }
    if (offsetBytes < sizeBytes() - farside.volume.DriveLabel.RESERVED_BYTES) {
      log.add(request.toString());
    }
    return request;
  }

  @Override
  public String name() {
    return "D1";
  }

  @Override
  public String identity() {
    return "memory";
  }

  @Override
  public long sizeBytes() {
    return image.byteSize();
  }

  @Override
  public int blockBytes() {
    return blockBytes;
  }

  @Override
  public boolean mayBeLabelled() {
    return mayBeLabelled;
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    return knownZero;
  }

  @Override
  public void tellZeroes(ZeroSink sink) {
    if (knownZero) {
      sink.onZeroes(0, sizeBytes());
    }
  }

  @Override
  public int queueDepth() {
    return queueDepth;
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    add(Kind.READ, offsetBytes, lengthBytes, tag).pieces.add(new long[] {address, lengthBytes});
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    addPieces(add(Kind.READ, offsetBytes, target.totalBytes(), tag), target);
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    addPieces(add(Kind.WRITE, offsetBytes, source.totalBytes(), tag), source);
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    addPieces(add(Kind.WRITE_THROUGH, offsetBytes, source.totalBytes(), tag), source);
  }

  private static void addPieces(Request request, IoVector pieces) {
    for (int i = 0; i < pieces.count(); i++) {
      request.pieces.add(new long[] {pieces.address(i), pieces.lengthBytes(i)});
    }
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    add(Kind.ZERO, offsetBytes, lengthBytes, tag);
  }

  @Override
  public void submitFlush(long tag) {
    add(Kind.FLUSH, 0, 0, tag).flushed = copyOf(image);
  }

  @Override
  public int drain(DriveSink sink, int limit) {
    int done = 0;
    while (done < limit && !completions.isEmpty()) {
      Completion completion = completions.poll();
      sink.onCompletion(completion.tag(), completion.outcome(), completion.firstBadByte());
      done++;
    }
    return done;
  }
}
