package farside.volume;

/// How a volume stands with its other mirror. Spec: `specs/pair-state.md`.
///
/// | from | may become | because |
/// |------|------------|---------|
/// | UNPAIRED | SYNC_IN_PROG, CONFLICT | first pairing ordered, or refused |
/// | SYNC_IN_PROG | SYNC_FINISHING, SYNCHRONIZED, SUSPENDED, CONFLICT | nothing owed; complete;
/// link gone |
/// | SYNC_IN_PROG, SYNCHRONIZED | UNPAIRED | a target got a write out of order |
/// | SYNC_FINISHING | SYNCHRONIZED, SUSPENDED | it said yes; link lost |
/// | SYNCHRONIZED | SUSPENDED, SYNC_IN_PROG | the group tripped; a copy begins |
/// | SUSPENDED | SYNC_IN_PROG, CONFLICT | the link is back; no fit |
/// | RESTORING | SYNCHRONIZED, SYNC_IN_PROG, SUSPENDED, CONFLICT | given back, or not |
/// | CONFLICT | SYNC_IN_PROG | the peer's history fits again |
/// | NOT_MIRRORED | - | a local volume |
public enum PairState {
  NOT_MIRRORED(1, "Local"),
  /// Never met the peer, or counts as if.
  UNPAIRED(2, "Unpaired"),
  /// The target misses tracks that are on their way; its image is not consistent.
  SYNC_IN_PROG(3, "SyncInProg"),
  /// R1 only: nothing owed, and the target was asked to adopt the generation. Writes wait for
  /// the peer.
  SYNC_FINISHING(4, "SyncInProg"),
  SYNCHRONIZED(5, "Synchronized"),
  /// R1 goes on alone under a generation of its own; the peer is owed.
  SUSPENDED(6, "Suspended"),
  /// R1 lost its NVRAM, or a record in it, while synchronized: not ready until the peer has given
  /// back what may be lost.
  RESTORING(7, "Restoring"),
  /// The two histories do not fit; nothing is copied.
  CONFLICT(8, "Invalid");

  private final int code;
  private final String shown;

  PairState(int code, String shown) {
    this.code = code;
    this.shown = shown;
  }

  /// Its number in NVRAM, labels and messages, for ever.
  public int code() {
    return code;
  }

  /// Null if no state has the number.
  public static PairState of(int code) {
    for (PairState state : values()) {
      if (state.code == code) {
        return state;
      }
    }
    return null;
  }

  /// The word an operator sees.
  public String shown() {
    return shown;
  }

  public boolean mayBecome(PairState next) {
    return switch (this) {
      case NOT_MIRRORED -> false;
      case UNPAIRED -> next == SYNC_IN_PROG || next == CONFLICT;
      case SYNC_IN_PROG ->
        next == SYNC_FINISHING
            || next == SYNCHRONIZED
            || next == SUSPENDED
            || next == CONFLICT
            || next == UNPAIRED;
      case SYNC_FINISHING -> next == SYNCHRONIZED || next == SUSPENDED;
      case SYNCHRONIZED -> next == SUSPENDED || next == SYNC_IN_PROG || next == UNPAIRED;
      case SUSPENDED -> next == SYNC_IN_PROG || next == CONFLICT;
      case RESTORING ->
        next == SYNCHRONIZED || next == SYNC_IN_PROG || next == SUSPENDED || next == CONFLICT;
      case CONFLICT -> next == SYNC_IN_PROG;
    };
  }

  /// True if a host write of an R1 volume must reach the peer before its ending status.
  public boolean waitsForPeer() {
    return this == SYNCHRONIZED || this == SYNC_FINISHING;
  }

  /// True if host writes of an R1 volume are sent to the peer as they come.
  public boolean sendsWrites() {
    return this == SYNCHRONIZED || this == SYNC_FINISHING || this == SYNC_IN_PROG;
  }
}
