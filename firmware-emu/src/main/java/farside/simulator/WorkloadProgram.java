package farside.simulator;

import farside.port.HostCommand;
import farside.port.HostFlags;

/// A program on a host that reads and writes at random, for ever: it connects, keeps some
/// requests open, now and then goes away in the middle, and comes back. It may lose its patience
/// with an answer: then it drops its connection and asks the same again on the next. Or one that
/// does the
/// same and reads in order, from somewhere to the volume's end, again and again.
final class WorkloadProgram implements HostProgram {
  private static final int BLOCK_BYTES = 512;
  private static final int LARGE_BYTES = 128 * 1024;
  private static final long RETRY_MAX_NS = 100_000_000;

  /// Of reads in order: how many begin elsewhere, and how many overtake the one before.
  private static final int ELSEWHERE_PERMILLE = 10;

  private static final int OVERTAKING_PERMILLE = 50;

  /// Share of READ among what only looks; the others are BLOCK_STATUS and CACHE.
  private static final int READ_PERMILLE = 930;

  /// Share of programs that flush after each write, where hosts flush at all.
  private static final int LOGS_PERMILLE = 250;

  /// Both at once must be refused.
  private static final int NEVER_FAST = HostFlags.KEEP_ROOM | HostFlags.FAST_ONLY;

  private final SimulatedHost head;
  private final String volumeName;
  private final long sizeBytes;
  private final boolean readOnly;
  private final VirtualTime time;
  private final Draws draws;
  private final HostHabits habits;
  private final RequestMix mix;
  private final int depth;
  private final long nsPerByte;

  /// It keeps a log, say: a FLUSH follows each of its writes.
  private final boolean flushesEachWrite;

  private boolean flushIsNext;

  /// How long a read in order is; 0: it reads and writes at random.
  private final int inOrderBytes;

  private HostConnection connection;
  private boolean running;
  private boolean retrying;
  private boolean issuing;
  private int open;
  private long lastCookie;
  private long sequentialBytes;

  /// Where the read in order begins that was overtaken; -1: none was.
  private long overtakenBytes = -1;

  private long answered;

  /// What was not answered in time and is asked again; null if there is none.
  private HostRequest unanswered;

  private long retries;

  /// @param readOnly the volume is a target where this host sits: it mostly reads, and what it
  /// tries to write must
  ///     be refused
  WorkloadProgram(
      SimulatedHost head,
      String volumeName,
      long sizeBytes,
      boolean readOnly,
      VirtualTime time,
      Draws draws) {
    this(head, volumeName, sizeBytes, readOnly, 0, time, draws);
  }

  static WorkloadProgram inOrder(
      SimulatedHost head, String volumeName, long sizeBytes, VirtualTime time, Draws draws) {
    int bytes = (int) draws.skewed(4096, LARGE_BYTES) / BLOCK_BYTES * BLOCK_BYTES;
    return new WorkloadProgram(head, volumeName, sizeBytes, true, bytes, time, draws);
  }

  private WorkloadProgram(
      SimulatedHost head,
      String volumeName,
      long sizeBytes,
      boolean readOnly,
      int inOrderBytes,
      VirtualTime time,
      Draws draws) {
    this.head = head;
    this.volumeName = volumeName;
    this.sizeBytes = sizeBytes;
    this.readOnly = readOnly;
    this.time = time;
    this.draws = draws;
    this.habits = head.habits();
    this.mix = habits.mix();
    this.depth = (int) draws.between(1, habits.depthMax());
    long slownessNs = draws.chance(habits.slowPermille()) ? draws.skewed(10, 3000) : 0;
    this.nsPerByte = habits.may(HostTrait.IS_SLOW) ? slownessNs : 0;
    this.inOrderBytes = inOrderBytes;
    this.flushesEachWrite = mix.flushPermille() > 0 && draws.chance(LOGS_PERMILLE);
  }

  void start() {
    running = true;
    connectLater();
    issueLater();
  }

  /// Nothing more is asked; what is open is still answered.
  void stop() {
    running = false;
  }

  String volumeName() {
    return volumeName;
  }

  String site() {
    return head.site();
  }

