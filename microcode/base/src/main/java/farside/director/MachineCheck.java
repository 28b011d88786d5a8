package farside.director;

/// A failed check in microcode: we were wrong. The whole cabinet stops at once with its NVRAM
/// as it is, and IML recovers; shared memory that a fault may have left half changed is not
/// worked on.
public final class MachineCheck extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MachineCheck(String facts) {
    super(facts);
  }

  public static void require(boolean holds, String facts) {
    if (!holds) {
      throw new MachineCheck(facts);
    }
  }
}
