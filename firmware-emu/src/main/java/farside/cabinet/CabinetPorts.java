package farside.cabinet;

import farside.port.ConsolePort;
import farside.port.DrivePort;
import farside.port.EventPort;
import farside.port.HostPort;
import farside.port.LinkPort;
import farside.port.NvramPort;
import farside.port.RandomPort;
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
}
