/// Runs whole cabinets in virtual time from one seed, with drives, links and hosts of its own.
///
/// It comes after `farside.cabinet` and uses no driver: nothing from outside the seed may get in.
package farside.simulator;
