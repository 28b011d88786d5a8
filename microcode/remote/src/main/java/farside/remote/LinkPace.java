package farside.remote;

/// How fast a link is, and how much may be on it at a time.
///
/// The peer tells which frame came last over the link. From the moment that frame was sent, and
/// from the bytes that were on the link then, follow the link's delay and its rate: the delay is
/// the shortest answer there was, and the rate is at least those bytes in that time. Only where
/// the answer took much longer than the delay, so that the frame has stood in a queue, is the rate
/// not more than that: so a link that is asked for little does not look slow.
///
/// What is on the link is bounded by what it brings over in its delay and a short queue. Behind a
/// long queue frames could not be overtaken any more, neither by control frames nor by what the
/// group sends over a faster link.
final class LinkPace {
  /// Always allowed: two tracks.
  static final int LIMIT_BYTES_MIN = 128 * 1024;

  static final int LIMIT_BYTES_MAX = 8 * 1024 * 1024;

  /// Nothing is known yet: a link that turns out to be slow is not to get more at once.
  private static final int LIMIT_BYTES_INITIAL = 16 * 1024;

  private static final long QUEUE_NS_MAX = 20_000_000;
  private static final double WEIGHT_OF_SLOWER = 1.0 / 8;
  private static final double GAIN_PER_PAUSE = 33.0 / 32;
  private static final long UNKNOWN = -1;

  private long sentBytes;
  private long provenBytes;
  private long provenBytesAtAnswer;
  private long limitBytes;
  private long delayNs;
  private double bytesPerNs;
  private boolean isRateFound;
  private long stalledBytes;
  private long stalledSinceNs;

  LinkPace() {
    begin();
  }

  /// Nothing is on the link, and nothing is known of it.
  void begin() {
    sentBytes = 0;
    provenBytes = 0;
    provenBytesAtAnswer = 0;
    limitBytes = LIMIT_BYTES_INITIAL;
    delayNs = UNKNOWN;
    bytesPerNs = 0;
    isRateFound = false;
  }

  /// A frame went out. Returns its place in all that was sent: what is behind it arrives later.
  long onSent(int frameBytes) {
    sentBytes += frameBytes;
    return sentBytes;
  }

  /// Everything up to this place has arrived, or was lost.
  void onProven(long place) {
    provenBytes = Math.max(provenBytes, Math.min(place, sentBytes));
  }

  boolean isProven(long place) {
    return provenBytes - place >= 0;
  }

  long inFlightBytes() {
    return sentBytes - provenBytes;
  }

  /// The peer told that a frame had come over this link.
  ///
  /// @param elapsedNs since it was sent
  /// @param aheadBytes that were on the link then, its own included
  void onAnswer(long elapsedNs, long aheadBytes) {
    delayNs = delayNs == UNKNOWN ? elapsedNs : Math.min(delayNs, elapsedNs);
    double bytesPerNsNow = (double) aheadBytes / Math.max(1, elapsedNs);
    boolean wasQueued = 2 * elapsedNs >= 3 * delayNs;
    if (bytesPerNsNow >= bytesPerNs || wasQueued && !isRateFound) {
      bytesPerNs = bytesPerNsNow;
    } else if (wasQueued) {
      bytesPerNs += (bytesPerNsNow - bytesPerNs) * WEIGHT_OF_SLOWER;
    }
    isRateFound |= wasQueued;
    if (elapsedNs - delayNs <= QUEUE_NS_MAX) {
      limitBytes = Math.min(LIMIT_BYTES_MAX, limitBytes + provenBytes - provenBytesAtAnswer);
    } else {
      double worthBytes = (delayNs + QUEUE_NS_MAX) * bytesPerNs;
      limitBytes = (long) Math.clamp(worthBytes, LIMIT_BYTES_MIN, LIMIT_BYTES_MAX);
    }
    provenBytesAtAnswer = provenBytes;
  }

  /// What is on the link and was not told of for so long is believed to be lost: or a link whose
  /// last frames were lost would be full for ever.
  void forgetStalled(long nowNs, long patienceNs) {
    if (provenBytes != stalledBytes || inFlightBytes() == 0) {
      stalledBytes = provenBytes;
      stalledSinceNs = nowNs;
    } else if (nowNs - stalledSinceNs >= patienceNs) {
      provenBytes = sentBytes;
    }
  }

  /// False until a frame has been told of: nothing is known of the link.
  boolean isMeasured() {
    return delayNs != UNKNOWN;
  }

  /// Nothing was sent for a while. A link that once looked slow is believed to be a little faster
  /// each time, until it is tried again.
  void onPause() {
    bytesPerNs *= GAIN_PER_PAUSE;
  }

  /// True if so much more may be on the link; one frame always.
  boolean hasRoom(int frameBytes) {
    long inFlight = inFlightBytes();
    return inFlight == 0 || inFlight + frameBytes <= limitBytes;
  }

  private double answerNs(long aheadBytes) {
    return isRateFound ? Math.max((double) delayNs, aheadBytes / bytesPerNs) : (double) delayNs;
  }

  /// How long a frame would take to arrive if it went out now; if there is no room, after the wait
  /// for it, which takes about one delay.
  double arrivalNs(int frameBytes) {
    boolean hasRoom = hasRoom(frameBytes);
    if (delayNs == UNKNOWN) {
      return hasRoom ? 0 : Double.MAX_VALUE;
    }
    double answerNs = answerNs(inFlightBytes() + frameBytes);
    return answerNs + (hasRoom ? -0.5 : 0.5) * delayNs;
  }

  /// Within this time after a frame was sent, with so many bytes ahead, it is too early to call
  /// it lost.
  long patienceNs(long aheadBytes) {
    return delayNs == UNKNOWN ? 0 : (long) (0.75 * answerNs(aheadBytes));
  }

  /// 0: not known, since nothing has stood in a queue.
  long bytesPerSecond() {
    return isRateFound ? (long) Math.min(bytesPerNs * 1e9, 1e12) : 0;
  }

  /// There and back; 0: not known.
  long delayNs() {
    return Math.max(0, delayNs);
  }
}
