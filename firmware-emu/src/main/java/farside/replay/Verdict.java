package farside.replay;

import java.util.List;

/// How a replay ended.
///
/// @param virtualNs how much time it covered
/// @param states how often the cabinet's state was compared
/// @param difference what was recorded and what came; empty if nothing was different
/// @param history the last facts that were as recorded, oldest first
public record Verdict(
    Outcome outcome,
    Origin origin,
    long virtualNs,
    long rounds,
    long facts,
    long states,
    String difference,
    List<String> history) {
  public Verdict {
    history = List.copyOf(history);
  }

  /// What came of it.
  public enum Outcome {
    /// Everything as recorded, to the end of the cabinet.
    SAME,
    /// Everything as recorded, to where the recording was cut short.
    CUT_SHORT,
    DIFFERENT
  }

  public boolean isSame() {
    return outcome != Outcome.DIFFERENT;
  }
}
