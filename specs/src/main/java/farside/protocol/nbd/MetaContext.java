package farside.protocol.nbd;

import java.util.List;

/// The one metadata context that is served: `base:allocation`, which tells what reads zero.
///
/// | flag | bit | notes                                         |
/// |------|----:|-----------------------------------------------|
/// | HOLE |   0 | nothing is kept for it; a write may need room |
/// | ZERO |   1 | it reads zero                                 |
///
/// No flag is always a safe answer.
public final class MetaContext {
  public static final String ALLOCATION = "base:allocation";

  /// What names it in the replies of a session.
  public static final int ALLOCATION_ID = 1;

  public static final int HOLE = 1;
  public static final int ZERO = 1 << 1;

  private static final String NAMESPACE = "base:";

  private MetaContext() {}

  /// True if these queries of a LIST name it: none at all stands for every context, a namespace
  /// for all that is in it.
  static boolean isListed(List<String> queries) {
    return queries.isEmpty() || queries.contains(NAMESPACE) || queries.contains(ALLOCATION);
  }

  /// True if these queries of a SET choose it: only its own name does. Other namespaces are
  /// passed over.
  static boolean isChosen(List<String> queries) {
    return queries.contains(ALLOCATION);
  }
}
