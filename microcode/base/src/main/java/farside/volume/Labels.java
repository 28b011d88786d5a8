package farside.volume;

/// The desk where labels are ordered and delivered: the disk adapter reads them at IML and
/// writes them when asked; whoever asks holds a ticket and looks whether it is on the drive
/// yet.
public final class Labels {
  /// What the disk adapter found at IML.
  ///
  /// @param label null if there is none that can be used
  /// @param refusal why the drive must not be used; null if it may be
  /// @param doubt why there may be a newer label than this one; null if there is none
  public record FoundLabel(DriveLabel label, boolean knownZero, String refusal, String doubt) {
    public FoundLabel(DriveLabel label, boolean knownZero, String refusal) {
      this(label, knownZero, refusal, null);
    }
  }

  private static final int FAILURES_UNTIL_OUT = 2;

  private final Volume[] volumeOfDrive;
  private final String serial;
  private final String[] driveNames;
  private final FoundLabel[] found;
  private final long[] sequence;
  private final long[] labelId;
  private final long[] wanted;
  private final long[] durable;
  private final int[] failures;
  private final boolean[] inDoubt;

  /// Per drive: its newest label, made and perhaps not durable yet, calls the volume behind.
  private final boolean[] callsBehind;

  private boolean clean;

  /// @param volumeOfDrive the volume on each drive; null for a drive without one
  public Labels(String serial, String[] driveNames, Volume[] volumeOfDrive) {
    this.serial = serial;
    this.driveNames = driveNames.clone();
    this.volumeOfDrive = volumeOfDrive.clone();
    found = new FoundLabel[driveNames.length];
    sequence = new long[driveNames.length];
    labelId = new long[driveNames.length];
    wanted = new long[driveNames.length];
    durable = new long[driveNames.length];
    failures = new int[driveNames.length];
    inDoubt = new boolean[driveNames.length];
    callsBehind = new boolean[driveNames.length];
  }

  public int driveCount() {
    return driveNames.length;
  }

  public String driveName(int drive) {
    return driveNames[drive];
  }

  public String serial() {
    return serial;
  }

  public Volume volumeOf(int drive) {
    return volumeOfDrive[drive];
  }

  public void onFound(int drive, FoundLabel label) {
    found[drive] = label;
    if (label.label() != null) {
      sequence[drive] = label.label().sequence();
      labelId[drive] = label.label().labelId();
    }
    if (label.label() != null && volumeOfDrive[drive] != null) {
      volumeOfDrive[drive].setLabelledBehind(label.label().standing().behind());
    }
  }

  /// Null until the disk adapter has read it.
  public FoundLabel found(int drive) {
    return found[drive];
  }

  public void setLabelId(int drive, long id) {
    labelId[drive] = id;
  }

  /// From now on labels say that the cabinet ended cleanly.
  public void setClean(boolean clean) {
    this.clean = clean;
  }

  /// Orders the label of the drive to be written with the standing that holds then; returns a
  /// ticket.
  public long request(int drive) {
    return ++wanted[drive];
  }

  public boolean isDurable(int drive, long ticket) {
    return durable[drive] >= ticket;
  }

  /// An attempt to write the label failed; true if the drive is out from now on.
  public boolean onFailed(int drive) {
    return ++failures[drive] == FAILURES_UNTIL_OUT;
  }

  /// The drive has requests that do not return, or gave them back and is being looked at.
  public void setInDoubt(int drive, boolean isInDoubt) {
    inDoubt[drive] = isInDoubt;
  }

  public boolean isInDoubt(int drive) {
    return inDoubt[drive];
  }

  /// True if the drive could not take its label when it was tried again, or is in doubt. Nobody
  /// waits for it any more: NVRAM has the standing too. In return nothing goes to it before its
  /// label: what the drive holds must never be newer than what its label says.
  public boolean isOut(int drive) {
    return inDoubt[drive] || failures[drive] >= FAILURES_UNTIL_OUT;
  }

  /// True if a label found when the drive was looked at again is the one that this cabinet
  /// gave it; or is missing, as long as none was ever durable there.
  public boolean isStill(int drive, FoundLabel again) {
    return again.label() == null
        ? durable[drive] == 0 && found[drive].label() == null
        : again.label().labelId() == labelId[drive] && again.label().serial().equals(serial);
  }

  public boolean isWanted(int drive) {
    return wanted[drive] > durable[drive];
  }

  /// The newest order: a label made now fulfils every ticket up to it.
  public long newestTicket(int drive) {
    return wanted[drive];
  }

  /// The label as it must be written now.
  public DriveLabel compose(int drive, long incarnation, long wallMs) {
    Volume volume = volumeOfDrive[drive];
    callsBehind[drive] = volume.standing().behind();
    if (callsBehind[drive]) {
      volume.setLabelledBehind(true);
    }
    return new DriveLabel(
        clean,
        ++sequence[drive],
        labelId[drive],
        incarnation,
        wallMs,
        serial,
        driveNames[drive],
        volume.number(),
        volume.role(),
        volume.sizeBytes(),
        volume.blockBytes(),
        volume.standing());
  }

  public void onDurable(int drive, long ticket) {
    durable[drive] = Math.max(durable[drive], ticket);
    failures[drive] = 0;
    volumeOfDrive[drive].setLabelledBehind(callsBehind[drive]);
  }
}
