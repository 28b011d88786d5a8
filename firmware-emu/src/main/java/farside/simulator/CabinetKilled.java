package farside.simulator;

/// The process of a cabinet dies here and now, in the middle of whatever it does. An `Error`,
/// so that no microcode takes it for something to recover from.
final class CabinetKilled extends Error {
  private static final long serialVersionUID = 1L;

  CabinetKilled() {
    super("killed", null, false, false);
  }
}
