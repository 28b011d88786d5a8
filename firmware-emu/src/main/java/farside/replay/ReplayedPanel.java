package farside.replay;

import farside.port.LinkPort;
import farside.port.PatchPanelPort;
import java.util.function.IntSupplier;

/// A patch panel that has in the way what the recorded one had.
final class ReplayedPanel implements PatchPanelPort {
  private final FactCursor cursor;
  private final IntSupplier nextPort;

  /// @param nextPort the number that the next link gets
  ReplayedPanel(FactCursor cursor, IntSupplier nextPort) {
    this.cursor = cursor;
    this.nextPort = nextPort;
  }

  @Override
  public String obstacle(End end, String address) {
    Fact next = cursor.peek();
    return next != null && next.kind() == FactKind.PANEL_OBSTACLE ? next.text("obstacle") : "";
  }

  @Override
  public LinkPort plug(String name, End end, String address) {
    return new ReplayedLink(cursor, nextPort.getAsInt(), name);
  }

  @Override
  public void pull(LinkPort link) {}
}
