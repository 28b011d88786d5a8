package farside.cache;

import farside.director.MachineCheck;

/// The frames of the NVRAM, and who may take how many of them: the hosts of this cabinet have
/// one share, what comes from the peer has another. The second waits for the local drives only,
/// never for the link, which is what rules out deadlock between two cabinets.
final class FrameShares {
  private final FrameBitmap bitmap;
  private final int frameCount;
  private final int hostMax;
  private final int incomingMax;
  private int host;
  private int incoming;

  FrameShares(int frameCount, int hostMax, int incomingMax) {
    this.frameCount = frameCount;
    this.hostMax = hostMax;
    this.incomingMax = incomingMax;
    bitmap = new FrameBitmap(frameCount);
  }

  /// Takes a run of at most `framesWanted` neighbours: its first frame in the low half, its
  /// length in the high half; -1 if the share is used up.
  long reserve(int framesWanted, boolean isIncoming) {
    int wanted = Math.min(framesWanted, isIncoming ? incomingFree() : hostFree());
    if (wanted <= 0) {
      return -1;
    }
    long run = bitmap.findRun(wanted);
    if (run >= 0) {
      take((int) run, (int) (run >>> 32), isIncoming);
    }
    return run;
  }

  /// A run that is known to be in use.
  void take(int first, int count, boolean isIncoming) {
    bitmap.take(first, count);
    charge(count, isIncoming);
  }

  void giveBack(int first, int count, boolean isIncoming) {
    bitmap.free(first, count);
    charge(-count, isIncoming);
  }

  private void charge(int frames, boolean isIncoming) {
    if (isIncoming) {
      incoming += frames;
    } else {
      host += frames;
    }
  }

  int incomingFree() {
    return incomingMax - incoming;
  }

  int incomingMax() {
    return incomingMax;
  }

  int hostFree() {
    return hostMax - host;
  }

  int hostMax() {
    return hostMax;
  }

  int frameCount() {
    return frameCount;
  }

  void checkInvariants() {
    MachineCheck.require(
        host + incoming + bitmap.freeCount() == frameCount,
        "frames: " + host + " host + " + incoming + " incoming + " + bitmap.freeCount()
            + " free != " + frameCount);
    MachineCheck.require(host <= hostMax, "host frames over their share");
    MachineCheck.require(incoming <= incomingMax, "incoming frames over their share");
  }
}
