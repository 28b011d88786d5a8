package farside.replay;

import java.io.IOException;

/// Gives the facts of a recording in order.
interface FactSource {
  /// The next fact, or null when there is none left.
  Fact next() throws IOException;
}