  boolean isQuiet() {
    return open == 0;
  }

  long answered() {
    return answered;
  }

  /// Requests that it asked again, since no answer came in time.
  long retries() {
    return retries;
  }

  /// The request that has waited longest for its answer, null if none is open or the host
  /// itself is slow.
  HostRequest longestWaiting() {
    if (connection == null || nsPerByte > 0) {
      return null;
    }
    HostRequest oldest = null;
    for (HostRequest request : connection.openRequests()) {
      if (oldest == null || request.sentNs - oldest.sentNs < 0) {
        oldest = request;
      }
    }
    return oldest;
  }

  @Override
  public void onAnswer(HostConnection from, HostRequest request) {
    if (from == connection) {
      open--;
      answered++;
      issueLater();
    }
  }

  @Override
  public void onGone(HostConnection gone) {
    if (gone == connection) {
      connection = null;
      open = 0;
      connectLater();
    }
  }

  @Override
  public long nsPerByte() {
    return nsPerByte;
  }

  private void connectLater() {
    if (!running || retrying) {
      return;
    }
    retrying = true;
    time.after(draws.between(1_000_000, RETRY_MAX_NS), () -> {
      retrying = false;
      if (running && connection == null) {
        connection = head.connect(this, volumeName);
        if (connection == null) {
          connectLater();
        } else {
          issueLater();
        }
      }
    });
  }

  private void issueLater() {
    if (!running || issuing || connection == null) {
      return;
    }
    issuing = true;
    time.after(draws.between(1000, head.pace().thinkMaxNs(habits.thinkMaxNs())), () -> {
      issuing = false;
      if (running && connection != null && open < depth) {
        int count = 1 + draws.below(depth - open);
        for (int i = 0; i < count && connection != null; i++) {
          issue();
        }
        issueLater();
      }
    });
  }

  private void issue() {
    HostRequest request =
        unanswered != null ? again(unanswered) : inOrderBytes == 0 ? draw() : nextInOrder();
    unanswered = null;
    if (isKeptBack(request)) {
      return;
    }
    open++;
    connection.send(request);
    if (habits.patienceNs() > 0 && habits.may(HostTrait.IS_IMPATIENT)) {
      HostConnection asked = connection;
      time.after(habits.patienceNs(), () -> {
        if (running && asked == connection && asked.openRequests().contains(request)) {
          unanswered = request;
          asked.vanish();
        }
      });
    }
    if (draws.chance(habits.vanishPermille()) && habits.may(HostTrait.VANISHES)) {
      HostConnection leaving = connection;
      if (draws.chance(500)) {
        leaving.leave();
        connection = null;
        open = 0;
        connectLater();
      } else {
        time.after(draws.between(1, 500_000), leaving::vanish);
      }
    }
  }

  /// It was drawn, so that those that come later are as they would be with it.
  private boolean isKeptBack(HostRequest request) {
    return head.pace().isSilent()
        || open > 0 && !habits.may(HostTrait.HAS_MANY_OPEN)
        || inOrderBytes == 0 && !habits.mayAsk(request, sizeBytes);
  }

  private HostRequest again(HostRequest earlier) {
    retries++;
    return new HostRequest(
        earlier.command,
        earlier.flags,
        ++lastCookie,
        earlier.offsetBytes,
        earlier.lengthBytes,
        earlier.wellFormed,
        time.nowNs());
  }

  private HostRequest draw() {
    HostCommand command = drawCommand();
    int lengthBytes = drawLengthBytes();
    long offsetBytes = drawOffsetBytes(lengthBytes);
    boolean wellFormed = true;
    if (command == HostCommand.FLUSH) {
      return new HostRequest(command, 0, ++lastCookie, 0, 0, true, time.nowNs());
    }
    if (draws.chance(mix.badPermille())) {
      offsetBytes = sizeBytes - lengthBytes + draws.between(1, 1_000_000);
      wellFormed = false;
    }
    int flags = drawFlags(command);
    if ((flags & NEVER_FAST) == NEVER_FAST) {
      wellFormed = false;
    }
    boolean changes = command == HostCommand.WRITE
        || command == HostCommand.TRIM
        || command == HostCommand.WRITE_ZEROES;
    return new HostRequest(
        command,
        flags,
        ++lastCookie,
        offsetBytes,
        lengthBytes,
        wellFormed && !(changes && readOnly),
        time.nowNs());
  }

