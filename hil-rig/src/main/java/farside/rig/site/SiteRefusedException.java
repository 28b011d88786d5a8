package farside.rig.site;

/// A site that cannot run as things are on this machine: a drive in use, a port taken, a full
/// disk. The message says which, where, and the cure.
public final class SiteRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  SiteRefusedException(String site, String message, Throwable cause) {
    super("site %s: %s".formatted(site, message), cause);
  }
}
