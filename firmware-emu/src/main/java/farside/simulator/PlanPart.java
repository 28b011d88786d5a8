package farside.simulator;

import java.util.Collection;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Which elements of a seed's plan a run has: all, some of them, or all but some.
///
/// @param only true: those that are named; false: all others
/// @param numbers as the plan shows them, from 1
public record PlanPart(boolean only, NavigableSet<Integer> numbers) {
  public static final PlanPart WHOLE = without(new TreeSet<>());

  public static PlanPart only(Collection<Integer> numbers) {
    return new PlanPart(true, new TreeSet<>(numbers));
  }

  public static PlanPart without(Collection<Integer> numbers) {
    return new PlanPart(false, new TreeSet<>(numbers));
  }

  boolean has(int number) {
    return numbers.contains(number) == only;
  }

  /// As an option of `farside sim`; empty for the whole.
  String option() {
    if (!only && numbers.isEmpty()) {
      return "";
    }
    // None at all is spelled 0, which no element has.
    return (only ? " --only=" : " --without=")
        + (numbers.isEmpty()
            ? "0"
            : numbers.stream().map(String::valueOf).collect(Collectors.joining(",")));
  }
}
