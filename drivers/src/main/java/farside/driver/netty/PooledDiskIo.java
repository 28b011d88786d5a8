package farside.driver.netty;

import farside.driver.posix.Posix;
import farside.port.Memory;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;

/// Disk requests by two threads beside the loop, for transports that cannot carry files. Each
/// drive has two of its own, so one that hangs keeps only its own.
///
/// A hop between threads costs more than the request itself when the disk is fast, so the hops
/// are shared: a round's requests are handed over under one lock with one wake-up, a worker
/// that finds more work than it can do wakes the next, and the loop is woken only if it may be
/// asleep. Writes that wait one behind the other, and lie so on the disk, go to the kernel as
/// one. Where the kernel lets one write at a time into a file, as into every page cache, only one
/// worker writes, and the other is there for the rest: two would wait for the file's lock in
/// turns, awake. And writes that a worker has done are answered together, since nobody waits for
/// one by itself: a loop that is told of each goes round once for each.
final class PooledDiskIo implements DiskIo {
  /// One may be in a long flush while the other reads and writes.
  static final int WORKER_COUNT = 2;

  /// How long the end waits for requests under way: a drive that hangs is not waited for.
  static final long CLOSE_WAIT_MS = 5_000;

  /// What one call writes at most, and of how many pieces.
  static final int RUN_BYTES_MAX = 1024 * 1024;

  static final int RUN_PIECES_MAX = 64;

  /// So many writes are answered together, as long as none of them waits for longer than this.
  private static final int TOGETHER_MAX = 16;

  private static final long TOGETHER_NS_MAX = 500_000;

  private enum Kind {
    READ,
    READ_VECTOR,
    WRITE,
    WRITE_VECTOR,
    WRITE_VECTOR_THROUGH,
    SYNC_DATA,
    ALLOCATE;

    /// True if it may become one with others.
    boolean isWrite() {
      return this == WRITE || this == WRITE_VECTOR;
    }

    boolean isVector() {
      return this == READ_VECTOR || this == WRITE_VECTOR || this == WRITE_VECTOR_THROUGH;
    }
  }

  /// One per slot, used again and again.
  private static final class Request {
    final int slot;
    Kind kind = Kind.READ;
    long offsetBytes;
    long address;

    /// In bytes, or the count of pieces.
    long length;

    int mode;
    int result;

    Request(int slot) {
      this.slot = slot;
    }

    int pieceCount() {
      return kind.isVector() ? (int) length : 1;
    }

    long lengthBytes() {
      if (!kind.isVector()) {
        return length;
      }
      long bytes = 0;
      MemorySegment iovec = Memory.at(address, length * Posix.IOVEC_BYTES);
      for (int piece = 0; piece < length; piece++) {
        bytes += iovec.getAtIndex(ValueLayout.JAVA_LONG, 2L * piece + 1);
      }
      return bytes;
    }

    /// Appends its pieces to an array of them.
    void addPiecesTo(MemorySegment iovec, int fromPiece) {
      if (kind.isVector()) {
        long bytes = length * Posix.IOVEC_BYTES;
        MemorySegment.copy(
            Memory.at(address, bytes), 0, iovec, (long) fromPiece * Posix.IOVEC_BYTES, bytes);
      } else {
        iovec.setAtIndex(ValueLayout.JAVA_LONG, 2L * fromPiece, address);
        iovec.setAtIndex(ValueLayout.JAVA_LONG, 2L * fromPiece + 1, length);
      }
    }
  }

  /// What a worker does next: one request, or writes that follow one another on the disk.
  private static final class Run {
    final List<Request> requests = new ArrayList<>();
    final MemorySegment iovec =
        Arena.ofAuto().allocate((long) RUN_PIECES_MAX * Posix.IOVEC_BYTES, Posix.IOVEC_BYTES);
    int pieceCount;
    long lengthBytes;

    /// It keeps the other worker from writing, till its own next asks for more.
    boolean isOnlyWriter;

    void begin(Request first) {
      requests.clear();
      requests.add(first);
      pieceCount = first.pieceCount();
      lengthBytes = first.lengthBytes();
    }

    /// True if somebody may wait for it.
    boolean isAwaited() {
      return !requests.getFirst().kind.isWrite();
    }

    boolean isFollowedBy(Request next) {
      Request first = requests.getFirst();
      return first.kind.isWrite()
          && next.kind.isWrite()
          && next.offsetBytes == first.offsetBytes + lengthBytes
          && pieceCount + next.pieceCount() <= RUN_PIECES_MAX
          && lengthBytes + next.lengthBytes() <= RUN_BYTES_MAX;
    }

    void add(Request next) {
      requests.add(next);
      pieceCount += next.pieceCount();
      lengthBytes += next.lengthBytes();
    }
  }

