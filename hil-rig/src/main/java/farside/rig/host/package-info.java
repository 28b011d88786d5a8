/// Hosts of our own: small programs that stand where a real host would, for the demo and the
/// tests.
///
/// `NbdClient` speaks the protocol over a plain socket; `BlockPattern` fills blocks with what
/// can be told apart; `WriteRecorder` remembers what was sent and what was acknowledged, and
/// judges what is read back; `LoadHost` writes under it from several connections,
/// `RecordedRegion` from end to end. They know nothing of what is behind the socket: what they
/// find is evidence.
package farside.rig.host;
