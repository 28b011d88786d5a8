package farside.simulator.mutant;

import farside.simulator.ScenarioKind;

/// The microcode with one deliberate fault.
///
/// @param name what is done wrong
/// @param className whose code has the fault
/// @param kind where the simulator looks for it
record Mutant(String name, String className, Mutation mutation, ScenarioKind kind) {
  @Override
  public String toString() {
    return name;
  }
}
