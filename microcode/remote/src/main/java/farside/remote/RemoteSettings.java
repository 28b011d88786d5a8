package farside.remote;

/// What the rig says of the remote adapter.
///
/// @param serial of this cabinet, at most 16 ASCII characters
/// @param peerSerial of the one cabinet that may mirror with it
/// @param linkTimeoutNs longest time that a host write waits for the peer
/// @param heartbeatNs how often a silent link carries a sign of life
public record RemoteSettings(
    String serial, String peerSerial, long linkTimeoutNs, long heartbeatNs) {

  /// How often each of several links carries a sign of life of its own.
  long linkHeartbeatNs() {
    return Math.min(heartbeatNs, linkTimeoutNs / 12);
  }

  /// A link over which nothing came for so long, while something came over another, is not used
  /// any more. The rest of the link timeout is for what was on it to go over the others.
  long linkSilenceNs() {
    return linkTimeoutNs / 3;
  }
}
