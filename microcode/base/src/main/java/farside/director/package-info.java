/// What all director loops share: the shape of a loop, the event log, and the check that stops
/// a cabinet.
///
/// A director is a slot with a loadable role. It does one bounded slice of work, never blocks,
/// and is handed time, chance and I/O. Its neighbours are `farside.port` (the outside) and
/// `farside.cache` (where directors meet). No director may be named here.
package farside.director;
