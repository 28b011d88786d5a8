package farside.cabinet;

import farside.cache.NvramLayout;
import java.util.List;

/// A cabinet as its rig describes it: plain facts, checked by the rig reader, free of devices.
///
/// @param site name of the site, such as `A`
/// @param serial what the peer knows this cabinet by; at most 16 ASCII characters
/// @param peerSerial the one cabinet that may mirror with this one; empty for none
/// @param readSlots track slots (64 KiB each) of the read cache: one for each volume at least
/// @param linkTimeoutMs how long a host write may wait for the peer before the group trips
/// @param heartbeatMs how often a silent link carries a sign of life
/// @param driveSlowMs a drive that takes longer for a request is suspect
/// @param driveHungMs a drive that has not answered for so long is in doubt
public record CabinetDescription(
    String site,
    String serial,
    String peerSerial,
    int readSlots,
    int linkTimeoutMs,
    int heartbeatMs,
    int driveSlowMs,
    int driveHungMs,
    List<DriveDescription> drives,
    List<VolumeDescription> volumes,
    List<LinkDescription> links) {

  public CabinetDescription {
    drives = List.copyOf(drives);
    volumes = List.copyOf(volumes);
    links = List.copyOf(links);
  }

  /// How such a cabinet lays out its NVRAM.
  public NvramLayout layoutOf(long nvramBytes) {
    return new NvramLayout(
        nvramBytes,
        volumes.stream().mapToInt(VolumeDescription::number).toArray(),
        volumes.stream().mapToLong(VolumeDescription::sizeBytes).toArray());
  }

  /// @param name such as `D1`
  public record DriveDescription(String name) {}

  /// @param number 0x0010 for volume `0010`
  /// @param role `R1` source of the pair here, `R2` target here, `LOCAL` not mirrored
  /// @param group name of the consistency group; empty for a local volume
  /// @param ack when its writes are answered; of no meaning for a local volume
  /// @param drive name of the drive that holds it, from block 0
  public record VolumeDescription(
      int number,
      farside.volume.VolumeRole role,
      String group,
      farside.volume.AckMode ack,
      long sizeBytes,
      int blockBytes,
      String drive) {}

  /// @param name such as `L1`
  public record LinkDescription(String name) {}
}
