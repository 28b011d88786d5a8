/// The line discipline of a console on a terminal: keys in, command lines out; answers in, text
/// for a screen out. Pure: no I/O, no clock, no thread.
///
/// Before it: `farside.driver.serial`, which moves the bytes. Start at `ConsoleLine`, then
/// `ConsoleLineState`. Nothing here knows a command, or what a password must be.
package farside.protocol.console;
