/// The rig: the outermost room, where cabinets are wired to devices and people come in.
///
/// `Main` is the front door. `description` reads rig files; `site` opens the devices of one
/// cabinet in the order that keeps data safe, and runs it; `command` has one class per command
/// of the launcher; `host` has small hosts of our own, `demo` a show that is a test; `log`
/// writes events down. Everything may be seen from here, and nothing may see this room but
/// `ci`.
package farside.rig;
