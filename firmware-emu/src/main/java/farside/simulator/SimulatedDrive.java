package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.port.Memory;
import farside.volume.DriveLabel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// A drive in memory, with a volatile cache of its own.
///
/// A completed write is in the cache; a flush that was submitted after its completion makes it
/// stable. When power goes, each block since then holds any of its versions. When only the
/// process goes, requests in flight are the drive's: each lands wholly, in part, or not, some
/// of them late, and the next process cannot own the drive before.
///
/// It may be slow, and it may hang: then some or all requests do not return before it is
/// freed, in any order, done or with an error; and what its cache held may be lost without a
/// word, as when the kernel has reset it.
///
/// It looks at the memory of a write twice, at submission and at completion: a real drive
/// fetches it at a moment of its own between the two. A difference fails the run, and so does a
/// request that changes blocks which another in flight changes too. A read that overlaps a
/// change in flight returns noise for those blocks: they may be old, new, or half of each.
final class SimulatedDrive implements DrivePort {
  /// Seen on a real kernel: old requests keep a drive busy for up to 60 ms after `kill -9`.
  static final long OLD_IO_MAX_NS = 60_000_000;

  /// When a hung drive goes on, its requests return within this time.
  static final long FREED_MAX_NS = 50_000_000;

  private final String name;
  private final String who;
  private final int blockBytes;
  private final DriveHabits habits;
  private final VirtualTime time;
  private final Draws draws;
  private final Trace trace;
  private final DriveImage visible;
  private final DriveImage stable;
  private final List<Change> unflushed = new ArrayList<>();
  private final List<Request> inFlight = new ArrayList<>();
  private final ArrayDeque<Request> facts = new ArrayDeque<>();

  /// Requests in flight that return only when the drive is freed.
  private final List<Request> stuck = new ArrayList<>();

  private final LostBlocks lost;

  /// What a read has found, on its way to its memory.
  private byte[] readBuffer = {};

  private Runnable wake = () -> {};
  private long badFromBytes;
  private long badToBytes;
  private long slowNs;

  /// Share of the requests that hang; 0: the drive does not hang.
  private int hangPermille;

  private long stuckRequests;
  private long resets;
  private long life;
  private long changeCount;
  private long firstChangeBytes = Long.MAX_VALUE;
  private long lastOldIoNs;

  /// It carried no label when its owner opened it, and may be given one although it is not known
  /// to be zero.
  private boolean cleared;

  private int oldIoCount;
  private int submittedUndrained;
  private long reads;
  private long writes;
  private long flushes;
  private long throughs;
  private long tornWrites;

  SimulatedDrive(
      String site,
      String name,
      long sizeBytes,
      int blockBytes,
      DriveHabits habits,
      VirtualTime time,
      Draws draws,
      Trace trace) {
    this.name = name;
    this.who = site + "." + name;
    this.blockBytes = blockBytes;
    this.habits = habits;
    this.time = time;
    this.draws = draws;
    this.trace = trace;
    this.visible = new DriveImage(sizeBytes);
    this.stable = new DriveImage(sizeBytes);
    this.lost = new LostBlocks(blockBytes);
    this.lastOldIoNs = time.nowNs();
  }

  /// What it cannot read until it is written anew.
  LostBlocks lost() {
    return lost;
  }

  /// What the last owner left on the drive, before the first start.
  void leave(long offsetBytes, byte[] content) {
    visible.write(offsetBytes, content, 0, content.length);
    stable.write(offsetBytes, content, 0, content.length);
  }

  /// A process owns the drive. Old requests have all landed or been dropped.
  void open(Runnable wakeOwner) {
    require(oldIoCount == 0, () -> who + ": opened while requests of a dead process are in flight");
    wake = wakeOwner;
    cleared = !habits.knownZero() && !carriesLabel();
    if (cleared) {
      wipeLabelArea();
    }
  }

