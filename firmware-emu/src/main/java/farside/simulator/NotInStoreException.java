package farside.simulator;

/// A run was to be made of elements that its seed does not have. The message says which, and how
/// many there are.
public final class NotInStoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  NotInStoreException(long seed, int number, int count) {
    super("seed " + seed + " has no element " + number + " in store, only 1 to " + count
        + ". Run it without --only and --without to see them");
  }
}
