/// The console as a person or a program has it in front of them.
///
/// `ConsoleClient` is what `farside console` runs: a line editor around the site's answers.
/// `PairReport` reads the part of `query`'s JSON that the demo and the tests wait for. How a
/// question gets to a
/// site is `farside.driver.control`; what the words mean is the service processor's affair.
package farside.rig.console;
