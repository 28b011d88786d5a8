package farside.simulator.mutant;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The simulator looks for one mutant, seed by seed. Its classes are loaded, and compiled, once.
final class Hunt {
  private final Mutant mutant;
  private final Class<?> kinds;
  private final Class<?> simulations;
  private final long beganNs = processorNs();
  private int tried;

  Hunt(Mutant mutant) throws ClassNotFoundException {
    this.mutant = mutant;
    ClassLoader loader = new MutantLoader(mutant);
    kinds = loader.loadClass("farside.simulator.ScenarioKind");
    simulations = loader.loadClass("farside.simulator.Simulation");
  }

  /// What the simulator found, in its own words; empty if all promises held.
  String run(long seed) throws ReflectiveOperationException {
    tried++;
    Object kind =
        kinds.getMethod("valueOf", String.class).invoke(null, mutant.kind().name());
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);
    Object simulation = simulations.getConstructor(kinds, PrintStream.class).newInstance(kind, out);
    Object failed =
        simulations.getMethod("sweep", long.class, long.class).invoke(simulation, seed, seed);
    if (failed.equals(0)) {
      return "";
    }
    List<String> lines = text.toString(StandardCharsets.UTF_8).lines().toList();
    for (int i = 0; i < lines.size() - 1; i++) {
      if (lines.get(i).startsWith("FAILED ")) {
        return lines.get(i + 1);
      }
    }
    return lines.getLast();
  }

  int tried() {
    return tried;
  }

  /// Of this thread, which a run does not leave.
  double seconds() {
    return (processorNs() - beganNs) / 1e9;
  }

  private static long processorNs() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
