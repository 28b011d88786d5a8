package farside.simulator;

/// How the hosts of a run behave, drawn once.
///
/// @param connectionsPerVolume programs on each volume, each with a connection of its own
/// @param depthMax requests that one program has open at once
/// @param thinkMaxNs longest pause between an answer and the next request
/// @param readPermille share of reads
/// @param flushPermille share of flushes
/// @param trimPermille share of TRIM and of WRITE_ZEROES, each
/// @param forceUnitAccessPermille share of FUA among what writes
/// @param unalignedPermille share of requests at any byte
/// @param largePermille share of requests up to 128 KiB
/// @param hotPermille share of requests to the same few blocks
/// @param vanishPermille share of requests in the middle of which the host goes away
/// @param slowPermille share of programs that take their answers slowly
/// @param badPermille share of requests that lie beyond the end
/// @param piecesPermille share of writes whose payload comes in pieces
/// @param patienceNs how long a program waits for an answer before it drops its connection, and
///     asks the same again on another; 0: for ever
record HostHabits(
    int connectionsPerVolume,
    int depthMax,
    long thinkMaxNs,
    int readPermille,
    int flushPermille,
    int trimPermille,
    int forceUnitAccessPermille,
    int unalignedPermille,
    int largePermille,
    int hotPermille,
    int vanishPermille,
    int slowPermille,
    int badPermille,
    int piecesPermille,
    long patienceNs) {

  static HostHabits draw(Draws draws) {
    return new HostHabits(
        (int) draws.between(1, 3),
        (int) draws.skewed(1, 16),
        draws.skewed(1_000_000, 200_000_000),
        (int) draws.between(50, 700),
        draws.chance(800) ? (int) draws.skewed(1, 200) : 0,
        draws.chance(500) ? (int) draws.between(1, 60) : 0,
        draws.chance(500) ? (int) draws.between(1, 200) : 0,
        (int) draws.between(0, 400),
        (int) draws.between(0, 300),
        (int) draws.between(0, 600),
        draws.chance(500) ? (int) draws.between(0, 4) : 0,
        draws.chance(300) ? (int) draws.between(0, 500) : 0,
        (int) draws.between(0, 5),
        (int) draws.between(0, 500),
        0);
  }

  /// The same hosts, but they wait for so long only.
  HostHabits impatient(long patienceNs) {
    return new HostHabits(
        connectionsPerVolume,
        depthMax,
        thinkMaxNs,
        readPermille,
        flushPermille,
        trimPermille,
        forceUnitAccessPermille,
        unalignedPermille,
        largePermille,
        hotPermille,
        vanishPermille,
        slowPermille,
        badPermille,
        piecesPermille,
        patienceNs);
  }

  /// The same hosts without a pause, and many requests at once.
  HostHabits saturating() {
    return new HostHabits(
        3,
        16,
        2_000,
        Math.min(readPermille, 300),
        flushPermille,
        trimPermille,
        forceUnitAccessPermille,
        unalignedPermille,
        Math.max(largePermille, 300),
        hotPermille,
        0,
        0,
        badPermille,
        piecesPermille,
        patienceNs);
  }

  /// The same hosts, each program with one request at a time and a pause of its own after it, so
  /// that all programs together make so many in a second.
  HostHabits paced(int programs, int perSecond) {
    return new HostHabits(
        connectionsPerVolume,
        1,
        2_000_000_000L * programs / perSecond,
        readPermille,
        flushPermille,
        trimPermille,
        forceUnitAccessPermille,
        unalignedPermille,
        largePermille,
        hotPermille,
        vanishPermille,
        slowPermille,
        badPermille,
        piecesPermille,
        patienceNs);
  }

  /// The same hosts at leisure.
  HostHabits calm() {
    return new HostHabits(
        connectionsPerVolume,
        2,
        Math.max(thinkMaxNs, 20_000_000),
        readPermille,
        flushPermille,
        trimPermille,
        forceUnitAccessPermille,
        unalignedPermille,
        largePermille,
        hotPermille,
        0,
        slowPermille,
        badPermille,
        piecesPermille,
        patienceNs);
  }
}
