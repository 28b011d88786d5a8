package farside.rig.command;

/// What the launcher's exit status means.
public final class ExitStatus {
  public static final int DONE = 0;
  public static final int FAILED = 1;
  public static final int USAGE = 2;
  public static final int NOT_REACHABLE = 3;

  /// A machine check: the cabinet stopped at once. The number is that of `sysexits.h` for a
  /// fault in software.
  public static final int MACHINE_CHECK = 70;

  private ExitStatus() {}
}
