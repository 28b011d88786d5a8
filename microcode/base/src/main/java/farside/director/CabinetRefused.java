package farside.director;

/// The cabinet cannot be started as its rig describes it: a person has to put something right
/// first. The message says what, where and the cure. Nothing was changed on any drive.
public final class CabinetRefused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CabinetRefused(String message) {
    super(message);
  }
}
