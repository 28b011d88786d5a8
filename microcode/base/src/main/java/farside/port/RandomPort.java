package farside.port;

/// Chance, handed in: the simulator gives seeded draws, the processor true ones.
public interface RandomPort {
  /// A random number that is never 0.
  long nextNonZero();
}
