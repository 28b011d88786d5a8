package farside.volume;

import farside.cache.BlockMask;
import farside.cache.TrackTable;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.director.MachineCheck;
import farside.port.NvramPort;
import java.util.Locale;

/// One volume of the cabinet: what it is, where it lies, how it stands with its other mirror.
public final class Volume {
  private final int index;
  private final int number;
  private final String name;
  private final VolumeRole role;
  private final String group;
  private final AckMode ack;
  private final long sizeBytes;
  private final int blockBytes;
  private final int driveIndex;
  private final TrackTable table;
  private final StandingStore store;
  private final EventLog events;
  private Standing standing;
  private boolean ready;
  private boolean held;
  private boolean labelledBehind;
  private String notReadyReason = "IML has not reached it";

  /// @param stateOffset where NVRAM keeps its standing
  public Volume(
      int index,
      int number,
      VolumeRole role,
      String group,
      AckMode ack,
      long sizeBytes,
      int blockBytes,
      int driveIndex,
      TrackTable table,
      NvramPort nvram,
      long stateOffset,
      EventLog events) {
    this.index = index;
    this.number = number;
    this.name = nameOf(number);
    this.role = role;
    this.group = group;
    this.ack = ack;
    this.sizeBytes = sizeBytes;
    this.blockBytes = blockBytes;
    this.driveIndex = driveIndex;
    this.table = table;
    this.store = new StandingStore(nvram, stateOffset);
    this.events = events;
  }

  public int index() {
    return index;
  }

  public int number() {
    return number;
  }

  /// Four hex digits, as hosts and operators know it.
  public String name() {
    return name;
  }

  public static String nameOf(int number) {
    return String.format(Locale.ROOT, "%04X", number);
  }

  public VolumeRole role() {
    return role;
  }

  /// Consistency group; empty for a local volume.
  public String group() {
    return group;
  }

  /// When a host's write is answered while both mirrors are equal.
  public AckMode ack() {
    return ack;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  public int tracks() {
    return (int) ((sizeBytes + BlockMask.TRACK_BYTES - 1) / BlockMask.TRACK_BYTES);
  }

  public int blockBytes() {
    return blockBytes;
  }

  public int driveIndex() {
    return driveIndex;
  }

  public TrackTable table() {
    return table;
  }

  public Standing standing() {
    return standing;
  }

  public PairState pairState() {
    return standing.pairState();
  }

  /// IML: the standing as NVRAM has it; null if it has none.
  public Standing load() {
    standing = store.load();
    return standing;
  }

  /// IML: the standing that the label, or a fresh drive, calls for.
  public void begin(Standing first) {
    standing = first;
    store.store(first);
    record("begun");
  }

  private void record(String because) {
    events.recordStanding(
        number,
        standing.generation(),
        standing.base(),
        standing.offered(),
        standing.shown() + " (" + because + ")");
  }

  /// IML: the standing of a drive that has neither a label nor is known to be zero. NVRAM is told
  /// of it only when the label is on the drive ([#begin]): whoever is killed before finds a
  /// volume that nobody has heard of, and not one whose drive seems to have been exchanged.
  public void draft(Standing first) {
    standing = first;
  }

  /// The one door through which a volume changes its standing: checked against the table,
  /// committed to NVRAM, logged. The label follows; whoever needs it on the drive first waits
  /// for it.
  public void become(Standing next, String because) {
    PairState from = standing.pairState();
    PairState to = next.pairState();
    if (from != to) {
      MachineCheck.require(
          from.mayBecome(to), "volume " + name() + ": " + from + " may not become " + to);
    }
    standing = next;
    store.store(next);
    record(because);
    if (from != to) {
      events.log(EventCode.PAIR_STATE, name(), from.shown(), to.shown(), because);
    }
  }

  /// While set, no host write of the volume is released: its group is being cut, and the new
  /// generation is not on the drives yet.
  public boolean isHeld() {
    return held;
  }

  public void setHeld(boolean held) {
    this.held = held;
  }

  /// True while NVRAM says, or the label may say, that the peer's drive has what was
  /// acknowledged and this one lacks ([Standing#behind]). Should NVRAM be lost, what was written
  /// since is given up; so no FLUSH is answered.
  public boolean isBehind() {
    return standing.behind() || labelledBehind;
  }

  void setLabelledBehind(boolean isBehind) {
    labelledBehind = isBehind;
  }

  public boolean isReady() {
    return ready;
  }

  public String notReadyReason() {
    return notReadyReason;
  }

  public void setReady() {
    if (!ready) {
      ready = true;
      notReadyReason = "";
      events.log(EventCode.VOLUME_READY, name());
    }
  }

  public void setNotReady(String reason) {
    if (ready || !reason.equals(notReadyReason)) {
      ready = false;
      notReadyReason = reason;
      events.log(EventCode.VOLUME_NOT_READY, name(), reason);
    }
  }
}
