/// The demo: a mirrored pair at work, shown to a person, and a test of itself.
///
/// `Demo` is the script; each step ends in a verdict. `DemoRig` is the loopback rig on free
/// ports in a directory of its own, `SiteProcess` one site in its own JVM, `DriveComparison`
/// looks at the drives behind the cabinets' backs, and `Screen` is what the person sees. The
/// end-to-end tests use the same pieces.
package farside.rig.demo;
