/// The NBD head: hosts that speak NBD over TCP, as a `HostPort` for a channel adapter.
///
/// Between the host's socket and room 2 (`farside.channel`). What the bytes mean is decided in
/// `farside.protocol.nbd`; here they are received, queued, copied and sent. Start at `NbdHead`,
/// then `NbdConnection`. Everything runs on the cabinet's processor thread: a callback of the
/// network only queues, and `drain` does the rest.
package farside.driver.nbd;
