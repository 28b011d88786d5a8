package farside.rig.demo;

/// A step of the demo does not hold; the message says what was seen.
final class StepFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  StepFailedException(String seen) {
    super(seen);
  }
}
