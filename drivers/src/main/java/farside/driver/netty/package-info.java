/// What drivers and the processor share of Netty: the transport, one flush per round, and disk
/// requests on the processor's own thread.
///
/// Before this room come the sockets' drivers and `farside.driver.drive`; behind it is the
/// kernel. Start at `Transport`, then `DiskIo`. No director and no port comes in here.
package farside.driver.netty;
