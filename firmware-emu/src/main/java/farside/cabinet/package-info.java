/// A cabinet: its directors, cache and ports, wired from a description.
///
/// Start at `Cabinet`, which has the rounds; `Shutdown` is how it ends. The first room that sees
/// director loops and drivers both. What runs a cabinet stands after it: `farside.runtime` on a
/// thread, `farside.simulator` in virtual time.
package farside.cabinet;
