package farside.simulator;

import farside.simulator.RigDraw.VolumeDraw;
import java.util.ArrayList;
import java.util.List;

/// What an operator may type at any moment: every command, right and wrong, but for those that
/// take a link or the cabinet away, which are faults of their own.
final class OperatorCommands {
  private OperatorCommands() {}

  static List<String> of(RigDraw rig) {
    List<String> commands = new ArrayList<>(List.of(
        "help",
        "help vary",
        "help nonsense",
        "query",
        "query please",
        "tracks",
        "tracks FFFF",
        "drives",
        "links",
        "log",
        "log 3",
        "log -1",
        "nonsense",
        "",
        "vary",
        "vary L9 off",
        "link",
        "link remove L9",
        "link add L9 nowhere",
        "shutdown now"));
    for (VolumeDraw volume : rig.volumes()) {
      commands.add("tracks " + volume.name());
    }
    for (int i = 0; i < rig.linkNames().size(); i++) {
      String link = rig.linkNames().get(i);
      commands.add("vary " + link + " on");
      commands.add("vary " + link + " aside");
      // It is there already, or it was removed and comes back early.
      commands.add("link add " + link + " listen " + SimulatedPanel.addressOf(i));
    }
    return commands;
  }
}
