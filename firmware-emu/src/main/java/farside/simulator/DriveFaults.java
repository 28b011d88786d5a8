package farside.simulator;

/// What is wrong with a simulated drive now, but for blocks that it has lost.
///
/// Of what is not switched on nothing is drawn.
final class DriveFaults {
  /// What a drive does wrong and calls done.
  enum Lie {
    /// A write that has no effect.
    LOST_WRITE,
    /// A write that takes effect at another place.
    MISDIRECTED_WRITE,
    /// A read of what the blocks held before they were last written.
    STALE_READ
  }

  private long badFromBytes;
  private long badToBytes;
  private long slowNs;

  /// Share of the requests that hang; 0: the drive does not hang.
  private int hangPermille;

  /// Share of the requests that fail, and would not if they were tried again.
  private int failPermille;

  /// Share of the writes for which there is no room.
  private int fullPermille;

  private boolean gone;
  private long failedRequests;

  /// Null: it does not lie.
  private Lie lie;

  private int liePermille;
  private DamagedBlocks damaged;
  private long lies;

  /// From now on no request that writes to this extent succeeds; each leaves some of its blocks
  /// written.
  void spoil(long fromBytes, long lengthBytes) {
    badFromBytes = fromBytes;
    badToBytes = fromBytes + lengthBytes;
  }

  void mendTracks() {
    badToBytes = badFromBytes;
  }

  /// From now on each request takes up to this much longer.
  void slowDown(long upToNs) {
    slowNs = upToNs;
  }

  /// From now on some or all requests do not return.
  void hang(int permille) {
    hangPermille = permille;
  }

  /// From now on some requests fail, each for this once, whatever they ask for.
  void fail(int permille) {
    failPermille = permille;
  }

  /// From now on there is no room for some writes, each for this once.
  void fill(int permille) {
    fullPermille = permille;
  }

  /// True if there is no room for the write, which is over now.
  boolean drawFull(Draws draws) {
    boolean isFull = fullPermille > 0 && draws.chance(fullPermille);
    failedRequests += isFull ? 1 : 0;
    return isFull;
  }

  /// The drive has gone, as with its cable pulled: all requests fail until it is back.
  void setGone(boolean isGone) {
    gone = isGone;
  }

  boolean isGone() {
    return gone;
  }

  /// Requests that failed although nothing is wrong with their blocks.
  long failedRequests() {
    return failedRequests;
  }

  /// From now on it lies now and then about requests to the volume on it.
  ///
  /// @param damaged is told which blocks are not what they should be
  void lie(Lie lie, int permille, DamagedBlocks damaged) {
    this.lie = lie;
    this.liePermille = permille;
    this.damaged = damaged;
  }

  void stopLying() {
    lie = null;
  }

  /// How often it lied.
  long lies() {
    return lies;
  }

  /// How it lies about the request, which is over now; null if it does not.
  Lie drawLie(DriveRequest request, Draws draws) {
    boolean mayLie = lie != null
        && (request.kind == DriveRequest.Kind.READ) == (lie == Lie.STALE_READ)
        && request.kind != DriveRequest.Kind.FLUSH
        && request.offsetBytes + request.lengthBytes <= damaged.volumeBytes();
    if (!mayLie || !draws.chance(liePermille)) {
      return null;
    }
    lies++;
    damaged.add(request.offsetBytes, request.lengthBytes);
    return lie;
  }

  /// Where a misdirected write goes.
  long drawPlace(DriveRequest write, int blockBytes, Draws draws) {
    long room = (damaged.volumeBytes() - write.lengthBytes) / blockBytes;
    long place = draws.between(0, room) * blockBytes;
    damaged.add(place, write.lengthBytes);
    return place;
  }

  /// Nothing is wrong any more.
  void mend() {
    mendTracks();
    slowDown(0);
    hang(0);
    fail(0);
    fill(0);
    setGone(false);
    stopLying();
  }

  /// True if the request, which is over now, is to fail for no reason of its own.
  boolean drawFails(Draws draws) {
    boolean fails = gone || (failPermille > 0 && draws.chance(failPermille));
    failedRequests += fails ? 1 : 0;
    return fails;
  }

  long drawDelayNs(Draws draws) {
    return slowNs == 0 ? 0 : draws.between(0, slowNs);
  }

  boolean drawHangs(Draws draws) {
    return hangPermille > 0 && draws.chance(hangPermille);
  }

  /// Offset of the first byte of a change that cannot be written; -1 if all of it can.
  long badByteOf(DriveRequest change) {
    boolean isSpoiled = badFromBytes < badToBytes
        && change.offsetBytes < badToBytes
        && badFromBytes < change.offsetBytes + change.lengthBytes;
    return isSpoiled ? Math.max(badFromBytes, change.offsetBytes) : -1;
  }
}
