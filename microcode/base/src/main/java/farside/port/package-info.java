/// The ports: what a director asks of the outside, and nothing else.
///
/// Every port is a pair of *submit* and *drain*, called by a director inside its own `doWork`,
/// on the cabinet's processor thread. A driver only queues facts; it never calls a director.
/// Drivers (`farside.driver.*`), the simulator, and every fault filter implement these
/// interfaces. Nothing here does I/O, keeps a thread, or reads a clock.
package farside.port;
