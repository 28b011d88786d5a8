package farside.simulator;

import java.util.function.Supplier;

/// The run has failed: a promise was broken, or a port was used against its contract.
final class SimulationFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SimulationFailure(String what) {
    super(what);
  }

  SimulationFailure(String what, Throwable cause) {
    super(what, cause);
  }

  static void require(boolean holds, String what) {
    if (!holds) {
      throw new SimulationFailure(what);
    }
  }

  /// The text is made only for a failure: most checks hold, millions of times.
  static void require(boolean holds, Supplier<String> what) {
    if (!holds) {
      throw new SimulationFailure(what.get());
    }
  }
}
