/// The operator's end of the console: one command to a running site, and its answer.
///
/// `ConsoleClient` speaks to the Unix socket in the site's run directory; `PairReport` reads the part of
/// `query`'s JSON that the demo and the tests wait for. The other end is `farside.driver.control`, and
/// what the words mean is the service processor's affair.
package farside.rig.console;
