package farside.remote;

import farside.protocol.session.PairOrderCode;

/// A message about a pair that waits to be sent.
sealed interface Control {
  int volumeIndex();

  /// @param takesNoWrites this cabinet takes none of the volume from the peer now
  record Status(int volumeIndex, boolean takesNoWrites) implements Control {}

  record Order(int volumeIndex, PairOrderCode code, long generation, long number)
      implements Control {}

  /// @param verdict 0 refused, 1 durable here, 2 everything owed has been given back
  record Answer(int volumeIndex, PairOrderCode code, int verdict, long generation)
      implements Control {}
}
