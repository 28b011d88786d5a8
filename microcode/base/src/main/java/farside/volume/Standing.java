package farside.volume;

/// Where a volume stands: its data generations and its pair state. Kept in NVRAM and in the
/// drive's label, and told to the peer; these alone decide who is right, never counters or
/// clocks (design 7).
///
/// @param generation random id of the data as it is now; 0: never paired
/// @param base generation at the last moment when both mirrors were equal
/// @param offered generation that the peer was asked to adopt and may have adopted; 0: none
/// @param history1 the base before the last, and so on to the oldest
/// @param zeroBased nothing was ever written but what the owed bits tell: every other block
///     reads zero
/// @param inconsistent an R2 image in the middle of a copy: of no use to a host that takes over
/// @param stored an R2 whose drive alone holds everything that was acknowledged up to its
///     generation, with `ack: stored`; if it is inconsistent, newer blocks stand among that
/// @param behind an R1 that went alone, with `ack: stored`, before its drive had all that was
///     acknowledged: the R2's has it, and no FLUSH has been answered since
/// @param staleSinceMs wall clock at which an R2 found the peer silent; 0: not silent
public record Standing(
    PairState pairState,
    long generation,
    long base,
    long offered,
    long history1,
    long history2,
    long history3,
    long history4,
    boolean zeroBased,
    boolean inconsistent,
    boolean stored,
    boolean behind,
    long staleSinceMs) {

  /// Bytes of [#encode].
  public static final int BYTES = 80;

  private static final int ZERO_BASED = 1 << 8;
  private static final int INCONSISTENT = 1 << 9;
  private static final int STORED = 1 << 10;
  private static final int BEHIND = 1 << 11;
  private static final int FLAGS = 0xFF | ZERO_BASED | INCONSISTENT | STORED | BEHIND;

  public static Standing fresh(PairState pairState, boolean zeroBased) {
    return new Standing(pairState, 0, 0, 0, 0, 0, 0, 0, zeroBased, false, false, false, 0);
  }

  /// The pair state as an operator sees it, and what else there is to say of the copy.
  String shown() {
    return pairState.shown()
        + (zeroBased ? ", zero-based" : "")
        + (inconsistent ? ", inconsistent" : "")
        + (stored ? ", stored" : "")
        + (behind ? ", behind" : "")
        + (staleSinceMs != 0 ? ", possibly stale" : "");
  }

  public Standing with(PairState next) {
    return copy(next, generation, offered, zeroBased, inconsistent, stored, behind, staleSinceMs);
  }

  /// This side goes on alone, under a generation of its own.
  public Standing alone(long newGeneration) {
    return copy(
        PairState.SUSPENDED,
        newGeneration,
        offered,
        zeroBased,
        inconsistent,
        stored,
        behind,
        staleSinceMs);
  }

  /// The same, and whether the peer's drive has what was acknowledged and the own one lacks.
  public Standing lagging(boolean isBehind) {
    return copy(
        pairState, generation, offered, zeroBased, inconsistent, stored, isBehind, staleSinceMs);
  }

  /// What this side lacks the peer gives back from its image of that generation, all of it.
  public Standing fallingBackTo(long generationOfPeer) {
    return copy(
        pairState,
        generationOfPeer,
        offered,
        zeroBased,
        inconsistent,
        stored,
        behind,
        staleSinceMs);
  }

  public Standing offering(long generationOffered) {
    return copy(
        PairState.SYNC_FINISHING,
        generation,
        generationOffered,
        zeroBased,
        inconsistent,
        stored,
        behind,
        staleSinceMs);
  }

  /// Both mirrors are equal under this generation.
  public Standing synchronizedAt(long newGeneration) {
    boolean shift = base != 0 && base != newGeneration;
    return new Standing(
        PairState.SYNCHRONIZED,
        newGeneration,
        newGeneration,
        0,
        shift ? base : history1,
        shift ? history1 : history2,
        shift ? history2 : history3,
        shift ? history3 : history4,
        false,
        false,
        false,
        false,
        0);
  }

  /// The peer adopted what it was offered, and has not told so before this side went on: both
  /// mirrors were equal then.
  public Standing equalAt(long adopted) {
    Standing equal = synchronizedAt(adopted);
    return new Standing(
        pairState,
        generation,
        equal.base,
        0,
        equal.history1,
        equal.history2,
        equal.history3,
        equal.history4,
        zeroBased,
        inconsistent,
        stored,
        behind,
        staleSinceMs);
  }

  /// A target at the beginning of a copy: over what its drive holds come newer blocks only.
  public Standing receiving() {
    return copy(PairState.SYNC_IN_PROG, generation, offered, false, true, stored, behind, 0);
  }

  public Standing staleSince(long wallMs) {
    return copy(pairState, generation, offered, zeroBased, inconsistent, stored, behind, wallMs);
  }

  /// The same, and whether the drive alone holds everything that was acknowledged.
  public Standing storing(boolean isStored) {
    return copy(
        pairState, generation, offered, zeroBased, inconsistent, isStored, behind, staleSinceMs);
  }

  public Standing notZeroBased() {
    return copy(pairState, generation, offered, false, inconsistent, stored, behind, staleSinceMs);
  }

  /// The same past, with another present.
  private Standing copy(
      PairState state,
      long nextGeneration,
      long nextOffered,
      boolean isZeroBased,
      boolean isInconsistent,
      boolean isStored,
      boolean isBehind,
      long staleMs) {
    return new Standing(
        state,
        nextGeneration,
        base,
        nextOffered,
        history1,
        history2,
        history3,
        history4,
        isZeroBased,
        isInconsistent,
        isStored,
        isBehind,
        staleMs);
  }

  public boolean everPaired() {
    return generation != 0;
  }

  /// True if the other mirror, at this generation, lacks no more than what the tables here say.
  public boolean tablesCover(long otherGeneration) {
    return otherGeneration != 0
        && (otherGeneration == generation || otherGeneration == base || otherGeneration == offered);
  }

  public boolean descendsFrom(long otherGeneration) {
    return otherGeneration != 0
        && (tablesCover(otherGeneration)
            || otherGeneration == history1
            || otherGeneration == history2
            || otherGeneration == history3
            || otherGeneration == history4);
  }

  /// Takes 64-bit words, in the order of the table in `specs/nvram.md`.
  public interface WordSink {
    void putLong(int offset, long word);
  }

  /// Gives 64-bit words.
  public interface WordSource {
    long getLong(int offset);
  }

  public void encode(WordSink sink) {
    long flags = pairState.code();
    flags |= zeroBased ? ZERO_BASED : 0;
    flags |= inconsistent ? INCONSISTENT : 0;
    flags |= stored ? STORED : 0;
    flags |= behind ? BEHIND : 0;
    sink.putLong(0, flags);
    sink.putLong(8, generation);
    sink.putLong(16, base);
    sink.putLong(24, offered);
    sink.putLong(32, history1);
    sink.putLong(40, history2);
    sink.putLong(48, history3);
    sink.putLong(56, history4);
    sink.putLong(64, staleSinceMs);
    sink.putLong(72, 0);
  }

  /// The reverse of [#encode]; null if the words are none.
  public static Standing decode(WordSource source) {
    long flags = source.getLong(0);
    PairState state = PairState.of((int) (flags & 0xFF));
    if (state == null || (flags & ~(long) FLAGS) != 0) {
      return null;
    }
    return new Standing(
        state,
        source.getLong(8),
        source.getLong(16),
        source.getLong(24),
        source.getLong(32),
        source.getLong(40),
        source.getLong(48),
        source.getLong(56),
        (flags & ZERO_BASED) != 0,
        (flags & INCONSISTENT) != 0,
        (flags & STORED) != 0,
        (flags & BEHIND) != 0,
        source.getLong(64));
  }
}
