package farside.rig.description;

import java.util.ArrayList;
import java.util.List;

/// Every mistake that is found in one text, rather than the first.
final class Mistakes {
  private final YamlText text;
  private final List<Mistake> found = new ArrayList<>();

  Mistakes(YamlText text) {
    this.text = text;
  }

  List<Mistake> found() {
    return found;
  }

  /// Refuses a value.
  void refuse(String pointer, String what, String cure) {
    found.add(new Mistake(text.valuePlace(pointer), what, cure));
  }

  /// Refuses a thing for what it lacks: the place is that of its name.
  void refuseKey(String pointer, String what, String cure) {
    found.add(new Mistake(text.keyPlace(pointer), what, cure));
  }

  /// Refuses a name that nothing has.
  void refuseUnknown(String pointer, String kind, String name, List<String> known) {
    String cure = NearestWord.to(name, known)
        .map(nearest -> "Did you mean %s?".formatted(Shown.quoted(nearest)))
        .orElse("There is: %s.".formatted(Shown.list(known)));
    refuse(pointer, "there is no %s named %s".formatted(kind, Shown.quoted(name)), cure);
  }

  /// The line in which a value stands.
  int lineOf(String pointer) {
    return text.valuePlace(pointer).line();
  }
}
