package farside.director;

/// How often something has gone wrong at each of a number of places, so that it is told the
/// first, the second, the fourth, the eighth, ... time and nothing that is tried over and over
/// floods the log.
///
/// Bounded: the first [#PLACES_MAX] places have a count of their own, for as long as the process
/// lives, and all others one together.
public final class Recurrences {
  static final int PLACES_MAX = 32;

  private final long[] places = new long[PLACES_MAX];
  private final long[] counts = new long[PLACES_MAX];
  private int placeCount;
  private long elsewhereCount;

  /// It went wrong there once more. Returns how often it has, if that is to be told; else 0.
  public long count(long place) {
    long count = next(place);
    return Long.bitCount(count) == 1 ? count : 0;
  }

  private long next(long place) {
    for (int i = 0; i < placeCount; i++) {
      if (places[i] == place) {
        return ++counts[i];
      }
    }
    if (placeCount == PLACES_MAX) {
      return ++elsewhereCount;
    }
    places[placeCount] = place;
    counts[placeCount] = 1;
    placeCount++;
    return 1;
  }
}
