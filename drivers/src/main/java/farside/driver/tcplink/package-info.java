/// The TCP stand-in for a remote link, in its plain form: frames go over one TCP connection.
///
/// Before it: the remote adapter (`farside.remote`), which makes and judges frames and trusts
/// no link. After it: the network. Start at `TcpLink`; a `Connection` is one life of the TCP
/// connection below it, and a `FrameCutter` finds the frames in what came. Nothing here knows a
/// message, an epoch or a volume, and nothing here repeats what was lost.
package farside.driver.tcplink;
