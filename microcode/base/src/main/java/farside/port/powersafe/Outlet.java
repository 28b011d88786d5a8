package farside.port.powersafe;

import farside.port.DrivePort;
import farside.port.HostPort;
import farside.port.LinkPort;
import java.util.ArrayList;
import java.util.List;

/// Everything through which a cabinet acts on the world, held shut while what it acts upon is
/// not durable.
///
/// | goes out | held? | because |
/// |----------|-------|---------|
/// | answers to hosts, data that is read | yes | an answer promises; what was read once must stay |
/// | frames to the peer | yes | an acknowledgement promises; a write announces its pending bit |
/// | writes and zeroes to drives, labels too | yes | intent before the drive has it |
/// | reads and flushes of drives | no | they change nothing that a restart could miss |
/// | what is asked of a host's socket | no | it only fills memory that is not committed yet |
/// | the console, events | no | they promise nothing |
///
/// What is held goes out in order, through the same port, when the log has what the region held
/// at the time.
public final class Outlet {
  private final NvramLog log;
  private final List<Held> held = new ArrayList<>();

  /// One port's part.
  interface Held {
    /// Lets go of what may go; returns how much that was.
    int release();

    boolean isEmpty();
  }

  public Outlet(NvramLog log) {
    this.log = log;
  }

  public HostPort over(HostPort port) {
    HeldHost filter = new HeldHost(port, log);
    held.add(filter);
    return filter;
  }

  public LinkPort over(LinkPort port) {
    HeldLink filter = new HeldLink(port, log);
    held.add(filter);
    return filter;
  }

  public DrivePort over(DrivePort port) {
    HeldDrive filter = new HeldDrive(port, log);
    held.add(filter);
    return filter;
  }

  /// Before a round of the directors.
  ///
  /// @throws farside.director.CabinetRefused if the log cannot be written
  public int beforeRound() {
    return log.poll() + release();
  }

  /// After a round of the directors.
  public int afterRound() {
    return log.seal();
  }

  private int release() {
    int work = 0;
    for (int i = 0; i < held.size(); i++) {
      work += held.get(i).release();
    }
    return work;
  }

  /// True if nothing is held, and the region is durable as it is.
  public boolean isIdle() {
    for (int i = 0; i < held.size(); i++) {
      if (!held.get(i).isEmpty()) {
        return false;
      }
    }
    return log.isDurable();
  }
}
