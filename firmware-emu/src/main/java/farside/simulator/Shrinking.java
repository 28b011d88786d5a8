package farside.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Makes a list of numbers smaller for as long as the rest still fails: delta debugging (Zeller
/// and Hildebrandt, 2002). First one half or the other is left out, then quarters, and in the
/// end each number by itself: none of those that are left can be spared.
final class Shrinking {
  private final Predicate<List<Integer>> fails;

  /// What was tried before: each try costs a run.
  private final TreeMap<String, Boolean> known = new TreeMap<>();

  private final int triesMax;

  /// @param fails true if the run with these alone still fails
  /// @param triesMax after so many the smallest list found until then is the answer
  Shrinking(Predicate<List<Integer>> fails, int triesMax) {
    this.fails = fails;
    this.triesMax = triesMax;
  }

  int tries() {
    return known.size();
  }

  /// The whole is known to fail.
  List<Integer> of(List<Integer> whole) {
    List<Integer> left = List.copyOf(whole);
    int parts = 2;
    while (!left.isEmpty()) {
      List<Integer> smaller = withoutOneOf(left, Math.min(parts, left.size()));
      if (smaller != null) {
        left = smaller;
        parts = Math.max(parts - 1, 2);
      } else if (parts >= left.size()) {
        break;
      } else {
        parts *= 2;
      }
    }
    return left;
  }

  /// The list without one of so many parts of it, if it still fails; null if it never does.
  private List<Integer> withoutOneOf(List<Integer> list, int parts) {
    for (int i = parts - 1; i >= 0; i--) {
      int from = (int) ((long) list.size() * i / parts);
      int to = (int) ((long) list.size() * (i + 1) / parts);
      List<Integer> rest = new ArrayList<>(list.subList(0, from));
      rest.addAll(list.subList(to, list.size()));
      if (stillFails(rest)) {
        return List.copyOf(rest);
      }
    }
    return null;
  }

  private boolean stillFails(List<Integer> list) {
    String key = new TreeSet<>(list).toString();
    if (!known.containsKey(key)) {
      if (tries() >= triesMax) {
        return false;
      }
      known.put(key, fails.test(list));
    }
    return known.get(key);
  }
}
