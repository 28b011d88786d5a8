package farside.rig.description;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the links of a rig must be to each other, to the sites at their ends, and to whoever else
/// listens.
final class LinkChecks {
  private final Rig rig;
  private final Mistakes mistakes;

  LinkChecks(Rig rig, Mistakes mistakes) {
    this.rig = rig;
    this.mistakes = mistakes;
  }

  void check() {
    for (int i = 0; i < rig.links().size(); i++) {
      checkEnds(rig.links().get(i), "/links/" + i);
    }
    checkListeners();
    for (int later = 1; later < rig.links().size(); later++) {
      checkName(later);
      checkCall(later);
    }
  }

  private void checkEnds(Rig.Link link, String pointer) {
    checkSite(link.listenSite(), pointer + "/listen/site");
    checkSite(link.connectSite(), pointer + "/connect/site");
    if (link.listenSite().equals(link.connectSite())) {
      mistakes.refuse(
          pointer + "/connect/site",
          "site %s is at both ends of the link".formatted(link.connectSite()),
          "One site listens, the other connects.");
    }
  }

  private void checkSite(String site, String pointer) {
    if (rig.cabinet(site).isEmpty()) {
      mistakes.refuseUnknown(pointer, "site", site, rig.sites());
    }
  }

  private void checkListeners() {
    Map<String, HostAddress> listeners = new LinkedHashMap<>();
    rig.cabinets()
        .forEach(cabinet -> listeners.put("/sites/" + cabinet.site() + "/nbd", cabinet.nbd()));
    for (int i = 0; i < rig.links().size(); i++) {
      listeners.put("/links/%d/listen/address".formatted(i), rig.links().get(i).listenAddress());
    }
    List<String> pointers = List.copyOf(listeners.keySet());
    for (int later = 1; later < pointers.size(); later++) {
      for (int earlier = 0; earlier < later; earlier++) {
        HostAddress address = listeners.get(pointers.get(later));
        if (address.clashesWith(listeners.get(pointers.get(earlier)))) {
          mistakes.refuse(
              pointers.get(later),
              "%s is taken already, in line %d"
                  .formatted(address, mistakes.lineOf(pointers.get(earlier))),
              "Give each listener a port of its own.");
          break;
        }
      }
    }
  }

  private void checkName(int later) {
    Rig.Link link = rig.links().get(later);
    for (Rig.Link other : rig.links().subList(0, later)) {
      if (link.name().equalsIgnoreCase(other.name())) {
        mistakes.refuse(
            "/links/%d/name".formatted(later),
            "there are two links named %s".formatted(link.name()),
            "Rename one of them.");
        return;
      }
    }
  }

  /// Two links that call at one place would be one, whose connections replace each other for ever.
  private void checkCall(int later) {
    Rig.Link link = rig.links().get(later);
    for (Rig.Link other : rig.links().subList(0, later)) {
      if (link.connectSite().equals(other.connectSite())
          && link.connectAddress().clashesWith(other.connectAddress())
          && !link.listenAddress().clashesWith(other.listenAddress())) {
        mistakes.refuse(
            "/links/%d/connect/address".formatted(later),
            "links %s and %s call at the same address %s"
                .formatted(other.name(), link.name(), link.connectAddress()),
            "Give each link an address of its own.");
        return;
      }
    }
  }
}
