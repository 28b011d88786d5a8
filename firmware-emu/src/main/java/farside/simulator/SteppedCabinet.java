package farside.simulator;

import farside.volume.Standing;
import java.util.List;

/// A cabinet as the simulator sees it: the microcode, or in tests a stand-in.
interface SteppedCabinet {
  int doWork(long nowNs);

  long nextDeadlineNs();

  /// Destages everything; [#isDown] then becomes true.
  void requestShutdown();

  boolean isReady();

  boolean isDown();

  /// Whether the peer has all that was acknowledged of this source volume, as the cabinet sees
  /// it.
  FarCopy farCopyOf(String volumeName);

  /// What a source volume's cabinet believes of the copy at the peer.
  enum FarCopy {
    HAS_ALL,
    LACKS_SOMETHING,
    /// It lacks something, and is brought nothing: it stays as it was when the pair was cut.
    IS_CUT,
    /// The cabinet does not serve the volume and has yet to find out: what it believed before
    /// stands.
    NOT_KNOWN
  }

  /// What NVRAM says of a volume of a pair now; null for any other.
  default Standing standingOf(String volumeName) {
    return null;
  }

  /// True if no read of the volume can have a slot before its drive, which hangs, gives one back.
  default boolean isStarved(String volumeName) {
    return false;
  }

  /// Tracks that were staged before a host asked for them.
  default long tracksReadAhead() {
    return 0;
  }

  /// Those of them that a host then came to.
  default long tracksReadAheadAndUsed() {
    return 0;
  }

  /// What records hold in NVRAM now.
  default List<RecordPayload> recordPayloads() {
    return List.of();
  }

  /// Payload of a record that is not done with yet.
  ///
  /// @param address in memory
  record RecordPayload(String volumeName, long address, int lengthBytes) {}

  /// The track tables of all volumes, for people.
  default List<String> tableLines() {
    return List.of();
  }

  /// What still waits, for a message: a write pending, a track owed, a pair not synchronized.
  /// Empty if nothing does.
  String unsettled();
}
