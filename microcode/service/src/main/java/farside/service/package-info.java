/// The service processor (SP): IML, the operator's commands, and what the cabinet says of
/// itself.
///
/// It stands beside the path of a write, not on it. Before the first write, `Iml` makes a
/// cabinet of what NVRAM and labels say. From then on `ServiceProcessor` answers the console:
/// it reads the tables of the other rooms, asks the disk adapter and the remote adapter for
/// figures through desks (`farside.volume`), and leaves every change to its owner. Its console
/// is behind `ConsolePort`; the manual is `specs/console.md`, held against `ConsoleCommand`.
/// Nothing here does I/O, reads a clock, or knows of another adapter.
package farside.service;
