package farside.simulator;

import farside.cabinet.CabinetDescription;
import farside.cabinet.CabinetPorts;

/// Makes the cabinet of a site at each start of its process.
interface CabinetMaker {
  SteppedCabinet make(CabinetDescription description, CabinetPorts ports, long wallMsAtZero);
}
