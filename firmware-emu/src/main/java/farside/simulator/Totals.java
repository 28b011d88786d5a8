package farside.simulator;

/// What one run, or many, went through.
record Totals(
    long runs,
    long virtualNs,
    long hostAnswers,
    long hostWrites,
    long readsChecked,
    long kills,
    long powerLosses,
    long lineCuts,
    long commits,
    long framesLost,
    long framesSpoiled,
    long takeovers,
    long consoleAnswers,
    long failedReads,
    long repairs,
    long lostBlockErrors,
    long stuckRequests,
    long doubts,
    long standIns,
    long resets,
    long linksAdded,
    long leftOut,
    long tracksReadAhead,
    long tracksReadAheadAndUsed,
    long writesThrough,
    long faults,
    long transientErrors,
    long lies,
    long stops,
    long shutdownsInIml,
    long hostRetries) {

  static Totals none() {
    return new Totals(
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0);
  }

  Totals plus(Totals other) {
    return new Totals(
        runs + other.runs,
        virtualNs + other.virtualNs,
        hostAnswers + other.hostAnswers,
        hostWrites + other.hostWrites,
        readsChecked + other.readsChecked,
        kills + other.kills,
        powerLosses + other.powerLosses,
        lineCuts + other.lineCuts,
        commits + other.commits,
        framesLost + other.framesLost,
        framesSpoiled + other.framesSpoiled,
        takeovers + other.takeovers,
        consoleAnswers + other.consoleAnswers,
        failedReads + other.failedReads,
        repairs + other.repairs,
        lostBlockErrors + other.lostBlockErrors,
        stuckRequests + other.stuckRequests,
        doubts + other.doubts,
        standIns + other.standIns,
        resets + other.resets,
        linksAdded + other.linksAdded,
        leftOut + other.leftOut,
        tracksReadAhead + other.tracksReadAhead,
        tracksReadAheadAndUsed + other.tracksReadAheadAndUsed,
        writesThrough + other.writesThrough,
        faults + other.faults,
        transientErrors + other.transientErrors,
        lies + other.lies,
        stops + other.stops,
        shutdownsInIml + other.shutdownsInIml,
        hostRetries + other.hostRetries);
  }

  @Override
  public String toString() {
    return String.format(
        "%d runs, %.1f virtual s, %d host I/Os answered (%d writes, %d reads judged), %d faults, %d kills, %d power losses, "
            + "%d line cuts, %d commits, %d frames lost, %d spoiled, %d sweeps through a mirror, %d console answers, "
            + "%d reads of lost blocks, %d repairs, %d errors for lost blocks, "
            + "%d drive requests that hung, drives in doubt %d times, read from the peer instead %d times, reset %d times, "
            + "%d links removed and added, %d groups left out of a session, "
            + "%d tracks read ahead (%d then asked for), %d writes through a drive's cache, "
            + "%d drive requests that failed once, %d of which the drive lied, %d processes stopped and woken, %d shut down in IML, %d requests asked again",
        runs,
        virtualNs / 1e9,
        hostAnswers,
        hostWrites,
        readsChecked,
        faults,
        kills,
        powerLosses,
        lineCuts,
        commits,
        framesLost,
        framesSpoiled,
        takeovers,
        consoleAnswers,
        failedReads,
        repairs,
        lostBlockErrors,
        stuckRequests,
        doubts,
        standIns,
        resets,
        linksAdded,
        leftOut,
        tracksReadAhead,
        tracksReadAheadAndUsed,
        writesThrough,
        transientErrors,
        lies,
        stops,
        shutdownsInIml,
        hostRetries);
  }
}