  /// Writes that follow one another on the disk, as one.
  @FunctionalInterface
  interface JoinedWrite {
    long write(int fd, long iovecAddress, int count, long offsetBytes);
  }

  private final JoinedWrite joinedWrite;
  private final long closeWaitMs;
  private final boolean isOneWritersFile;
  private final Runnable wake;
  private final int fd;
  private final Answers answers;
  private final Request[] requests;
  private final List<Request> round;
  private final List<Thread> workers = new ArrayList<>(WORKER_COUNT);
  private final ManyToOneConcurrentArrayQueue<Request> answered;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition workToDo = lock.newCondition();
  private final ArrayDeque<Request> waiting;
  private int idleCount;
  private boolean closed;

  /// A worker is at a write that may become one with others, and nobody else is to be.
  private boolean isWriting;

  /// @param isOneWritersFile two writes at once would only be in each other's way
  PooledDiskIo(Runnable wake, int fd, int slotCount, boolean isOneWritersFile, Answers answers) {
    this(wake, fd, slotCount, isOneWritersFile, answers, Posix::pwritev, CLOSE_WAIT_MS);
  }

  PooledDiskIo(
      Runnable wake,
      int fd,
      int slotCount,
      boolean isOneWritersFile,
      Answers answers,
      JoinedWrite joinedWrite,
      long closeWaitMs) {
    this.wake = wake;
    this.isOneWritersFile = isOneWritersFile;
    this.joinedWrite = joinedWrite;
    this.closeWaitMs = closeWaitMs;
    this.fd = fd;
    this.answers = answers;
    requests = new Request[slotCount];
    for (int slot = 0; slot < slotCount; slot++) {
      requests[slot] = new Request(slot);
    }
    round = new ArrayList<>(slotCount);
    waiting = new ArrayDeque<>(slotCount);
    answered = new ManyToOneConcurrentArrayQueue<>(Math.max(2, slotCount));
    for (int index = 0; index < WORKER_COUNT; index++) {
      Thread worker = new FastThreadLocalThread(this::work, "disk-" + fd + "-" + index);
      worker.setDaemon(true);
      workers.add(worker);
      worker.start();
    }
  }

  @Override
  public void read(int slot, long offsetBytes, long address, int lengthBytes) {
    queue(slot, Kind.READ, offsetBytes, address, lengthBytes, 0);
  }

  @Override
  public void readVector(int slot, long offsetBytes, long iovecAddress, int count) {
    queue(slot, Kind.READ_VECTOR, offsetBytes, iovecAddress, count, 0);
  }

  @Override
  public void write(int slot, long offsetBytes, long address, int lengthBytes) {
    queue(slot, Kind.WRITE, offsetBytes, address, lengthBytes, 0);
  }

  @Override
  public void writeVector(int slot, long offsetBytes, long iovecAddress, int count) {
    queue(slot, Kind.WRITE_VECTOR, offsetBytes, iovecAddress, count, 0);
  }

  @Override
  public void writeVectorThrough(int slot, long offsetBytes, long iovecAddress, int count) {
    queue(slot, Kind.WRITE_VECTOR_THROUGH, offsetBytes, iovecAddress, count, Posix.RWF_DSYNC);
  }

  @Override
  public void syncData(int slot) {
    queue(slot, Kind.SYNC_DATA, 0, 0, 0, 0);
  }

  @Override
  public void allocate(int slot, int mode, long offsetBytes, long lengthBytes) {
    queue(slot, Kind.ALLOCATE, offsetBytes, 0, lengthBytes, mode);
  }

  private void queue(int slot, Kind kind, long offsetBytes, long address, long length, int mode) {
    Request request = requests[slot];
    request.kind = kind;
    request.offsetBytes = offsetBytes;
    request.address = address;
    request.length = length;
    request.mode = mode;
    round.add(request);
  }

