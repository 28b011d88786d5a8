/// NVRAM that survives the loss of power: a log of its changes, and filters that hold back what
/// rests on a change until the log has it.
///
/// Beside the ports (`farside.port`), as the fault filters are: each filter implements a port,
/// stands in front of another of its kind, and passes on; the directors know nothing of it.
/// `farside.cabinet` stacks them where the NVRAM is a `LoggedNvram`. Spec: `specs/nvram.md`,
/// "Power-safe". Nothing here does I/O: what the log is written to is a port as well.
package farside.port.powersafe;
