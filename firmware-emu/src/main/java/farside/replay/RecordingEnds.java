package farside.replay;

/// The recording does not go on: the process was killed then. Goes through the directors, which
/// did not come further either.
final class RecordingEnds extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RecordingEnds() {
    super("the recording ends here", null, false, false);
  }
}