  @Override
  public void flushRound() {
    if (round.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("disk I/O is closed");
      }
      waiting.addAll(round);
      wakeAnother();
    } finally {
      lock.unlock();
    }
    round.clear();
  }

  private void work() {
    Run run = new Run();
    List<Request> done = new ArrayList<>();
    long firstDoneNs = 0;
    while (true) {
      if (!take(run, false)) {
        answer(done);
        if (!take(run, true)) {
          return;
        }
      }
      if (run.isAwaited()) {
        // It may take long, and they wait no longer.
        answer(done);
      }
      carryOut(run);
      if (done.isEmpty()) {
        firstDoneNs = System.nanoTime();
      }
      done.addAll(run.requests);
      if (run.isAwaited()
          || done.size() >= TOGETHER_MAX
          || System.nanoTime() - firstDoneNs >= TOGETHER_NS_MAX) {
        answer(done);
      }
    }
  }

  private void answer(List<Request> done) {
    if (done.isEmpty()) {
      return;
    }
    for (Request request : done) {
      // There is a place for every slot, so this cannot be refused.
      answered.offer(request);
    }
    done.clear();
    // Waking costs next to nothing while the loop is awake, and must not be skipped because an
    // older answer lies there: the loop may take that one, and fall asleep, before this one is
    // in.
    wake.run();
  }

  /// Fills in what is next. False: there is nothing, or, having waited, there will be nothing.
  private boolean take(Run run, boolean mayWait) {
    lock.lock();
    try {
      if (run.isOnlyWriter) {
        run.isOnlyWriter = false;
        isWriting = false;
      }
      Request first = pollNext();
      while (first == null) {
        if (closed || !mayWait) {
          return false;
        }
        idleCount++;
        workToDo.awaitUninterruptibly();
        idleCount--;
        first = pollNext();
      }
      run.begin(first);
      while (!waiting.isEmpty() && run.isFollowedBy(waiting.peek())) {
        run.add(waiting.poll());
      }
      if (isOneWritersFile && first.kind.isWrite()) {
        run.isOnlyWriter = true;
        isWriting = true;
      }
      wakeAnother();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// The oldest that may be done now, or null.
  private Request pollNext() {
    if (!isWriting) {
      return waiting.poll();
    }
    for (Iterator<Request> all = waiting.iterator(); all.hasNext(); ) {
      Request request = all.next();
      if (!request.kind.isWrite()) {
        all.remove();
        return request;
      }
    }
    return null;
  }

  /// If there is something for it that may be done now.
  private void wakeAnother() {
    if (idleCount > 0 && hasNext()) {
      workToDo.signal();
    }
  }

  private boolean hasNext() {
    if (!isWriting) {
      return !waiting.isEmpty();
    }
    for (Request request : waiting) {
      if (!request.kind.isWrite()) {
        return true;
      }
    }
    return false;
  }

  private void carryOut(Run run) {
    if (run.requests.size() == 1) {
      Request only = run.requests.getFirst();
      only.result = run(only);
      return;
    }
    if (writtenWhole(run)) {
      for (Request request : run.requests) {
        request.result = (int) request.lengthBytes();
      }
      return;
    }
    // Together they failed or came short: each by itself shows which one it was.
    for (Request request : run.requests) {
      request.result = isClosed() ? -Posix.ECANCELED : run(request);
    }
  }

  /// A worker that was stuck in the kernel at the end was not waited for: its descriptor's number
  /// may be another file's by now.
  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private boolean writtenWhole(Run run) {
    int pieces = 0;
    for (Request request : run.requests) {
      request.addPiecesTo(run.iovec, pieces);
      pieces += request.pieceCount();
    }
    long offsetBytes = run.requests.getFirst().offsetBytes;
    return joinedWrite.write(fd, run.iovec.address(), pieces, offsetBytes) == run.lengthBytes;
  }

  private int run(Request request) {
    return switch (request.kind) {
      case READ -> (int) Posix.pread(fd, request.address, request.length, request.offsetBytes);
      case READ_VECTOR ->
        (int) Posix.preadv(fd, request.address, (int) request.length, request.offsetBytes);
      case WRITE -> (int) Posix.pwrite(fd, request.address, request.length, request.offsetBytes);
      case WRITE_VECTOR ->
        (int) Posix.pwritev(fd, request.address, (int) request.length, request.offsetBytes);
      case WRITE_VECTOR_THROUGH ->
        (int) Posix.pwritev2(
            fd, request.address, (int) request.length, request.offsetBytes, request.mode);
      case SYNC_DATA -> Posix.fdatasync(fd);
      case ALLOCATE -> Posix.fallocate(fd, request.mode, request.offsetBytes, request.length);
    };
  }

  @Override
  public void poll() {
    for (Request request = answered.poll(); request != null; request = answered.poll()) {
      answers.onAnswer(request.slot, request.result);
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      workToDo.signalAll();
    } finally {
      lock.unlock();
    }
    // A worker that still writes should not outlive the descriptor it writes to, so no
    // interrupt ends this.
    long giveUpNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(closeWaitMs);
    boolean interrupted = false;
    for (Thread worker : workers) {
      long leftNs = giveUpNs - System.nanoTime();
      while (worker.isAlive() && leftNs > 0) {
        try {
          worker.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(leftNs)));
        } catch (InterruptedException laterTold) {
          interrupted = true;
        }
        leftNs = giveUpNs - System.nanoTime();
      }
    }
    dropWaiting();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// A worker that is stuck in the kernel keeps the file that it works on, though not its
  /// number: when it comes back, it must find nothing more to do under that number.
  private void dropWaiting() {
    lock.lock();
    try {
      waiting.clear();
    } finally {
      lock.unlock();
    }
  }
}
