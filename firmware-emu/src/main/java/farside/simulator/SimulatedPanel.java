package farside.simulator;

import static farside.simulator.SimulationFailure.require;

import farside.port.LinkPort;
import farside.port.PatchPanelPort;
import java.util.ArrayList;
import java.util.List;

/// The patch panel of a site: every line of the rig ends here, plugged in or not.
///
/// The lines are told apart by the port of the address: the first is 1.
final class SimulatedPanel implements PatchPanelPort {
  private final List<SimulatedLink> lines;
  private final List<SimulatedLink> plugged = new ArrayList<>();
  private Runnable wake = () -> {};

  SimulatedPanel(List<SimulatedLink> lines) {
    this.lines = List.copyOf(lines);
  }

  /// A process has come, and with it the links of the rig.
  void open(Runnable wakeOwner) {
    wake = wakeOwner;
    for (SimulatedLink line : lines) {
      plugged.add(line);
      line.open(wake);
    }
  }

  void onProcessDeath() {
    plugged.clear();
    for (SimulatedLink line : lines) {
      line.onProcessDeath();
    }
  }

  static String addressOf(int line) {
    return "192.0.2.1:" + (line + 1);
  }

  boolean isPlugged(int line) {
    return plugged.contains(lines.get(line));
  }

  private SimulatedLink at(String address) {
    for (int i = 0; i < lines.size(); i++) {
      if (address.equals(addressOf(i))) {
        return lines.get(i);
      }
    }
    return null;
  }

  @Override
  public String obstacle(End end, String address) {
    SimulatedLink line = at(address);
    if (line == null) {
      return "No line ends at " + address + ".";
    }
    return plugged.contains(line) ? "Link " + line.name() + " is there already." : "";
  }

  @Override
  public LinkPort plug(String name, End end, String address) {
    SimulatedLink line = at(address);
    require(obstacle(end, address).isEmpty(), () -> "plugged in where it cannot be: " + address);
    require(line.name().equals(name), () -> "the line at " + address + " is called " + line.name());
    plugged.add(line);
    line.open(wake);
    return line;
  }

  @Override
  public void pull(LinkPort link) {
    SimulatedLink line = (SimulatedLink) link;
    require(plugged.remove(line), () -> "pulled out, and not plugged in: " + line.name());
    line.pulled();
  }
}
