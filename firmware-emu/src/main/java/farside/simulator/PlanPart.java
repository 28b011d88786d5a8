package farside.simulator;

import java.util.Collection;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Which of the [Elements] that a seed has in store a run has: all, some of them, or all but some.
///
/// @param only true: those that are named; false: all others
/// @param numbers as the run shows them, from 1
/// @param variant 0, or another run of the same elements: all that is drawn after them is other
public record PlanPart(boolean only, NavigableSet<Integer> numbers, int variant) {
  public static final PlanPart WHOLE = without(new TreeSet<>());

  public static PlanPart only(Collection<Integer> numbers) {
    return new PlanPart(true, new TreeSet<>(numbers), 0);
  }

  public static PlanPart without(Collection<Integer> numbers) {
    return new PlanPart(false, new TreeSet<>(numbers), 0);
  }

  public PlanPart inVariant(int number) {
    return new PlanPart(only, numbers, number);
  }

  boolean has(int number) {
    return numbers.contains(number) == only;
  }

  /// 0 stands for none.
  ///
  /// @throws NotInStoreException if it names an element that the seed does not have
  void requireWithin(long seed, int count) {
    for (int number : numbers) {
      if (number < 0 || number > count) {
        throw new NotInStoreException(seed, number, count);
      }
    }
  }

  /// As an option of `farside sim`; empty for the whole.
  String option() {
    String other = variant == 0 ? "" : " --variant=" + variant;
    if (!only && numbers.isEmpty()) {
      return other;
    }
    // None at all is spelled 0, which no element has.
    return other
        + (only ? " --only=" : " --without=")
        + (numbers.isEmpty()
            ? "0"
            : numbers.stream().map(String::valueOf).collect(Collectors.joining(",")));
  }
}
