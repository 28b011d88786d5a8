package farside.cache;

/// Divides something that is scarce among volumes: each is guaranteed a part that no other
/// may take, and the rest goes to whoever comes first.
///
/// So a volume that gives nothing back, because its drive hangs or its peer is silent, slows
/// the others down to their own part at most.
public final class GuaranteedShares {
  private final int[] guaranteed;
  private final int[] taken;
  private final int total;
  private int free;

  /// What the others have not taken yet of what they are guaranteed, all volumes together.
  private int kept;

  private int guaranteedSum;

  public GuaranteedShares(int total, int volumeCount) {
    this.total = total;
    this.free = total;
    guaranteed = new int[volumeCount];
    taken = new int[volumeCount];
  }

  public void guarantee(int volume, int count) {
    kept -= keptFor(volume);
    guaranteedSum += count - guaranteed[volume];
    guaranteed[volume] = count;
    kept += keptFor(volume);
  }

  /// @param count less than 0: given back
  public void take(int volume, int count) {
    kept -= keptFor(volume);
    taken[volume] += count;
    free -= count;
    kept += keptFor(volume);
  }

  private int keptFor(int volume) {
    return Math.max(0, guaranteed[volume] - taken[volume]);
  }

  public int free() {
    return free;
  }

  /// What the volume may take now.
  public int freeFor(int volume) {
    return Math.max(0, free - (kept - keptFor(volume)));
  }

  /// What the volume may take if the others have nothing.
  public int mostFor(int volume) {
    return total - (guaranteedSum - guaranteed[volume]);
  }

  public int takenBy(int volume) {
    return taken[volume];
  }
}
