/// The way of an event from the microcode to a file: one line each, written by one thread that
/// nothing waits for.
///
/// `EventJournal` is the port that a cabinet gets; `QuietConfigurator` keeps the logging
/// library from talking on standard output, which belongs to the volume lines and `ready`.
package farside.rig.log;
