package farside.remote;

import farside.cache.SlotDirectory;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.Recurrences;
import farside.volume.Volume;

/// Volumes whose drive is in doubt and whose blocks come from the peer instead.
///
/// Every read of a host may be one of these. So it is told once when the first block has come,
/// and once when the drive is read again; what could not be had is told less and less often.
final class StandIns {
  private final SlotDirectory slots;
  private final EventLog events;
  private final Volume[] volumes;

  /// Per volume: blocks that came since its drive is in doubt.
  private final long[] blocks;

  private final Recurrences refusals = new Recurrences();

  /// @param volumes of the cabinet, by index
  StandIns(SlotDirectory slots, Volume[] volumes, EventLog events) {
    this.slots = slots;
    this.volumes = volumes;
    this.events = events;
    blocks = new long[volumes.length];
  }

  void onBrought(Volume volume, int blockCount) {
    if (blocks[volume.index()] == 0) {
      events.log(EventCode.READ_FROM_PEER, volume.name());
    }
    blocks[volume.index()] += blockCount;
  }

  /// True if it is to be told that the peer does not give blocks of the volume either.
  boolean isRefusalToBeTold(Volume volume) {
    return refusals.count(volume.index()) > 0;
  }

  int step() {
    int work = 0;
    for (Volume volume : volumes) {
      int index = volume.index();
      if (blocks[index] > 0 && !slots.isInDoubt(index)) {
        events.log(EventCode.READ_FROM_DRIVE, volume.name(), blocks[index]);
        blocks[index] = 0;
        work++;
      }
    }
    return work;
  }
}
