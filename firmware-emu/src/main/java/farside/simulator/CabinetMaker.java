package farside.simulator;

import farside.cabinet.CabinetDescription;
import farside.port.ConsolePort;
import farside.port.DrivePort;
import farside.port.EventPort;
import farside.port.HostPort;
import farside.port.LinkPort;
import farside.port.NvramPort;
import farside.port.RandomPort;
import java.util.List;

/// Makes the cabinet of a site at each start of its process.
interface CabinetMaker {
  SteppedCabinet make(CabinetDescription description, Ports ports, long wallMsAtZero);

  /// What a cabinet is wired to.
  record Ports(
      NvramPort nvram,
      List<DrivePort> drives,
      List<LinkPort> links,
      HostPort host,
      ConsolePort console,
      EventPort events,
      RandomPort random) {
    public Ports {
      drives = List.copyOf(drives);
      links = List.copyOf(links);
    }
  }
}
