package farside.disk;

/// How far a drive is trusted to answer.
///
/// | from      | may become             | because                                          |
/// |-----------|------------------------|--------------------------------------------------|
/// | WELL      | SUSPECT                | a request took, or has taken so far, too long    |
/// | SUSPECT   | WELL                   | none has for a while                             |
/// | SUSPECT   | IN_DOUBT               | one does not come back: nothing more is sent     |
/// | IN_DOUBT  | RETURNING              | all have come back, whatever became of them      |
/// | RETURNING | SUSPECT                | it is still our drive, and has taken its label   |
/// | RETURNING | IN_DOUBT               | it hangs again                                   |
/// | RETURNING | REFUSED                | its label is not the one that we gave it         |
/// | REFUSED   | -                      | the cabinet is to be started with the right one  |
enum DriveHealth {
  WELL("well"),
  SUSPECT("suspect"),
  IN_DOUBT("in doubt"),
  RETURNING("returning"),
  REFUSED("refused");

  private final String shown;

  DriveHealth(String shown) {
    this.shown = shown;
  }

  /// As the console shows it.
  String shown() {
    return shown;
  }

  /// True if nothing is sent to the drive and nothing is awaited from it.
  boolean isOutOfUse() {
    return this == IN_DOUBT || this == REFUSED;
  }

  boolean mayBecome(DriveHealth next) {
    return switch (this) {
      case WELL -> next == SUSPECT;
      case SUSPECT -> next == WELL || next == IN_DOUBT;
      case IN_DOUBT -> next == RETURNING;
      case RETURNING -> next == SUSPECT || next == IN_DOUBT || next == REFUSED;
      case REFUSED -> false;
    };
  }
}