  private boolean carriesLabel() {
    byte[] buffer = new byte[DriveLabel.BYTES];
    boolean found = false;
    for (int copy = 0; copy < 2; copy++) {
      visible.read(DriveLabel.offsetOf(copy, sizeBytes()), buffer, 0, buffer.length);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(buffer.length, Long.BYTES);
        memory.copyFrom(MemorySegment.ofArray(buffer));
        found |= DriveLabel.decode(memory.address()) instanceof DriveLabel.Found.Whole;
      }
    }
    return found;
  }

  /// A disk whose first label was torn is refused, and its operator does what the refusal says.
  private void wipeLabelArea() {
    for (int copy = 0; copy < 2; copy++) {
      long offsetBytes = DriveLabel.offsetOf(copy, sizeBytes());
      leave(offsetBytes, new byte[DriveLabel.BYTES]);
      unflushed.removeIf(change -> change.request.offsetBytes == offsetBytes);
    }
  }

  /// A clean end or a death: from now on nothing of the process reaches the drive but what was
  /// in flight.
  void onProcessDeath() {
    life++;
    facts.clear();
    submittedUndrained = 0;
    for (int i = 0; i < inFlight.size(); i++) {
      Request request = inFlight.get(i);
      if (request.kind == Kind.WRITE || request.kind == Kind.ZERO) {
        orphan(request);
      }
    }
    inFlight.clear();
    stuck.clear();
  }

  /// Power is gone: what was not flushed survives in parts.
  void onPowerLoss() {
    onProcessDeath();
    // What the dead process had in flight is in the drive's hands at most: it counts as
    // unflushed.
    life++;
    oldIoCount = 0;
    loseCache();
    lastOldIoNs = time.nowNs();
  }

  private void loseCache() {
    for (int i = 0; i < unflushed.size(); i++) {
      applyPart(unflushed.get(i), stable);
    }
    unflushed.clear();
    byte[] buffer = new byte[64 * 1024];
    for (long at = 0; at < stable.sizeBytes(); at += buffer.length) {
      int length = (int) Math.min(buffer.length, stable.sizeBytes() - at);
      stable.read(at, buffer, 0, length);
      visible.write(at, buffer, 0, length);
    }
  }

  /// From now on no request that writes to this extent succeeds; each leaves some of its blocks
  /// written.
  void spoil(long fromBytes, long lengthBytes) {
    badFromBytes = fromBytes;
    badToBytes = fromBytes + lengthBytes;
  }

  void mendTracks() {
    badToBytes = badFromBytes;
  }

  /// Nothing is wrong with it any more.
  void mend() {
    mendTracks();
    slowNs = 0;
    free(Long.MAX_VALUE);
  }

  /// From now on each request takes up to this much longer.
  void slowDown(long upToNs) {
    slowNs = upToNs;
  }

  /// From now on some or all requests do not return.
  void hang(int permille) {
    hangPermille = permille;
  }

  /// It goes on.
  ///
  /// @param doubtNs a cabinet that has waited for so long expects that the drive was reset
  void free(long doubtNs) {
    hangPermille = 0;
    if (stuck.isEmpty()) {
      return;
    }
    boolean isReset = stuck.size() == inFlight.size()
        && facts.isEmpty()
        && time.nowNs() - stuck.get(0).submittedNs > doubtNs
        && draws.chance(500);
    List<Request> freed = new ArrayList<>(stuck);
    stuck.clear();
    int[] left = {freed.size()};
    long lifeThen = life;
    for (Request request : freed) {
      boolean fails = draws.chance(300);
      time.after(draws.between(1, FREED_MAX_NS), () -> {
        if (life == lifeThen) {
          request.failed = fails;
          complete(request);
          left[0]--;
          if (isReset && left[0] == 0) {
            resets++;
            loseCache();
          }
        }
      });
    }
  }

  /// True while requests hang.
  boolean isHanging() {
    return !stuck.isEmpty();
  }

  /// Requests that hung.
  long stuckRequests() {
    return stuckRequests;
  }

  /// How often it lost its cache without a word.
  long resets() {
    return resets;
  }

  private boolean isSpoiled(Request request) {
    return badFromBytes < badToBytes
        && request.offsetBytes < badToBytes
        && badFromBytes < request.offsetBytes + request.lengthBytes;
  }

  /// When the last request of a dead process is over.
  long lastOldIoNs() {
    return lastOldIoNs;
  }

  boolean isIdle() {
    return inFlight.isEmpty() && facts.isEmpty();
  }

  /// What it works at, for a message.
  String work() {
    return who + ": in flight " + inFlight + ", not drained " + facts;
  }

  /// What a reader sees.
  DriveImage visible() {
    return visible;
  }

  /// What survives a loss of power for certain.
  DriveImage stable() {
    return stable;
  }

  long reads() {
    return reads;
  }

  long writes() {
    return writes;
  }

  long flushes() {
    return flushes;
  }

  /// Writes that were flushes, too.
  long throughs() {
    return throughs;
  }

  /// Writes of which only a part survived.
  long tornWrites() {
    return tornWrites;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String identity() {
    return "simulated " + who;
  }

  @Override
  public long sizeBytes() {
    return visible.sizeBytes();
  }

  @Override
  public int blockBytes() {
    return blockBytes;
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    return habits.knownZero() && firstChangeBytes >= offsetBytes;
  }

  @Override
  public boolean mayBeLabelled() {
    return cleared;
  }

  @Override
  public void tellZeroes(ZeroSink sink) {
    if (habits.knownZero()) {
      visible.tellHoles(sink);
    }
  }

  @Override
  public int queueDepth() {
    return habits.queueDepth();
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    submitRead(offsetBytes, new IoVector().add(address, lengthBytes), tag);
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    Request request = new Request(Kind.READ, offsetBytes, target.totalBytes(), tag);
    request.setPieces(target);
    if (habits.scribbles()) {
      byte noise = (byte) draws.nextLong();
      for (int i = 0; i < target.count(); i++) {
        Memory.at(target.address(i), target.lengthBytes(i)).fill(noise);
      }
    }
    reads++;
    submit(request, latencyNs());
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    submit(changeOf(Kind.WRITE, offsetBytes, source, tag), latencyNs());
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    checkNoFlushInFlight();
    throughs++;
    submit(
        changeOf(Kind.WRITE_THROUGH, offsetBytes, source, tag),
        latencyNs() + draws.between(habits.flushMinNs(), habits.flushMaxNs()));
  }

  private Request changeOf(Kind kind, long offsetBytes, IoVector source, long tag) {
    Request request = new Request(kind, offsetBytes, source.totalBytes(), tag);
    request.setPieces(source);
    request.data = new byte[source.totalBytes()];
    int at = 0;
    for (int i = 0; i < source.count(); i++) {
      MemorySegment.copy(
          Memory.at(source.address(i), source.lengthBytes(i)),
          0,
          MemorySegment.ofArray(request.data),
          at,
          source.lengthBytes(i));
      at += source.lengthBytes(i);
    }
    writes++;
    return request;
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    Request request = new Request(Kind.ZERO, offsetBytes, lengthBytes, tag);
    writes++;
    submit(request, latencyNs());
  }

  @Override
  public void submitFlush(long tag) {
    Request request = new Request(Kind.FLUSH, 0, 0, tag);
    checkNoFlushInFlight();
    request.changesBefore = changeCount;
    flushes++;
    submit(request, draws.between(habits.flushMinNs(), habits.flushMaxNs()));
  }

  private void checkNoFlushInFlight() {
    for (int i = 0; i < inFlight.size(); i++) {
      require(
          !inFlight.get(i).isFlush(),
          () -> who + ": a flush while another is in flight: one would hide the other's failure");
    }
  }

  @Override
  public int drain(DriveSink sink, int limit) {
    int drained = 0;
    while (drained < limit && !facts.isEmpty()) {
      Request request = facts.removeFirst();
      submittedUndrained--;
      drained++;
      sink.onCompletion(
          request.tag,
          request.failed ? DriveOutcome.MEDIUM_ERROR : DriveOutcome.DONE,
          request.failed ? request.firstBadByte : -1);
    }
    return drained;
  }

  private void submit(Request request, long latencyNs) {
    if (request.kind != Kind.FLUSH) {
      require(
          request.offsetBytes >= 0
              && request.lengthBytes > 0
              && request.offsetBytes % blockBytes == 0
              && request.lengthBytes % blockBytes == 0
              && request.offsetBytes + request.lengthBytes <= sizeBytes(),
          () -> who + ": " + request + " is not whole blocks of the drive");
      for (int i = 0; i < inFlight.size(); i++) {
        meet(request, inFlight.get(i));
      }
    }
    submittedUndrained++;
    require(
        submittedUndrained <= habits.queueDepth(),
        () -> who + ": " + submittedUndrained + " requests in flight, but the queue depth is "
            + habits.queueDepth());
    inFlight.add(request);
    request.submittedNs = time.nowNs();
    trace.stir(request.offsetBytes ^ request.kind.ordinal(), request.lengthBytes);
    long lifeThen = life;
    long moreNs = slowNs == 0 ? 0 : draws.between(0, slowNs);
    time.after(latencyNs + moreNs, () -> {
      if (life == lifeThen) {
        completeUnlessItHangs(request);
      }
    });
  }

  private void completeUnlessItHangs(Request request) {
    if (hangPermille > 0 && draws.chance(hangPermille)) {
      stuck.add(request);
      stuckRequests++;
    } else {
      complete(request);
    }
  }

  private void meet(Request request, Request earlier) {
    if (!request.overlaps(earlier) || (request.kind == Kind.READ && earlier.kind == Kind.READ)) {
      return;
    }
    if (request.kind == Kind.READ) {
      request.disturb(earlier);
    } else if (earlier.kind == Kind.READ) {
      earlier.disturb(request);
    } else {
      throw new SimulationFailure(who + ": " + request + " overlaps " + earlier);
    }
  }

  private long latencyNs() {
    long latencyNs = draws.between(habits.latencyMinNs(), habits.latencyMaxNs());
    return draws.chance(10) ? latencyNs * 10 : latencyNs;
  }

  private void complete(Request request) {
    switch (request.kind) {
      case READ -> {
        int lengthBytes = (int) request.lengthBytes;
        if (readBuffer.length < lengthBytes) {
          readBuffer = new byte[lengthBytes];
        }
        visible.read(request.offsetBytes, readBuffer, 0, lengthBytes);
        for (int i = 0; request.disturbed != null && i < lengthBytes; i += blockBytes) {
          if (request.disturbed[i / blockBytes]) {
            draws.fill(readBuffer, i, i + 8);
          }
        }
        failIfLost(request);
        request.scatter(readBuffer);
      }
      case WRITE -> {
        checkUnchanged(request);
        apply(request);
      }
      case WRITE_THROUGH -> {
        checkUnchanged(request);
        apply(request);
        if (!request.failed) {
          settleLast();
        }
      }
      case ZERO -> apply(request);
      case FLUSH -> {
        if (!request.failed) {
          settle(request.changesBefore);
        }
      }
    }
    inFlight.remove(request);
    facts.add(request);
    trace.stir(request.tag, request.kind.ordinal());
    wake.run();
  }

  /// What the memory holds from the lost block on is anything, and what the drive names is the
  /// block, where the read began, or nothing.
  private void failIfLost(Request request) {
    long firstBad = lost.onRead(request.offsetBytes, request.lengthBytes, time.nowNs());
    if (firstBad < 0) {
      return;
    }
    request.failed = true;
    request.firstBadByte = switch (draws.below(3)) {
      case 0 -> firstBad;
      case 1 -> request.offsetBytes;
      default -> -1;
    };
    for (int i = (int) (firstBad - request.offsetBytes); i < request.lengthBytes; i += blockBytes) {
      draws.fill(readBuffer, i, i + 8);
    }
  }

  private void apply(Request request) {
    request.failed |= isSpoiled(request);
    request.firstBadByte = isSpoiled(request) ? Math.max(badFromBytes, request.offsetBytes) : -1;
    if (!request.failed) {
      lost.onWritten(request.offsetBytes, request.lengthBytes);
    }
    Change change = new Change(++changeCount, request);
    if (request.failed) {
      change = partOf(change);
    }
    change.applyTo(visible);
    unflushed.add(change);
  }

  /// A write-through makes itself stable, and all before it or nothing else.
  private void settleLast() {
    int last = unflushed.size() - 1;
    Change own = unflushed.get(last);
    boolean isOverAnother = false;
    for (int i = 0; i < last; i++) {
      isOverAnother |= own.request.overlaps(unflushed.get(i).request);
    }
    if (isOverAnother || draws.chance(500)) {
      settle(own.number);
    } else {
      own.applyTo(stable);
      unflushed.remove(last);
    }
  }

  private void settle(long changesBefore) {
    int count = 0;
    while (count < unflushed.size() && unflushed.get(count).number <= changesBefore) {
      unflushed.get(count).applyTo(stable);
      count++;
    }
    unflushed.subList(0, count).clear();
  }

  private void checkUnchanged(Request request) {
    MemorySegment then = MemorySegment.ofArray(request.data);
    long at = 0;
    for (int i = 0; i < request.addresses.length; i++) {
      int length = request.lengthsBytes[i];
      long mismatch = MemorySegment.mismatch(
          then, at, at + length, Memory.at(request.addresses[i], length), 0, length);
      if (mismatch != -1) {
        throw new SimulationFailure(
            who + ": memory of " + request + " changed while pinned, at byte " + (at + mismatch));
      }
      at += length;
    }
  }

  /// A request whose process died: the kernel or the drive holds it and does with it what it
  /// likes.
  private void orphan(Request request) {
    if (request.data != null) {
      checkUnchanged(request);
    }
    int fate = draws.below(4);
    if (fate == 0) {
      return;
    }
    Change change = new Change(0, request);
    if (fate == 1) {
      land(change);
      return;
    }
    long delayNs = draws.between(0, OLD_IO_MAX_NS);
    long landsNs = time.nowNs() + delayNs;
    if (landsNs - lastOldIoNs > 0) {
      lastOldIoNs = landsNs;
    }
    oldIoCount++;
    long lifeThen = life;
    time.after(delayNs, () -> {
      if (life == lifeThen) {
        oldIoCount--;
        land(change);
      }
    });
  }

  private void land(Change change) {
    change.number = ++changeCount;
    Change part = draws.chance(500) ? change : partOf(change);
    part.applyTo(visible);
    unflushed.add(part);
  }

  private Change partOf(Change change) {
    tornWrites++;
    Change part = new Change(change.number, change.request);
    part.blocks = drawBlocks((int) (change.request.lengthBytes / blockBytes));
    return part;
  }

  private void applyPart(Change change, DriveImage image) {
    switch (draws.below(3)) {
      case 0 -> change.applyTo(image);
      case 1 -> {
        // Lost as a whole.
      }
      default -> {
        tornWrites++;
        boolean[] drawn = drawBlocks((int) (change.request.lengthBytes / blockBytes));
        if (change.blocks != null) {
          for (int i = 0; i < drawn.length; i++) {
            drawn[i] &= change.blocks[i];
          }
        }
        change.blocks = drawn;
        change.applyTo(image);
      }
    }
  }

  /// Either what came before a cut, or any of the blocks.
  private boolean[] drawBlocks(int count) {
    boolean[] blocks = new boolean[count];
    boolean prefix = draws.chance(500);
    int cut = draws.below(count + 1);
    for (int i = 0; i < count; i++) {
      blocks[i] = prefix ? i < cut : draws.chance(500);
    }
    return blocks;
  }

  private enum Kind {
    READ,
    WRITE,
    WRITE_THROUGH,
    ZERO,
    FLUSH
  }

  private final class Request {
    final Kind kind;
    final long offsetBytes;
    final long lengthBytes;
    final long tag;
    long[] addresses;
    int[] lengthsBytes;

    /// What is to be written; null of any other request.
    byte[] data;

    boolean[] disturbed;
    long changesBefore;
    boolean failed;
    long submittedNs;
    long firstBadByte = -1;

    Request(Kind kind, long offsetBytes, long lengthBytes, long tag) {
      this.kind = kind;
      this.offsetBytes = offsetBytes;
      this.lengthBytes = lengthBytes;
      this.tag = tag;
    }

    void setPieces(IoVector pieces) {
      addresses = new long[pieces.count()];
      lengthsBytes = new int[pieces.count()];
      for (int i = 0; i < addresses.length; i++) {
        addresses[i] = pieces.address(i);
        lengthsBytes[i] = pieces.lengthBytes(i);
      }
    }

    /// What was read goes into its memory.
    void scatter(byte[] data) {
      int at = 0;
      for (int i = 0; i < addresses.length; i++) {
        MemorySegment.copy(
            MemorySegment.ofArray(data),
            at,
            Memory.at(addresses[i], lengthsBytes[i]),
            0,
            lengthsBytes[i]);
        at += lengthsBytes[i];
      }
    }

    boolean isFlush() {
      return kind == Kind.FLUSH || kind == Kind.WRITE_THROUGH;
    }

    boolean overlaps(Request other) {
      return other.kind != Kind.FLUSH
          && offsetBytes < other.offsetBytes + other.lengthBytes
          && other.offsetBytes < offsetBytes + lengthBytes;
    }

    /// The blocks of this read that the other changes have no defined content.
    void disturb(Request change) {
      if (disturbed == null) {
        disturbed = new boolean[(int) (lengthBytes / blockBytes)];
      }
      long from = Math.max(offsetBytes, change.offsetBytes);
      long to = Math.min(offsetBytes + lengthBytes, change.offsetBytes + change.lengthBytes);
      for (long at = from; at < to; at += blockBytes) {
        disturbed[(int) ((at - offsetBytes) / blockBytes)] = true;
      }
    }

    @Override
    public String toString() {
      return kind + " at byte " + offsetBytes + ", " + lengthBytes + " bytes";
    }
  }

  /// A write that the drive's cache holds: all of it, or some blocks.
  private final class Change {
    final Request request;
    long number;
    boolean[] blocks;

    Change(long number, Request request) {
      this.number = number;
      this.request = request;
    }

    void applyTo(DriveImage image) {
      firstChangeBytes = Math.min(firstChangeBytes, request.offsetBytes);
      if (blocks == null) {
        applyTo(image, 0, request.lengthBytes);
        return;
      }
      for (int i = 0; i < blocks.length; i++) {
        if (blocks[i]) {
          applyTo(image, (long) i * blockBytes, blockBytes);
        }
      }
    }

    private void applyTo(DriveImage image, long from, long lengthBytes) {
      if (request.data == null) {
        image.zero(request.offsetBytes + from, lengthBytes);
      } else {
        image.write(request.offsetBytes + from, request.data, (int) from, (int) lengthBytes);
      }
    }
  }
}
