package farside.port;

/// Where lines to the peer are plugged in and pulled out while the cabinet runs.
///
/// What is plugged in here lasts as long as the process: the next start has the links of the rig.
public interface PatchPanelPort {
  /// Which end of a line this cabinet has.
  enum End {
    /// Waits to be called.
    LISTEN,
    /// Calls.
    CONNECT
  }

  /// What is in the way of a link to there, and the cure; empty if nothing is.
  ///
  /// @param address as the operator typed it
  String obstacle(End end, String address);

  /// Makes a link that nothing is in the way of. It looks for its far end from now on, and has no
  /// carrier until that is there.
  LinkPort plug(String name, End end, String address);

  /// Ends a link of this panel for good, whether plugged in since or there from the start. It is
  /// varied off, and every payload that it had queued is free again.
  void pull(LinkPort link);
}
