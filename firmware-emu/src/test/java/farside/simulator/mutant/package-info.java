/// The checker is checked: the microcode with one deliberate fault, which the simulator must find.
///
/// A fault is made in the bytecode of one class while a loader of its own reads it: the product
/// has no switch for it, and the other tests never see it.
package farside.simulator.mutant;
