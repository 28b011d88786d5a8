package farside.runtime;

/// Whether a loop that has nothing to do looks for news for a moment before it sleeps.
///
/// Who waits for one thing at a time gets the next soon, or not at all for long. A thread that
/// sleeps meanwhile is woken late: its processor may have halted, and in a virtual machine that
/// costs more than a small write. So a loop looks, for [#LOOK_NS], where a drive reads for a host,
/// or things come one by one and no drive is at work; and where looking pays.
///
/// **A drive reads for a host**: its answers come one at a time, however many reads it has, and
/// each is passed on at once.
///
/// **One by one**: hosts asked for something in the last [#LATELY_NS], and never in that time
/// for more than [#OUTSTANDING_MAX] things or [#OUTSTANDING_BYTES_MAX] at once. Or the peer alone
/// sent something, and each of the last [#LONE_FRAMES] times a single frame. Of many requests more
/// come together to a loop that sleeps, and are served by fewer system calls; of long ones the
/// copying is what costs.
///
/// **No drive at work**, but for reads: a drive writes what mostly nobody waits for, or takes
/// longer than a look, and the thread that does it wants a CPU that nobody looks on.
///
/// **It pays**: looks that found something outweigh those in vain. If not, one sleep in
/// [#SLEEPS_PER_TRIAL] begins with a look all the same. Between two looks the loop gives its CPU
/// away. If it does not get it back within [#LOOK_NS], others need it, and would have been
/// interrupted for a thread that slept, when its news came: then no look pays for a while.
///
/// On the loop's thread only.
public final class Wakefulness {
  /// Environment variable: `at-once` lets loops sleep as soon as they have nothing to do.
  public static final String SLEEP = "FARSIDE_SLEEP";

  static final long LOOK_NS = 100_000;
  static final long LATELY_NS = 4_000_000;
  static final int OUTSTANDING_MAX = 4;
  static final int OUTSTANDING_BYTES_MAX = 64 * 1024;
  static final int LONE_FRAMES = 8;
  static final int SLEEPS_PER_TRIAL = 16;

  private static final int CREDIT_MAX = 8;

  /// What has come to a cabinet so far.
  public interface Traffic {
    /// Requests of hosts since the start.
    long requests();

    /// Of them, those without an answer.
    int outstanding();

    /// What these are to read, write or clear.
    long outstandingBytes();

    /// Frames of the peer since the start.
    long frames();

    /// True while somebody waits for a drive, as far as is known.
    boolean isDriveAtWork();

    /// True while a host waits for what a drive reads.
    boolean isReadAwaited();
  }

  private final Traffic traffic;
  private long requests;
  private long requestedNs = Long.MIN_VALUE / 2;
  private long crowdedNs = Long.MIN_VALUE / 2;
  private long frames;
  private long framedNs = Long.MIN_VALUE / 2;
  private int loneFrames;
  private int credit = CREDIT_MAX;
  private int sleeps;
  private int asked;
  private int granted;

  public Wakefulness(Traffic traffic) {
    this.traffic = traffic;
  }

  /// False if the environment wants no loop to stay awake.
  public static boolean isWanted() {
    return isWanted(System.getenv(SLEEP));
  }

  static boolean isWanted(String sleep) {
    if (sleep == null || sleep.isEmpty()) {
      return true;
    }
    if (!sleep.equals("at-once")) {
      throw new IllegalArgumentException(
          SLEEP + "=" + sleep + " is not known. Set it to at-once, and cabinets sleep as soon as"
              + " they have nothing to do, or unset it.");
    }
    return false;
  }

  /// True if the loop should look before it sleeps. To be asked once before each sleep.
  boolean mayLook(long nowNs) {
    hear(nowNs);
    asked++;
    boolean isNear = traffic.isReadAwaited() || comesOneByOne(nowNs) && !traffic.isDriveAtWork();
    if (!isNear || credit == 0 && ++sleeps % SLEEPS_PER_TRIAL != 0) {
      return false;
    }
    granted++;
    return true;
  }

  /// True if more than half of the sleeps since the last call began with a look.
  public boolean staysAwake() {
    boolean does = granted * 2L > asked;
    asked = 0;
    granted = 0;
    return does;
  }

  private void hear(long nowNs) {
    long requestsNow = traffic.requests();
    if (traffic.outstanding() > OUTSTANDING_MAX
        || traffic.outstandingBytes() > OUTSTANDING_BYTES_MAX
        || requestsNow - requests > OUTSTANDING_MAX) {
      crowdedNs = nowNs;
    }
    if (requestsNow != requests) {
      requests = requestsNow;
      requestedNs = nowNs;
    }
    long framesNow = traffic.frames();
    if (framesNow != frames) {
      loneFrames = framesNow - frames == 1 ? loneFrames + 1 : 0;
      frames = framesNow;
      framedNs = nowNs;
    }
  }

  private boolean comesOneByOne(long nowNs) {
    return nowNs - requestedNs <= LATELY_NS
        ? nowNs - crowdedNs > LATELY_NS
        : nowNs - framedNs <= LATELY_NS && loneFrames >= LONE_FRAMES;
  }

  /// The loop found something to do.
  void onFound() {
    credit = Math.min(CREDIT_MAX, credit + 1);
  }

  /// It looked in vain.
  void onNothing() {
    credit = Math.max(0, credit - 1);
  }

  /// It gave its CPU away and got it back late.
  void onCrowdedOut() {
    credit = 0;
  }
}
