/// Runs a cabinet on a processor: one thread, one event loop, real time.
///
/// Here, and nowhere before, the clock is read. It comes after `farside.cabinet`; no director
/// knows of it.
package farside.runtime;
