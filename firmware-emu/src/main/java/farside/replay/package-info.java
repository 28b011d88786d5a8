/// Recording and replay: everything that crosses the ports of one cabinet, kept in a file, and
/// brought again to the same directors in virtual time.
///
/// Beside the simulator, and like it without a driver: a recording is made by filters in front of
/// whatever ports there are (`Recorded...`), and replayed behind the same filters by ports that
/// bring what was brought then (`Replayed...`). Begin with `PortRecorder`, then `FactKind`, then
/// `Replay`. The file is `specs/recording.md`.
///
/// Nothing here decides anything for a cabinet, and nothing here may make it wait.
package farside.replay;
