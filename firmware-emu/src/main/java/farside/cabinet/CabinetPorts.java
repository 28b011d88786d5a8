package farside.cabinet;

import farside.port.ConsolePort;
import farside.port.DrivePort;
import farside.port.EventPort;
import farside.port.HostPort;
import farside.port.LinkPort;
import farside.port.NvramPort;
import farside.port.RandomPort;
import farside.port.powersafe.Outlet;
import java.util.List;

/// Everything outside that a cabinet is wired to.
///
/// @param drives in the order of the description
/// @param links in the order of the description; empty for a cabinet that mirrors nothing
public record CabinetPorts(
    NvramPort nvram,
    List<DrivePort> drives,
    List<LinkPort> links,
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
        drives.stream().map(outlet::over).toList(),
        links.stream().map(outlet::over).toList(),
        outlet.over(host),
        console,
        events,
        random);
  }
}
