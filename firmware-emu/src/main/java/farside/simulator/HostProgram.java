package farside.simulator;

/// What a host runs over a connection.
interface HostProgram {
  /// The host has an answer.
  void onAnswer(HostConnection connection, HostRequest request);

  /// The connection is gone, with all that was open.
  void onGone(HostConnection connection);

  /// How slowly it takes its answers; 0 for as fast as they come.
  long nsPerByte();
}
