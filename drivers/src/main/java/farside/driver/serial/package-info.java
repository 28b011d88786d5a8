/// A console of the service processor on a serial line: a tty, a USB adapter, or a PTY.
///
/// Before it: a terminal, or a program that plays one. After it: the service processor
/// (`farside.service`), through `ConsolePort`. What keys and screens mean is in
/// `farside.protocol.console`; here bytes are moved, on threads of their own, because the
/// native calls of serial lines block, fail and come back in their own time. Start at
/// `SerialConsole`, then `Tty`. Nothing here knows a command.
package farside.driver.serial;
