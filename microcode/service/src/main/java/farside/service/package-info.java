/// The service processor (SP): the operator's commands, and what the cabinet says of itself.
///
/// It stands beside the path of a write, not on it: it reads the tables of the other rooms, asks the
/// disk adapter and the remote adapter for figures through desks (`farside.volume`), and changes
/// nothing itself. Its console is behind `ConsolePort`; the manual is `specs/console.md`. Start at
/// `ServiceProcessor`, then `ConsoleCommand`.
/// Nothing here does I/O, reads a clock, or knows of another adapter.
package farside.service;
