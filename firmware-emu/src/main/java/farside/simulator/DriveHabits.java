package farside.simulator;

/// How a simulated drive behaves, drawn once per run.
///
/// @param queueDepth requests that it takes at once
/// @param latencyMinNs shortest time of a request
/// @param latencyMaxNs longest time of an ordinary request; one in a hundred takes ten times as
///     long
/// @param flushMinNs shortest time of a flush
/// @param flushMaxNs longest time of a flush
/// @param knownZero made just now: reads zero, and says so. If not, it holds what its last
///     owner left, but for a label, and the rig gives that up
/// @param scribbles memory that is being read into holds noise until the read is complete
record DriveHabits(
    int queueDepth,
    long latencyMinNs,
    long latencyMaxNs,
    long flushMinNs,
    long flushMaxNs,
    boolean knownZero,
    boolean scribbles) {

  static DriveHabits draw(Draws draws) {
    long micro = 1000;
    long latencyMaxNs = draws.skewed(20 * micro, 20_000 * micro);
    long flushMaxNs = draws.skewed(50 * micro, 50_000 * micro);
    return new DriveHabits(
        (int) draws.skewed(1, 64),
        latencyMaxNs / 8,
        latencyMaxNs,
        flushMaxNs / 4,
        flushMaxNs,
        draws.chance(800),
        draws.chance(700));
  }

  /// The same drive, but slow and with a short queue.
  DriveHabits slow() {
    return new DriveHabits(
        Math.min(queueDepth, 4),
        2_000_000,
        10_000_000,
        5_000_000,
        30_000_000,
        knownZero,
        scribbles);
  }
}
