package farside.disk;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.volume.DriveLabel;
import farside.volume.Labels;

/// Reads both copies of a drive's label, at IML and when the drive was in doubt, and decides
/// whose the drive is.
final class LabelReader {
  /// Reads of one copy: what fails once may be a drive that is just coming back.
  static final int TRIES_MAX = 4;

  private final DrivePort port;
  private final long address;
  private final DriveOutcome[] outcomes = new DriveOutcome[2];
  private int tries;
  private long tag;
  private boolean started;
  private boolean done;
  private boolean sawItGone;
  private int newestCopy = 1;
  private String unreadable;
  private Labels.FoundLabel found;

  /// @param address memory for both copies
  LabelReader(DrivePort port, long address) {
    this.port = port;
    this.address = address;
  }

  /// What was read counts no more: it is to be read again.
  void forget() {
    started = false;
    done = false;
  }

  boolean isStarted() {
    return started;
  }

  boolean isDone() {
    return done;
  }

  /// Which copy was believed; with none it does not matter which is kept.
  int newestCopy() {
    return newestCopy;
  }

  /// One copy after the other: the drive may take no more than one request at a time.
  void start(long firstTag) {
    started = true;
    sawItGone = false;
    tag = firstTag;
    tries = 0;
    read(0);
  }

  private void read(int copy) {
    tries++;
    port.submitRead(
        DriveLabel.offsetOf(copy, port.sizeBytes()),
        address + (long) copy * DriveLabel.BYTES,
        DriveLabel.BYTES,
        tag | copy);
  }

  /// True if both have been read.
  boolean onRead(int copy, DriveOutcome outcome) {
    outcomes[copy] = outcome;
    sawItGone |= outcome == DriveOutcome.GONE;
    if (outcome != DriveOutcome.DONE && tries < TRIES_MAX) {
      read(copy);
      return false;
    }
    if (copy == 0) {
      tries = 0;
      read(1);
      return false;
    }
    found = judge();
    done = true;
    return true;
  }

  Labels.FoundLabel found() {
    return found;
  }

  /// True if a copy could not be read: nothing can be said then of a label that is missing.
  boolean isUnreadable() {
    return unreadable != null;
  }

  /// Which copy could not be read, where and why; null if both could.
  String unreadable() {
    return unreadable;
  }

  /// True if a copy could not be read and the drive was not there, though perhaps it is now.
  boolean isDriveGone() {
    return sawItGone && isUnreadable();
  }

  private Labels.FoundLabel judge() {
    DriveLabel newest = null;
    unreadable = null;
    String unusable = null;
    boolean blank = true;
    for (int copy = 0; copy < 2; copy++) {
      if (outcomes[copy] != DriveOutcome.DONE) {
        unreadable = "label copy " + copy + ", at byte "
            + DriveLabel.offsetOf(copy, port.sizeBytes()) + ", cannot be read: " + outcomes[copy];
        continue;
      }
      switch (DriveLabel.decode(address + (long) copy * DriveLabel.BYTES)) {
        case DriveLabel.Found.None none -> blank &= none.allZero();
        case DriveLabel.Found.Unusable bad -> {
          blank = false;
          unusable = "label copy " + copy + " cannot be used: " + bad.reason();
        }
        case DriveLabel.Found.Whole whole -> {
          blank = false;
          if (newest == null || whole.label().sequence() > newest.sequence()) {
            newest = whole.label();
            newestCopy = copy;
          }
        }
      }
    }
    if (newest != null) {
      return new Labels.FoundLabel(newest, false, null, unreadable);
    }
    if (unreadable != null) {
      return new Labels.FoundLabel(null, false, unreadable);
    }
    // Only the labels may ever have been written to: whoever was about to label the drive for
    // the first time was stopped. The label is torn or not there, and no host was served yet.
    if (port.isKnownZeroBelow(DriveLabel.offsetOf(0, port.sizeBytes()))) {
      return new Labels.FoundLabel(null, true, null);
    }
    if (unusable != null) {
      return new Labels.FoundLabel(null, false, unusable);
    }
    if (port.mayBeLabelled()) {
      return new Labels.FoundLabel(null, false, null);
    }
    return new Labels.FoundLabel(
        null,
        false,
        blank
            ? "it carries no Farside label and was not made by this cabinet"
            : "it carries no Farside label, and other data where the label would be");
  }
}
