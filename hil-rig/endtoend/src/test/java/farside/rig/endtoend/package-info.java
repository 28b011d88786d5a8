/// End to end: the launcher, real processes, sockets and drives, and clients that we did not
/// write.
///
/// They need the built jar, so failsafe runs them (`*IT`). `Launcher` finds it; the pieces of
/// the demo start and end the sites. A test that lacks a tool on this machine is skipped by
/// name.
package farside.rig.endtoend;
