/// The bench in virtual time: whole rigs, seeded, with faults and an oracle that knows every
/// write.
///
/// It stands beside `farside.runtime`, which runs the same cabinets on real processors. Start
/// at `Simulation` (what a person calls), then `Scenario` (one run from one seed), then
/// `VirtualTime` (which owns now). `Injection` brings a run's faults about. A `SimulatedSite` is
/// one cabinet with everything that outlives its process: `SimulatedNvram`, `SimulatedDrive` (in
/// front of its `DriveMedium`), its end of the `SimulatedLine`; `SimulatedHost` is its channel head
/// with the hosts behind it. `SiteWatch` sees what the cabinet does, and `Oracle` judges what hosts
/// read, by the `VolumeHistory` of each volume.
///
/// All chance comes from one seed through `Draws`; only ordered collections are iterated.
/// Nothing here reads a clock, starts a thread, or touches a driver.
package farside.simulator;
