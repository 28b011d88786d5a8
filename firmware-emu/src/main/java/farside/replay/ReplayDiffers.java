package farside.replay;

/// The cabinet did something else than was recorded. Goes through the directors, as they cannot
/// go on from here.
final class ReplayDiffers extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ReplayDiffers(String message) {
    super(message, null, false, false);
  }
}
