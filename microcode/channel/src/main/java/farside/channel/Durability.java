package farside.channel;

import farside.cache.WriteRecords;
import farside.volume.AckMode;
import farside.volume.PairState;
import farside.volume.Volume;
import farside.volume.VolumeRole;

/// When what a FLUSH or a FUA write asks for holds, and when it cannot: which drive has what up
/// to which write, and what a memory that outlives the power is good for.
final class Durability {
  enum Verdict {
    WAITING,
    DURABLE,
    /// The drive refuses what is to be on it.
    FAILED
  }

  private final WriteRecords records;
  private final boolean isPowerSafe;
  private final FlushHabit[] habits;

  Durability(WriteRecords records, boolean isPowerSafe, int volumeCount) {
    this.records = records;
    this.isPowerSafe = isPowerSafe;
    habits = new FlushHabit[volumeCount];
    for (int i = 0; i < volumeCount; i++) {
      habits[i] = new FlushHabit();
    }
  }

  /// A host flushes the volume. Before [#begin].
  void onFlush(Volume volume) {
    habits[volume.index()].onFlush();
  }

  /// A write without FUA is answered. Told before its host may ask for more: where a FLUSH is
  /// expected the drive works while the answer travels.
  void onWritten(HostRequest request) {
    int volume = request.volume.index();
    if (habits[volume].onWrite() && !isPowerSafe) {
      records.wantFlush(volume, request.highestNumber);
    }
  }

  /// The request waits for all of its volume's writes up to this one.
  Verdict begin(HostRequest request, long upToNumber) {
    int volume = request.volume.index();
    request.highestNumber = upToNumber;
    boolean isKept = isPowerSafe && !request.volume.isBehind();
    if (isKept && !records.isDestageFailing(volume)) {
      // It waits for its drive in memory that outlives the power, as the drive's own content does.
      return Verdict.DURABLE;
    }
    records.wantFlush(volume, upToNumber);
    return step(request);
  }

  /// What has become of a request that waits.
  Verdict step(HostRequest request) {
    int volume = request.volume.index();
    boolean isOnDrive =
        records.isStableUpTo(volume, request.highestNumber) && !request.volume.isBehind();
    if (isOnDrive || isOnPeersDrive(request)) {
      return Verdict.DURABLE;
    }
    return records.isDestageFailing(volume) ? Verdict.FAILED : Verdict.WAITING;
  }

  /// True if the own drive is in doubt, and the peer's holds all that the request covers, also
  /// should both cabinets lose their memory: with `ack: received` this one's drive would be
  /// believed then, and copied over the peer's (`specs/decisions`).
  private boolean isOnPeersDrive(HostRequest request) {
    Volume volume = request.volume;
    return records.isDriveInDoubt(volume.index())
        && volume.role() == VolumeRole.R1
        && volume.ack() == AckMode.STORED
        && volume.pairState() == PairState.SYNCHRONIZED
        && records.isStableThereUpTo(volume.index(), request.highestNumber);
  }
}
