package farside.rig.description;

import java.util.List;

/// A rig file that cannot be used: a person slipped, and the message is the cure.
public final class RigRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  /// Further mistakes are often echoes of the first, so no more than these are shown.
  private static final int SHOWN_MAX = 10;

  private final transient List<Mistake> mistakes;

  RigRefusedException(String fileName, String text, List<Mistake> mistakes) {
    super(describe(fileName, text, mistakes));
    this.mistakes = List.copyOf(mistakes);
  }

  /// All mistakes, in the order in which they stand in the file; never empty.
  public List<Mistake> mistakes() {
    return mistakes;
  }

  /// For each mistake a line `rig FILE, line L: what. cure` (without the line if the file cannot
  /// be read), then the line of the file with a
  /// caret below the place.
  private static String describe(String fileName, String text, List<Mistake> mistakes) {
    List<String> lines = text.lines().toList();
    StringBuilder all = new StringBuilder();
    for (Mistake mistake : mistakes.subList(0, Math.min(SHOWN_MAX, mistakes.size()))) {
      Place place = mistake.place();
      all.append(all.isEmpty() ? "" : "\n")
          .append("rig %s%s: %s. %s"
              .formatted(
                  fileName,
                  place.line() == 0 ? "" : ", line " + place.line(),
                  mistake.what(),
                  mistake.cure()));
      if (place.line() > 0 && place.line() <= lines.size()) {
        showLine(all, lines.get(place.line() - 1), place.column());
      }
    }
    if (mistakes.size() > SHOWN_MAX) {
      all.append("\nrig %s: %d more mistakes are not shown."
          .formatted(fileName, mistakes.size() - SHOWN_MAX));
    }
    return all.toString();
  }

  private static void showLine(StringBuilder all, String line, int column) {
    String shown = Shown.printable(line);
    if (shown.isBlank() || shown.length() > 120) {
      return;
    }
    all.append("\n    ").append(shown);
    all.append("\n    ")
        .append(" ".repeat(Math.min(column - 1, shown.length())))
        .append('^');
  }
}
