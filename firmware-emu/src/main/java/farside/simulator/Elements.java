package farside.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The list of what a seed has in store for its run: faults, hosts, and what is special about its
/// rig, each with a number, of which any can be left out. What is left out is drawn, and has its
/// number, all the same: so the others are as they would be with it.
final class Elements {
  private final PlanPart part;
  private final List<String> lines = new ArrayList<>();
  private int count;

  /// @param part what the run has of it
  Elements(PlanPart part) {
    this.part = part;
  }

  /// A line above those that follow.
  void title(String line) {
    lines.add(line);
  }

  /// Names the next one; true if the run has it.
  boolean has(String what) {
    return hasEach(1, what).getFirst();
  }

  /// Names the next few, which are parts of one thing; of each, whether the run has it.
  List<Boolean> hasEach(int few, String what) {
    int first = count + 1;
    count += few;
    String numbers = IntStream.rangeClosed(first, count)
        .filter(part::has)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(","));
    if (!numbers.isEmpty()) {
      lines.add(numbers + ": " + what);
    }
    return IntStream.rangeClosed(first, count).mapToObj(part::has).toList();
  }

  /// How many there are, with those that are left out.
  int count() {
    return count;
  }

  /// What is not left out, for people.
  List<String> lines() {
    return lines;
  }
}
