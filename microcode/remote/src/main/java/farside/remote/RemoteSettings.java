package farside.remote;

/// What the rig says of the remote adapter.
///
/// @param serial of this cabinet, at most 16 ASCII characters
/// @param peerSerial of the one cabinet that may mirror with it
/// @param linkTimeoutNs longest time that a host write waits for the peer
/// @param heartbeatNs how often a silent link carries a sign of life
public record RemoteSettings(
    String serial, String peerSerial, long linkTimeoutNs, long heartbeatNs) {}
