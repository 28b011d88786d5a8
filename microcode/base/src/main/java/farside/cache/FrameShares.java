package farside.cache;

import farside.director.MachineCheck;

/// The frames of the NVRAM, and who may take how many of them: the hosts of this cabinet have
/// one share, what comes from the peer has another. The second waits for the local drives only,
/// never for the link, which is what rules out deadlock between two cabinets.
///
/// Within each share every volume has some frames that no other may take, however long the drive
/// or the peer of another keeps its records.
final class FrameShares {
  private final FrameBitmap bitmap;
  private final int frameCount;
  private final int hostMax;
  private final GuaranteedShares hostShares;
  private final GuaranteedShares incomingShares;
  private final int incomingMax;

  FrameShares(int frameCount, int hostMax, int incomingMax, int volumeCount) {
    this.frameCount = frameCount;
    this.hostMax = hostMax;
    this.incomingMax = incomingMax;
    bitmap = new FrameBitmap(frameCount);
    hostShares = new GuaranteedShares(hostMax, volumeCount);
    incomingShares = new GuaranteedShares(incomingMax, volumeCount);
  }

  /// Before any frame is taken: no other volume ever takes these.
  void guarantee(int volume, int hostFrames) {
    hostShares.guarantee(volume, hostFrames);
  }

  /// The same of the peer's share. Who takes what of it is the peer's choice: these are kept by
  /// what it is told that it may send.
  void guaranteeIncoming(int volume, int frames) {
    incomingShares.guarantee(volume, frames);
  }

  /// Takes a run of at most `framesWanted` neighbours: its first frame in the low half, its
  /// length in the high half; -1 if the share is used up.
  long reserve(int framesWanted, boolean isIncoming, int volume) {
    int wanted = Math.min(framesWanted, isIncoming ? incomingFree() : hostFree(volume));
    if (wanted <= 0) {
      return -1;
    }
    long run = bitmap.findRun(wanted);
    if (run >= 0) {
      take((int) run, (int) (run >>> 32), isIncoming, volume);
    }
    return run;
  }

  /// Takes just this run of the hosts' share; false if not all of it is free for the volume.
  boolean reserveAt(int first, int count, int volume) {
    if (count > hostFree(volume) || !bitmap.isFree(first, count)) {
      return false;
    }
    bitmap.takeNext(first, count);
    charge(count, false, volume);
    return true;
  }

  /// A run that is known to be in use.
  void take(int first, int count, boolean isIncoming, int volume) {
    bitmap.take(first, count);
    charge(count, isIncoming, volume);
  }

  void giveBack(int first, int count, boolean isIncoming, int volume) {
    bitmap.free(first, count);
    charge(-count, isIncoming, volume);
  }

  private void charge(int frames, boolean isIncoming, int volume) {
    (isIncoming ? incomingShares : hostShares).take(volume, frames);
  }

  int incomingFree() {
    return incomingShares.free();
  }

  /// What of them the peer may fill with what it sends of the volume.
  int incomingFree(int volume) {
    return incomingShares.freeFor(volume);
  }

  int incomingMax() {
    return incomingMax;
  }

  int hostFree() {
    return hostShares.free();
  }

  /// What of them the volume may take.
  int hostFree(int volume) {
    return hostShares.freeFor(volume);
  }

  /// What the volume could take if no other had any.
  int hostMax(int volume) {
    return hostShares.mostFor(volume);
  }

  int hostMax() {
    return hostMax;
  }

  int frameCount() {
    return frameCount;
  }

  void checkInvariants() {
    MachineCheck.require(
        hostMax - hostFree() + incomingMax - incomingFree() + bitmap.freeCount() == frameCount,
        "frames: " + (hostMax - hostFree()) + " host + " + (incomingMax - incomingFree())
            + " incoming + " + bitmap.freeCount() + " free != " + frameCount);
    MachineCheck.require(hostFree() >= 0, "host frames over their share");
    MachineCheck.require(incomingFree() >= 0, "incoming frames over their share");
  }
}
