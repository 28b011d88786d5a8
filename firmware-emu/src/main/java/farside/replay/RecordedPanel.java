package farside.replay;

import farside.port.LinkPort;
import farside.port.PatchPanelPort;

/// Stands in front of the patch panel and tells the recorder what crosses. A link that is
/// plugged in is recorded like those that were there from the start.
final class RecordedPanel implements PatchPanelPort {
  private final PortRecorder recorder;
  private final PatchPanelPort panel;

  RecordedPanel(PortRecorder recorder, PatchPanelPort panel) {
    this.recorder = recorder;
    this.panel = panel;
  }

  @Override
  public String obstacle(End end, String address) {
    String obstacle = panel.obstacle(end, address);
    recorder.note(FactKind.PANEL_OBSTACLE, 0, new String[] {end.name(), address, obstacle});
    return obstacle;
  }

  @Override
  public LinkPort plug(String name, End end, String address) {
    recorder.note(FactKind.PANEL_PLUG, 0, new String[] {name, end.name(), address});
    return new RecordedLink(recorder, panel.plug(name, end, address));
  }

  @Override
  public void pull(LinkPort link) {
    RecordedLink recorded = (RecordedLink) link;
    recorder.note(FactKind.PANEL_PULL, recorded.port());
    panel.pull(recorded.link());
  }
}
