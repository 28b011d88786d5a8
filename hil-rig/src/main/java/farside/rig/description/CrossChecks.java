package farside.rig.description;

import java.util.HashMap;
import java.util.Map;

/// What a schema cannot say, because it takes two places of the text to see it: that the parts of
/// a rig go together. Here what a cabinet must be to the other; then each kind of part by itself.
final class CrossChecks {
  private static final int SCREEN_ROWS_MIN = 5;

  private final Rig rig;
  private final Mistakes mistakes;

  CrossChecks(Rig rig, Mistakes mistakes) {
    this.rig = rig;
    this.mistakes = mistakes;
  }

  void check() {
    checkSerials();
    checkConsoles();
    checkReadCaches();
    new DriveChecks(rig, mistakes).check();
    new LinkChecks(rig, mistakes).check();
    new VolumeChecks(rig, mistakes).check();
  }

  private void checkSerials() {
    Map<String, String> siteOfSerial = new HashMap<>();
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      String other = siteOfSerial.putIfAbsent(cabinet.serial(), cabinet.site());
      if (other != null) {
        mistakes.refuse(
            "/sites/" + cabinet.site() + "/serial",
            "sites %s and %s have the same serial %s"
                .formatted(other, cabinet.site(), cabinet.serial()),
            "Give each cabinet its own: it is how they tell each other apart.");
      }
    }
  }

  private void checkConsoles() {
    Map<String, String> siteOfDevice = new HashMap<>();
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      for (int i = 0; i < cabinet.consoles().size(); i++) {
        String pointer = "/sites/%s/consoles/%d".formatted(cabinet.site(), i);
        String device = cabinet.consoles().get(i).device();
        int rows = cabinet.consoles().get(i).rows();
        if (rows > 0 && rows < SCREEN_ROWS_MIN) {
          mistakes.refuse(
              pointer + "/rows",
              "a screen of %d rows is too small for pages".formatted(rows),
              "Let it be %d or more, or 0 for answers without pages.".formatted(SCREEN_ROWS_MIN));
        }
        String other = siteOfDevice.putIfAbsent(device, cabinet.site());
        if (other != null) {
          mistakes.refuse(
              pointer + "/device",
              "%s is the console of site %s already".formatted(device, other),
              "Give each console a line of its own.");
        }
      }
    }
  }

  /// Each volume has a slot that no other takes, however many a drive that hangs keeps.
  private void checkReadCaches() {
    for (Rig.Cabinet cabinet : rig.cabinets()) {
      int held = rig.volumesAt(cabinet.site()).size();
      if (held > cabinet.readSlots()) {
        mistakes.refuse(
            "/sites/%s/readCacheMiB".formatted(cabinet.site()),
            "a read cache of %d tracks is too small for the %d volumes of site %s"
                .formatted(cabinet.readSlots(), held, cabinet.site()),
            "Each volume needs a track of its own: let readCacheMiB be %d or more."
                .formatted(Math.ceilDiv(held, Rig.READ_SLOTS_PER_MIB)));
      }
    }
  }
}
