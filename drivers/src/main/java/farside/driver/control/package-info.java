/// The service processor's console, as a socket in the file system: what `farside ctl` talks
/// to.
///
/// Before it: `ControlClient` in another process, or anything else that can write a line to a
/// Unix-domain socket. After it: the service processor (`farside.service`), through
/// `ConsolePort`. Start at `ControlSocket`; a `ControlSession` is one connection. Nothing here
/// knows a command.
package farside.driver.control;
