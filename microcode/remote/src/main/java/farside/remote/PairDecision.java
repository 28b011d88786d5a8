package farside.remote;

import java.util.List;

/// What becomes of a pair when the two cabinets meet: decided by its R1 from what both hold
/// (design 7).
///
/// Exactly one row answers every combination; a test asks them all. The labels stand in events.
final class PairDecision {
  /// How R1 stands.
  enum Own {
    /// Never paired.
    UNPAIRED,
    /// Believes that both mirrors are equal but for what its tables say.
    SYNCED,
    /// Went on alone, or was in the middle of a copy, or in conflict.
    ALONE,
    /// Lost its NVRAM while it believed the mirrors equal.
    LOST,
    /// Lost its NVRAM, or a record, when it had gone alone and its drive still lacked what the
    /// peer's has: the peer's image is the better one.
    BEHIND
  }

  /// How R2 stands.
  enum Peer {
    /// Never paired, and not in the middle of a first copy.
    FRESH,
    /// In the middle of a copy: its image is of no use alone.
    INCONSISTENT,
    /// In the middle of a copy over an image that was all on its drive, and whose generation is
    /// the last under which R1 promised anything that its own drive may lack: all that R1
    /// promised, or something newer, is there.
    COPIED_OVER,
    /// Holds an image that was equal once.
    WHOLE
  }

  /// How R2's generation relates to R1's.
  enum Relation {
    /// R2 has none.
    NONE,
    /// R1's tables say all that R2 lacks.
    COVERED,
    /// R1 descends from it, but its tables do not reach back so far.
    ANCESTOR,
    /// R1 does not know it.
    FOREIGN
  }

  enum Verdict {
    /// First copy; everything is owed, unless both are new and zero.
    PAIR,
    /// Equal but for what is on the way.
    RESUME,
    /// Copy what the tables say.
    COPY_OWED,
    /// Copy everything.
    COPY_ALL,
    /// R1 takes back what R2 knows it may lack.
    RESTORE,
    /// R1 takes back every track.
    RESTORE_ALL,
    /// Copy nothing; an operator decides.
    CONFLICT
  }

  /// A row; null matches anything.
  record Case(String label, Own own, Peer peer, Relation relation, Verdict verdict) {
    boolean matches(Own o, Peer p, Relation r) {
      return (own == null || own == o)
          && (peer == null || peer == p)
          && (relation == null || relation == r);
    }
  }

  static final List<Case> CASES = List.of(
      //       label own           peer               relation           verdict
      new Case("@A", Own.UNPAIRED, Peer.FRESH, Relation.NONE, Verdict.PAIR),
      new Case("@B", Own.UNPAIRED, Peer.INCONSISTENT, Relation.NONE, Verdict.PAIR),
      new Case("@C", Own.UNPAIRED, null, Relation.FOREIGN, Verdict.CONFLICT),
      new Case("@D", Own.SYNCED, Peer.WHOLE, Relation.COVERED, Verdict.RESUME),
      new Case("@E", Own.SYNCED, Peer.INCONSISTENT, Relation.COVERED, Verdict.COPY_ALL),
      new Case("@F", Own.SYNCED, null, Relation.ANCESTOR, Verdict.COPY_ALL),
      new Case("@G", Own.SYNCED, null, Relation.NONE, Verdict.COPY_ALL),
      new Case("@H", Own.SYNCED, null, Relation.FOREIGN, Verdict.CONFLICT),
      new Case("@I", Own.ALONE, Peer.WHOLE, Relation.COVERED, Verdict.COPY_OWED),
      new Case("@J", Own.ALONE, Peer.INCONSISTENT, Relation.COVERED, Verdict.COPY_OWED),
      // A target in the middle of our first copy has no generation yet; the tables hold for
      // it.
      new Case("@K", Own.ALONE, Peer.INCONSISTENT, Relation.NONE, Verdict.COPY_OWED),
      new Case("@L", Own.ALONE, Peer.FRESH, Relation.NONE, Verdict.COPY_ALL),
      new Case("@M", Own.ALONE, null, Relation.ANCESTOR, Verdict.COPY_ALL),
      new Case("@N", Own.ALONE, null, Relation.FOREIGN, Verdict.CONFLICT),
      new Case("@O", Own.LOST, Peer.WHOLE, Relation.COVERED, Verdict.RESTORE),
      new Case("@P", Own.LOST, Peer.INCONSISTENT, Relation.COVERED, Verdict.COPY_ALL),
      // Nothing newer than that generation is on R1's drive, since its label says so. But a FLUSH
      // may have been answered because R2's drive has it all, while R1's was in doubt.
      new Case("@T", Own.LOST, Peer.COPIED_OVER, Relation.COVERED, Verdict.RESTORE_ALL),
      new Case("@Q", Own.LOST, null, Relation.ANCESTOR, Verdict.COPY_ALL),
      new Case("@R", Own.LOST, null, Relation.NONE, Verdict.COPY_ALL),
      new Case("@S", Own.LOST, null, Relation.FOREIGN, Verdict.CONFLICT),
      // Something newer may be on R1's drive, in any track; no FLUSH has been answered for it.
      new Case("@U", Own.BEHIND, Peer.WHOLE, Relation.COVERED, Verdict.RESTORE_ALL),
      new Case("@V", Own.BEHIND, Peer.COPIED_OVER, Relation.COVERED, Verdict.RESTORE_ALL),
      new Case("@W", Own.BEHIND, Peer.INCONSISTENT, Relation.COVERED, Verdict.COPY_ALL),
      new Case("@X", Own.BEHIND, null, Relation.ANCESTOR, Verdict.COPY_ALL),
      new Case("@Y", Own.BEHIND, null, Relation.NONE, Verdict.COPY_ALL),
      new Case("@Z", Own.BEHIND, null, Relation.FOREIGN, Verdict.CONFLICT));

  private PairDecision() {}

  /// The row for the combination, or null for one that cannot be: a generation that matches
  /// none, of a target that has none, or the reverse.
  static Case of(Own own, Peer peer, Relation relation) {
    for (Case row : CASES) {
      if (row.matches(own, peer, relation)) {
        return row;
      }
    }
    return null;
  }

  /// A target has a generation exactly if it was ever whole.
  static boolean isPossible(Own own, Peer peer, Relation relation) {
    boolean none = relation == Relation.NONE;
    if (peer == Peer.FRESH && !none || peer == Peer.WHOLE && none) {
      return false;
    }
    if (peer == Peer.COPIED_OVER) {
      return (own == Own.LOST || own == Own.BEHIND) && relation == Relation.COVERED;
    }
    // Who was never paired knows no generation.
    return own != Own.UNPAIRED || relation == Relation.NONE || relation == Relation.FOREIGN;
  }
}
