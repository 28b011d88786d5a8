package farside.runtime;

import farside.driver.posix.ThreadCpus;
import java.util.BitSet;
import java.util.function.BooleanSupplier;

/// Where the loop of a cabinet runs whose peer is on the same machine: on one CPU with the peer's
/// loop, as long as neither has to wait for the other.
///
/// Of a host's single writes one cabinet works while the other sleeps. On two CPUs each hand-over
/// wakes one that has fallen asleep, which costs more than the work, most of all in a virtual
/// machine; on one it is a change of threads. With much to do they are in each other's way instead.
/// So the loop looks every [#LOOK_NS] how long it has waited for its CPU:
///
/// | where it is | what it finds                          | what it does                     |
/// |-------------|----------------------------------------|----------------------------------|
/// | anywhere    | it looks for news instead of sleeping  | is away for as long              |
/// | at home     | it waits more than [#WAIT_SHARE_MAX]   | leaves: runs wherever it may     |
/// | away        | it waits half as long, or less         | stays away for [#AWAY_NS]        |
/// | away        | it waits as long: the machine is full  | comes home, and holds out longer |
///
/// A loop that looks for news ([Wakefulness]) does not need to be woken, and on one CPU is in the
/// way of what it waits for. Having come home in vain it holds out for [#HOLD_NS_MIN] at first and
/// [#HOLD_NS_MAX] at most.
///
/// It never looks without being busy, so it wakes nobody. On the loop's thread only.
public final class SharedCpu {
  /// Environment variable: `any` leaves loops to the system.
  public static final String PIN = "FARSIDE_CPU";

  static final long LOOK_NS = 250_000_000;
  static final double WAIT_SHARE_MAX = 0.25;
  static final long AWAY_NS = 16_000_000_000L;
  static final long HOLD_NS_MIN = 1_000_000_000L;
  static final long HOLD_NS_MAX = 32_000_000_000L;

  /// A thread's place on the machine; [ThreadCpus], but for tests.
  interface Place {
    /// False if the system refuses, or somebody else has moved the thread.
    boolean stay();

    /// As [#stay].
    boolean roam();

    /// Nanoseconds in all its life, or -1.
    long waitedNs();
  }

  private enum Whereabouts {
    NOT_YET,
    HOME,
    ON_TRIAL,
    AWAY,
    /// The loop has no home: the system does not let it, has no second CPU, or somebody else has
    /// chosen.
    NOWHERE
  }

  private final Place place;
  private final BooleanSupplier staysAwake;
  private Whereabouts whereabouts = Whereabouts.NOT_YET;
  private long lookedNs;
  private long waitedNs;
  private double waitShareAtHome;
  private long mayMoveFromNs;
  private long holdNs = HOLD_NS_MIN;

  SharedCpu(Place place, BooleanSupplier staysAwake) {
    this.place = place;
    this.staysAwake = staysAwake;
  }

  /// @param meetingPlace what both loops know alike, such as the directory of their rig: the same
  ///     one means the same CPU
  /// @param staysAwake asked each [#LOOK_NS] while there is work, whether the loop mostly looked
  ///     for news since, instead of sleeping
  public static SharedCpu of(String meetingPlace, BooleanSupplier staysAwake) {
    return new SharedCpu(new OwnThread(meetingPlace), staysAwake);
  }

  /// False if the environment wants loops left to the system.
  public static boolean isWanted() {
    return isWanted(System.getenv(PIN));
  }

  static boolean isWanted(String pin) {
    if (pin == null || pin.isEmpty()) {
      return true;
    }
    if (!pin.equals("any")) {
      throw new IllegalArgumentException(
          PIN + "=" + pin + " is not known. Set it to any, and cabinets run where the system says,"
              + " or unset it.");
    }
    return false;
  }

  /// To be called in each round.
  public void onRound(long nowNs) {
    if (whereabouts == Whereabouts.NOT_YET) {
      look(nowNs);
      comeHome();
    } else if (nowNs - lookedNs >= LOOK_NS && whereabouts != Whereabouts.NOWHERE) {
      move(nowNs, look(nowNs));
    }
  }

  /// The share of the time since the last look for which the loop had no CPU and wanted one.
  private double look(long nowNs) {
    long beforeNs = waitedNs;
    long sinceNs = nowNs - lookedNs;
    waitedNs = place.waitedNs();
    lookedNs = nowNs;
    if (waitedNs < 0) {
      whereabouts = Whereabouts.NOWHERE;
    }
    return sinceNs <= 0 ? 0 : (double) (waitedNs - beforeNs) / sinceNs;
  }

  private void comeHome() {
    if (whereabouts != Whereabouts.NOWHERE) {
      whereabouts = place.stay() ? Whereabouts.HOME : Whereabouts.NOWHERE;
    }
  }

  private void leave(Whereabouts to) {
    whereabouts = place.roam() ? to : Whereabouts.NOWHERE;
  }

  private void move(long nowNs, double waitShare) {
    if (staysAwake.getAsBoolean()) {
      if (whereabouts == Whereabouts.HOME) {
        leave(Whereabouts.AWAY);
      } else if (whereabouts == Whereabouts.ON_TRIAL) {
        whereabouts = Whereabouts.AWAY;
      }
      mayMoveFromNs = nowNs;
      return;
    }
    switch (whereabouts) {
      case HOME -> {
        if (waitShare > WAIT_SHARE_MAX && nowNs >= mayMoveFromNs) {
          waitShareAtHome = waitShare;
          leave(Whereabouts.ON_TRIAL);
        }
      }
      case ON_TRIAL -> {
        if (waitShare <= waitShareAtHome / 2) {
          whereabouts = Whereabouts.AWAY;
          mayMoveFromNs = nowNs + AWAY_NS;
          holdNs = HOLD_NS_MIN;
        } else {
          mayMoveFromNs = nowNs + holdNs;
          holdNs = Math.min(2 * holdNs, HOLD_NS_MAX);
          comeHome();
        }
      }
      case AWAY -> {
        if (nowNs >= mayMoveFromNs) {
          comeHome();
        }
      }
      case NOT_YET, NOWHERE -> {}
    }
  }

  /// The thread that calls first.
  private static final class OwnThread implements Place {
    private final String meetingPlace;
    private ThreadCpus cpus;
    private BitSet everywhere;
    private BitSet home;
    private BitSet chosen;

    OwnThread(String meetingPlace) {
      this.meetingPlace = meetingPlace;
    }

    private ThreadCpus cpus() {
      if (cpus == null) {
        cpus = new ThreadCpus();
        everywhere = cpus.now();
        chosen = everywhere;
        home = new BitSet();
        int[] numbers = everywhere.stream().toArray();
        if (numbers.length > 1) {
          home.set(numbers[Math.floorMod(meetingPlace.hashCode(), numbers.length)]);
        }
      }
      return cpus;
    }

    private boolean choose(BitSet wanted) {
      boolean isMine = cpus().now().equals(chosen);
      chosen = wanted;
      return isMine && cpus().restrictTo(wanted);
    }

    @Override
    public boolean stay() {
      var _ = cpus();
      return !home.isEmpty() && choose(home);
    }

    @Override
    public boolean roam() {
      return choose(everywhere);
    }

    @Override
    public long waitedNs() {
      return cpus().waitedNs();
    }
  }
}
