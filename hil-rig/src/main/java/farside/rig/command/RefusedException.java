package farside.rig.command;

import farside.rig.description.RigRefusedException;

/// A command that cannot be done, with the message for the person and the exit status.
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int exitStatus;

  RefusedException(int exitStatus, String message) {
    super(message);
    this.exitStatus = exitStatus;
  }

  RefusedException(RigRefusedException cause) {
    super(cause.getMessage(), cause);
    this.exitStatus = ExitStatus.USAGE;
  }

  int exitStatus() {
    return exitStatus;
  }
}
