/// Runs a cabinet on a processor: one thread, one event loop, real time.
///
/// `Processor` turns the directors and the I/O of one cabinet in one thread; `SystemRandom`
/// is the port that needs no device. Here, and nowhere before, the clock is
/// read. The simulator stands beside this room and runs the same cabinets in virtual time. It
/// comes after `farside.cabinet`; no director knows of it.
package farside.runtime;
