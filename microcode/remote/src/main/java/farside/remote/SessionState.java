package farside.remote;

/// The life of the session with the peer, in the order in which a healthy session lives it.
///
/// | from | may become | because |
/// |------|------------|---------|
/// | OFFLINE | GREETING | the link has carrier |
/// | GREETING | COMPARING, OFFLINE | the peer answered with our epoch; or carrier is gone |
/// | COMPARING | READY, GREETING, OFFLINE | all settled; peer anew or silent; no carrier |
/// | READY | GREETING, OFFLINE | peer anew or silent, or a cut; no carrier |
public enum SessionState {
  OFFLINE,
  GREETING,
  /// Both sides tell what they hold of each volume, and each R1 decides.
  COMPARING,
  /// Writes flow.
  READY;

  public boolean mayBecome(SessionState next) {
    return switch (this) {
      case OFFLINE -> next == GREETING;
      case GREETING -> next == COMPARING || next == OFFLINE;
      case COMPARING -> next == READY || next == GREETING || next == OFFLINE;
      case READY -> next == GREETING || next == OFFLINE;
    };
  }

  public boolean isUp() {
    return this == COMPARING || this == READY;
  }
}
