/// The flight recorder: the last facts and state changes of a cabinet, in a ring in NVRAM.
///
/// Written beside the event log, read by `farside blackbox` and by the simulator after a crash.
/// Start at `EntryFormat`, then `FlightRecorder` (writes) and `Recording` (reads). Nothing in a
/// cabinet may decide anything by what it reads here.
package farside.director.blackbox;
