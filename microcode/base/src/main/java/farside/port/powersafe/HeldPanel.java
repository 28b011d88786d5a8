package farside.port.powersafe;

import farside.port.LinkPort;
import farside.port.PatchPanelPort;

/// A patch panel whose links are all behind the outlet.
final class HeldPanel implements PatchPanelPort {
  private final PatchPanelPort panel;
  private final Outlet outlet;

  HeldPanel(PatchPanelPort panel, Outlet outlet) {
    this.panel = panel;
    this.outlet = outlet;
  }

  @Override
  public String obstacle(End end, String address) {
    return panel.obstacle(end, address);
  }

  @Override
  public LinkPort plug(String name, End end, String address) {
    return outlet.over(panel.plug(name, end, address));
  }

  @Override
  public void pull(LinkPort link) {
    panel.pull(outlet.letGo(link));
  }
}