  private HostRequest nextInOrder() {
    long offsetBytes = overtakenBytes;
    overtakenBytes = -1;
    if (offsetBytes < 0) {
      if (sequentialBytes >= sizeBytes || draws.chance(ELSEWHERE_PERMILLE)) {
        sequentialBytes = draws.chance(500) ? 0 : draws.between(0, sizeBytes / 4096 - 1) * 4096;
      }
      if (sequentialBytes + inOrderBytes < sizeBytes && draws.chance(OVERTAKING_PERMILLE)) {
        overtakenBytes = sequentialBytes;
        sequentialBytes += inOrderBytes;
      }
      offsetBytes = sequentialBytes;
      sequentialBytes += inOrderBytes;
    }
    int lengthBytes = (int) Math.min(inOrderBytes, sizeBytes - offsetBytes);
    return new HostRequest(
        HostCommand.READ, 0, ++lastCookie, offsetBytes, lengthBytes, true, time.nowNs());
  }

  private int drawFlags(HostCommand command) {
    return switch (command) {
      case READ -> draws.chance(200) ? HostFlags.ONE_EXTENT : 0;
      case BLOCK_STATUS -> draws.chance(300) ? HostFlags.FIRST_ONLY : 0;
      case WRITE, TRIM ->
        draws.chance(mix.forceUnitAccessPermille()) ? HostFlags.FORCE_UNIT_ACCESS : 0;
      case WRITE_ZEROES ->
        (draws.chance(mix.forceUnitAccessPermille()) ? HostFlags.FORCE_UNIT_ACCESS : 0)
            | (draws.chance(300) ? HostFlags.KEEP_ROOM : 0)
            | (draws.chance(300) ? HostFlags.FAST_ONLY : 0);
      case FLUSH, CACHE -> 0;
    };
  }

  private HostCommand drawCommand() {
    if (flushIsNext) {
      flushIsNext = false;
      return HostCommand.FLUSH;
    }
    int draw = draws.below(1000);
    int reads = readOnly ? 980 : mix.readPermille();
    if (draw < reads) {
      return draws.chance(READ_PERMILLE)
          ? HostCommand.READ
          : draws.chance(800) ? HostCommand.BLOCK_STATUS : HostCommand.CACHE;
    }
    int other = draws.below(1000);
    if (other < mix.flushPermille()) {
      return HostCommand.FLUSH;
    }
    if (other < mix.flushPermille() + mix.trimPermille()) {
      return HostCommand.TRIM;
    }
    if (other < mix.flushPermille() + 2 * mix.trimPermille()) {
      return HostCommand.WRITE_ZEROES;
    }
    flushIsNext = flushesEachWrite;
    return HostCommand.WRITE;
  }

  private int drawLengthBytes() {
    if (draws.chance(mix.largePermille())) {
      int length = (int) draws.skewed(8192, LARGE_BYTES);
      return draws.chance(mix.unalignedPermille()) ? length : length / BLOCK_BYTES * BLOCK_BYTES;
    }
    if (draws.chance(mix.unalignedPermille())) {
      return (int) draws.skewed(1, 8191);
    }
    return draws.chance(500) ? 4096 : BLOCK_BYTES * (1 + draws.below(16));
  }

  private long drawOffsetBytes(int lengthBytes) {
    long room = sizeBytes - lengthBytes;
    long offsetBytes;
    if (draws.chance(mix.hotPermille())) {
      offsetBytes = draws.between(0, Math.min(room, 32 * 1024));
    } else if (draws.chance(200)) {
      offsetBytes = sequentialBytes + lengthBytes <= sizeBytes ? sequentialBytes : 0;
      sequentialBytes = offsetBytes + lengthBytes;
      return offsetBytes;
    } else {
      offsetBytes = draws.between(0, room);
    }
    return draws.chance(mix.unalignedPermille())
        ? offsetBytes
        : offsetBytes / BLOCK_BYTES * BLOCK_BYTES;
  }
}
