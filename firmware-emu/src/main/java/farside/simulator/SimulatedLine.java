package farside.simulator;

import java.lang.foreign.Arena;

/// One line between two cabinets, with a link at each end.
///
/// Both ends have a carrier while both are open, varied on, and the line is whole; each carrier
/// comes from one connection, and a frame of an older connection arrives in a newer one only where
/// the line holds frames back: before all others, or among them.
/// A direction that is *dead* swallows frames while both carriers stay up, as a connection does
/// whose far end has lost its power.
final class SimulatedLine {
  private static final long LATE_MIN_NS = 100_000;
  private static final long LATE_MAX_NS = 200_000_000;

  private final LineHabits habits;
  private final VirtualTime time;
  private final Draws draws;
  private final SpareBuffers spare = SpareBuffers.ofThread();
  private final Trace trace;
  private final String name;
  private final SimulatedLink[] ends = new SimulatedLink[2];
  private final boolean[] dead = new boolean[2];
  private boolean cut;
  private boolean flaps;

  /// What a cut finds on its way comes in the next connection.
  private boolean holdsBack;
  private boolean noisy;

  /// What the line carries now, though its habits say more; 0: what its habits say.
  private long collapsedBytesPerSecond;

  /// Null: nobody looks at what goes over it.
  private FailoverWatch watch;

  private boolean connecting;
  private long connection;
  private long cuts;
  private long framesLost;
  private long framesSpoiled;
  private long framesDoubled;
  private long framesLate;

  SimulatedLine(
      String name,
      String siteA,
      String siteB,
      LineHabits habits,
      VirtualTime time,
      Arena arena,
      Draws draws,
      Trace trace) {
    this.name = name;
    this.habits = habits;
    this.time = time;
    this.draws = draws;
    this.trace = trace;
    ends[0] = new SimulatedLink(this, 0, name, siteA, siteB, arena);
    ends[1] = new SimulatedLink(this, 1, name, siteB, siteA, arena);
  }

  /// Has somebody look at what goes over it.
  void setWatch(FailoverWatch watch) {
    this.watch = watch;
  }

  FailoverWatch watch() {
    return watch;
  }

  SimulatedLink end(int side) {
    return ends[side];
  }

  /// The line is broken: the ends find out, each after a while.
  void cut() {
    if (!cut) {
      cut = true;
      cuts++;
      trace.turn(time.nowNs(), name, "cut");
      disconnect("the line is cut");
    }
  }

  /// The same, but what is on its way, and what still comes to be, is not lost: the next connection
  /// brings it.
  void cutAndHoldBack() {
    holdsBack = true;
    cut();
  }

  boolean holdsBack() {
    return holdsBack;
  }

  /// Frames from one end are lost, and nobody is told.
  void silence(int fromSide) {
    dead[fromSide] = true;
    cuts++;
    trace.turn(time.nowNs(), name, "silent from " + ends[fromSide].site());
  }

  /// Cut and whole again by turns until it is restored, each for up to so long.
  void flap(Draws drawn, long turnMaxNs) {
    if (!flaps) {
      flaps = true;
      cut();
      flapOn(drawn, turnMaxNs);
    }
  }

  private void flapOn(Draws drawn, long turnMaxNs) {
    time.after(drawn.skewed(1_000_000, turnMaxNs), () -> {
      if (flaps && cut) {
        mend();
      } else if (flaps) {
        cut();
      }
      if (flaps) {
        flapOn(drawn, turnMaxNs);
      }
    });
  }

  /// Whole again in both directions.
  void restore() {
    flaps = false;
    mend();
  }

  private void mend() {
    cut = false;
    dead[0] = false;
    dead[1] = false;
    trace.turn(time.nowNs(), name, "restored");
    tryToConnect();
  }

  /// From now on frames are dropped, changed and doubled as the habits say, or not.
  void setNoisy(boolean on) {
    noisy = on;
  }

  /// From now on it carries no more than this; 0: as much as ever.
  void setRate(long bytesPerSecond) {
    collapsedBytesPerSecond = bytesPerSecond;
    trace.turn(
        time.nowNs(),
        name,
        bytesPerSecond == 0 ? "at full rate" : "carries " + bytesPerSecond + " bytes a second");
    ends[0].onRateChanged();
    ends[1].onRateChanged();
  }

  /// How long so many bytes take to leave.
  long onLineNs(long bytes) {
    long own = habits.bytesPerSecond();
    long rate = collapsedBytesPerSecond == 0
        ? own
        : own == 0 ? collapsedBytesPerSecond : Math.min(own, collapsedBytesPerSecond);
    return rate == 0 ? 0 : bytes * 1_000_000_000L / rate;
  }

  boolean isWhole() {
    return !cut && !dead[0] && !dead[1];
  }

  long cuts() {
    return cuts;
  }

  /// Frames lost, by cuts, noise and deaths.
  long framesLost() {
    return framesLost;
  }

  long framesSpoiled() {
    return framesSpoiled;
  }

  long framesDoubled() {
    return framesDoubled;
  }

  /// Frames that came in another connection than that in which they were sent.
  long framesLate() {
    return framesLate;
  }

  LineHabits habits() {
    return habits;
  }

  VirtualTime time() {
    return time;
  }

  /// For the bytes of frames; those that arrive are used again.
  SpareBuffers spare() {
    return spare;
  }

  Draws draws() {
    return draws;
  }

  Trace trace() {
    return trace;
  }

  boolean isDead(int fromSide) {
    return cut || dead[fromSide];
  }

  long connection() {
    return connection;
  }

  void countLost() {
    framesLost++;
  }

  void countSpoiled() {
    framesSpoiled++;
  }

  void countDoubled() {
    framesDoubled++;
  }

  boolean isNoisy() {
    return noisy;
  }

  /// An end has gone, by a vary or a death; its own carrier is down already.
  void onEndGone(int side, String reason) {
    connection++;
    SimulatedLink other = ends[1 - side];
    if (other.hasCarrier()) {
      other.dropCarrierAfter(draws.between(0, habits.detectMaxNs()), reason);
    }
  }

  /// Both ends look for each other if nothing is in the way.
  void tryToConnect() {
    if (connecting || !mayConnect()) {
      return;
    }
    connecting = true;
    time.after(draws.between(1, habits.connectMaxNs()), () -> {
      connecting = false;
      if (mayConnect()) {
        connection++;
        trace.turn(time.nowNs(), name, "connected");
        ends[0].raiseCarrier(connection);
        ends[1].raiseCarrier(connection);
        holdsBack = false;
        bringHeldBack();
      }
    });
  }

  /// Before all that is sent from now on, or when a session may have begun anew.
  private void bringHeldBack() {
    if (!ends[0].isHeldBackFrom() && !ends[1].isHeldBackFrom()) {
      return;
    }
    if (draws.chance(500)) {
      framesLate += ends[0].bringHeldBack() + ends[1].bringHeldBack();
      return;
    }
    long connectionThen = connection;
    time.after(draws.skewed(LATE_MIN_NS, LATE_MAX_NS), () -> {
      if (connection == connectionThen) {
        framesLate += ends[0].bringHeldBack() + ends[1].bringHeldBack();
      }
    });
  }

  private boolean mayConnect() {
    return !cut && ends[0].isLooking() && ends[1].isLooking();
  }

  private void disconnect(String reason) {
    connection++;
    for (int side = 0; side < 2; side++) {
      if (ends[side].hasCarrier()) {
        ends[side].dropCarrierAfter(draws.between(0, habits.detectMaxNs()), reason);
      }
    }
  }
}
