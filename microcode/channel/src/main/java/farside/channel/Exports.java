package farside.channel;

import farside.port.HostExport;
import farside.port.HostPort;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import farside.volume.Volumes;
import java.util.Locale;

/// What hosts may connect to: each volume as it stood when the host port was last told of it.
final class Exports {
  private final HostPort host;
  private final Volumes volumes;
  private final HostExport[] shown;

  Exports(HostPort host, Volumes volumes) {
    this.host = host;
    this.volumes = volumes;
    this.shown = new HostExport[volumes.count()];
  }

  /// Offers anew what has become ready since, or not ready, or for another reason; how many.
  int offerChanged() {
    int work = 0;
    for (int i = 0; i < shown.length; i++) {
      Volume volume = volumes.get(i);
      HostExport before = shown[i];
      if (before == null
          || before.ready() != volume.isReady()
          || !before.reason().equals(volume.notReadyReason())) {
        shown[i] = exportOf(volume);
        host.offer(shown[i]);
        work++;
      }
    }
    return work;
  }

  private static HostExport exportOf(Volume volume) {
    String description = String.format(
        Locale.ROOT,
        "volume %s, %s, %d MiB",
        volume.name(),
        volume.role(),
        volume.sizeBytes() >> 20);
    return new HostExport(
        volume.name(),
        description,
        volume.sizeBytes(),
        Math.max(4096, volume.blockBytes()),
        volume.role() == VolumeRole.R2,
        volume.isReady(),
        volume.notReadyReason());
  }
}
