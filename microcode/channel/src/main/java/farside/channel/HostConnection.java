package farside.channel;

import farside.volume.Volume;
import java.util.ArrayDeque;

/// One connection of a host to one volume.
final class HostConnection {
  final int id;
  final Volume volume;
  final String remote;

  /// The write whose payload is being taken; the head gives nothing else meanwhile.
  HostRequest receiving;

  /// The read whose reply has begun and has not ended: no other reply may come between.
  HostRequest streaming;

  /// Answers that wait for the end of that reply.
  final ArrayDeque<HostRequest> answered = new ArrayDeque<>();

  int outstanding;
  boolean leaving;
  boolean closed;

  HostConnection(int id, Volume volume, String remote) {
    this.id = id;
    this.volume = volume;
    this.remote = remote;
  }
}
