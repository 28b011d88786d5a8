/// The NBD protocol, seen from the server: bytes in, messages out; answers in, bytes out.
///
/// The first thing a host meets. Before it: a socket (`farside.driver.nbd`). After it: the
/// channel adapter (`farside.channel`), which never sees a byte of this protocol. Start at
/// `NbdSession`, the machine of one connection; `OptionRequest` is what a client may ask while
/// it haggles, `RequestFlyweight` what it asks afterwards. Numbers are those of the protocol's
/// own document; what is served and what is refused is `specs/nbd.md`. No I/O, no clock, no
/// thread in here, and payload passes by without being touched.
package farside.protocol.nbd;
