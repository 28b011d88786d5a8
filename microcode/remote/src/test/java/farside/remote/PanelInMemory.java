package farside.remote;

import farside.port.LinkPort;
import farside.port.PatchPanelPort;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A patch panel with lines of the test behind it, each found by its name.
final class PanelInMemory implements PatchPanelPort {
  final List<String> pulled = new ArrayList<>();
  private final Map<String, TimedLine> lines = new LinkedHashMap<>();

  /// The line lies here, and nobody has plugged it in.
  void lay(TimedLine end) {
    end.setPlugged(false);
    lines.put(end.name(), end);
  }

  @Override
  public String obstacle(End end, String address) {
    return address.equals("nowhere") ? "nowhere is no address" : "";
  }

  @Override
  public LinkPort plug(String name, End end, String address) {
    TimedLine line = lines.get(name);
    line.setPlugged(true);
    return line;
  }

  @Override
  public void pull(LinkPort link) {
    ((TimedLine) link).setPlugged(false);
    pulled.add(link.name());
  }
}
