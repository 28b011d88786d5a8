/// The rig: reads a rig's description, starts cabinets from it, and is what an operator calls.
///
/// The last room: nothing else depends on it. `Main` is where the launcher `hil-rig/farside`
/// enters.
package farside.rig;
