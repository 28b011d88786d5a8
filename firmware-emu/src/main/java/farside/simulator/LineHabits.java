package farside.simulator;

/// How a simulated line behaves, drawn once per run.
///
/// @param delayNs one way
/// @param jitterNs added to each frame, up to this; frames never overtake
/// @param bytesPerSecond 0 for no limit
/// @param queueBytesMax what an end holds of frames that have not left; beyond it is `FULL`
/// @param queuedPermille frames that are queued although the line is free
/// @param fullPermille submissions that are refused although there is room
/// @param dropPermille frames lost while the line is noisy
/// @param corruptPermille frames changed or cut short while the line is noisy
/// @param duplicatePermille frames that arrive twice while the line is noisy
/// @param detectMaxNs how long an end may take to see that the carrier is gone
/// @param connectMaxNs how long both ends may take to find each other
record LineHabits(
    long delayNs,
    long jitterNs,
    long bytesPerSecond,
    int queueBytesMax,
    int queuedPermille,
    int fullPermille,
    int dropPermille,
    int corruptPermille,
    int duplicatePermille,
    long detectMaxNs,
    long connectMaxNs) {

  static LineHabits draw(Draws draws) {
    long milli = 1_000_000;
    boolean noisy = draws.chance(800);
    long delayNs = draws.skewed(5_000, 20 * milli);
    return new LineHabits(
        delayNs,
        draws.chance(500) ? draws.skewed(1000, Math.max(2000, delayNs)) : 0,
        draws.chance(300) ? draws.skewed(1_000_000, 100_000_000) : 0,
        (int) draws.skewed(128 * 1024, 2 * 1024 * 1024),
        draws.chance(500) ? (int) draws.between(1, 1000) : 0,
        draws.chance(300) ? (int) draws.between(1, 100) : 0,
        noisy ? (int) draws.between(0, 50) : 0,
        noisy ? (int) draws.between(5, 60) : 0,
        noisy ? (int) draws.between(5, 60) : 0,
        draws.skewed(10_000, 300 * milli),
        draws.skewed(10_000, 200 * milli));
  }

  /// A line that is never so slow that hosts wait for it.
  LineHabits brisk() {
    return new LineHabits(
        delayNs,
        jitterNs,
        bytesPerSecond == 0 ? 0 : Math.max(bytesPerSecond, 20_000_000),
        queueBytesMax,
        queuedPermille,
        fullPermille,
        dropPermille,
        corruptPermille,
        duplicatePermille,
        detectMaxNs,
        connectMaxNs);
  }

  /// What a host would have to wait for a frame and its answer on the line alone, at the worst.
  long roundTripNs() {
    return 2 * (delayNs + jitterNs);
  }
}
