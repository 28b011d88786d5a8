package farside.simulator;

import java.util.List;

/// How the hosts of a run behave, drawn once.
///
/// @param mix what they ask for
/// @param connectionsPerVolume programs on each volume, each with a connection of its own
/// @param depthMax requests that one program has open at once
/// @param thinkMaxNs longest pause between an answer and the next request
/// @param vanishPermille share of requests in the middle of which the host goes away
/// @param slowPermille share of programs that take their answers slowly
/// @param piecesPermille share of writes whose payload comes in pieces
/// @param patienceNs how long a program waits for an answer before it drops its connection, and
///     asks the same again on another; 0: for ever
/// @param keptFrom what they do not do, though it is drawn
record HostHabits(
    RequestMix mix,
    int connectionsPerVolume,
    int depthMax,
    long thinkMaxNs,
    int vanishPermille,
    int slowPermille,
    int piecesPermille,
    long patienceNs,
    List<HostTrait> keptFrom) {

  HostHabits {
    keptFrom = List.copyOf(keptFrom);
  }

  static HostHabits draw(Draws draws) {
    int connections = (int) draws.between(1, 3);
    int depthMax = (int) draws.skewed(1, 16);
    long thinkMaxNs = draws.skewed(1_000_000, 200_000_000);
    int read = (int) draws.between(50, 700);
    int flush = draws.chance(800) ? (int) draws.skewed(1, 200) : 0;
    int trim = draws.chance(500) ? (int) draws.between(1, 60) : 0;
    int forceUnitAccess = draws.chance(500) ? (int) draws.between(1, 200) : 0;
    int unaligned = (int) draws.between(0, 400);
    int large = (int) draws.between(0, 300);
    int hot = (int) draws.between(0, 600);
    int vanish = draws.chance(500) ? (int) draws.between(0, 4) : 0;
    int slow = draws.chance(300) ? (int) draws.between(0, 500) : 0;
    int bad = (int) draws.between(0, 5);
    int pieces = (int) draws.between(0, 500);
    return new HostHabits(
        new RequestMix(read, flush, trim, forceUnitAccess, unaligned, large, hot, bad),
        connections,
        depthMax,
        thinkMaxNs,
        vanish,
        slow,
        pieces,
        0,
        List.of());
  }

  /// The same hosts, but they do none of this.
  HostHabits without(List<HostTrait> traits) {
    return new HostHabits(
        mix,
        connectionsPerVolume,
        depthMax,
        thinkMaxNs,
        vanishPermille,
        slowPermille,
        piecesPermille,
        patienceNs,
        traits);
  }

  boolean may(HostTrait trait) {
    return !keptFrom.contains(trait);
  }

  boolean mayAsk(HostRequest request, long volumeBytes) {
    for (HostTrait trait : keptFrom) {
      if (trait.covers(request, volumeBytes)) {
        return false;
      }
    }
    return true;
  }

  /// The same hosts, but they wait for so long only.
  HostHabits impatient(long patienceNs) {
    return new HostHabits(
        mix,
        connectionsPerVolume,
        depthMax,
        thinkMaxNs,
        vanishPermille,
        slowPermille,
        piecesPermille,
        patienceNs,
        keptFrom);
  }

  /// The same hosts without a pause, and many requests at once.
  HostHabits saturating() {
    return new HostHabits(mix.heavy(), 3, 16, 2_000, 0, 0, piecesPermille, patienceNs, keptFrom);
  }

  /// The same hosts, each program with one request at a time and a pause of its own after it, so
  /// that all programs together make so many in a second.
  HostHabits paced(int programs, int perSecond) {
    long thinkNs = 2_000_000_000L * programs / perSecond;
    return thinking(1, thinkNs, vanishPermille);
  }

  /// The same hosts at leisure.
  HostHabits calm() {
    return thinking(2, Math.max(thinkMaxNs, 20_000_000), 0);
  }

  private HostHabits thinking(int depth, long thinkNs, int vanish) {
    return new HostHabits(
        mix,
        connectionsPerVolume,
        depth,
        thinkNs,
        vanish,
        slowPermille,
        piecesPermille,
        patienceNs,
        keptFrom);
  }
}
