/// The service processor (SP): the operator's commands, the cabinet's configuration, IML,
/// thresholds and the error log.
///
/// It stands beside the path of a write, not on it. Its console is behind `ConsolePort`.
/// Nothing here does I/O, reads a clock, or knows of another adapter.
package farside.service;
