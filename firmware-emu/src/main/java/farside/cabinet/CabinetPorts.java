package farside.cabinet;

import farside.port.ConsolePort;
import farside.port.DrivePort;
import farside.port.EventPort;
import farside.port.HostPort;
import farside.port.LinkPort;
import farside.port.NvramPort;
import farside.port.PatchPanelPort;
import farside.port.RandomPort;
import farside.port.RecorderPort;
import farside.port.powersafe.Outlet;
import java.util.List;

/// Everything outside that a cabinet is wired to.
///
/// @param recorder where the flight recorder's ring is; behind no outlet, since it promises nothing
/// @param drives in the order of the description
/// @param links in the order of the description; empty for a cabinet that mirrors nothing
/// @param panel where these links are plugged in, and others may be
public record CabinetPorts(
    NvramPort nvram,
    RecorderPort recorder,
    List<DrivePort> drives,
    List<LinkPort> links,
    PatchPanelPort panel,
    HostPort host,
    ConsolePort console,
    EventPort events,
    RandomPort random) {
  public CabinetPorts {
    drives = List.copyOf(drives);
    links = List.copyOf(links);
  }

  /// The same, with all that acts on the world behind an outlet.
  CabinetPorts through(Outlet outlet) {
    return new CabinetPorts(
        nvram,
        recorder,
        drives.stream().map(outlet::over).toList(),
        links.stream().map(outlet::over).toList(),
        outlet.over(panel),
        outlet.over(host),
        console,
        events,
        random);
  }
}
