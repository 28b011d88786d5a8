package farside.disk;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.volume.DriveLabel;
import farside.volume.Labels;

/// Reads both copies of a drive's label at IML and decides whose the drive is.
final class LabelReader {
  private final int drive;
  private final DrivePort port;
  private final Labels labels;
  private final long address;
  private final DriveOutcome[] outcomes = new DriveOutcome[2];
  private long tag;
  private boolean started;
  private boolean done;
  private int newestCopy = 1;

  /// @param address memory for both copies
  LabelReader(int drive, DrivePort port, Labels labels, long address) {
    this.drive = drive;
    this.port = port;
    this.labels = labels;
    this.address = address;
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
    tag = firstTag;
    read(0);
  }

  private void read(int copy) {
    port.submitRead(
        DriveLabel.offsetOf(copy, port.sizeBytes()),
        address + (long) copy * DriveLabel.BYTES,
        DriveLabel.BYTES,
        tag | copy);
  }

  /// True if that makes another read.
  boolean onRead(int copy, DriveOutcome outcome) {
    outcomes[copy] = outcome;
    if (copy == 0) {
      read(1);
      return true;
    }
    done = true;
    labels.onFound(drive, judge());
    return false;
  }

  private Labels.FoundLabel judge() {
    DriveLabel newest = null;
    String unreadable = null;
    String unusable = null;
    boolean blank = true;
    for (int copy = 0; copy < 2; copy++) {
      if (outcomes[copy] != DriveOutcome.DONE) {
        unreadable = "label copy " + copy + " cannot be read: " + outcomes[copy];
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
      return new Labels.FoundLabel(newest, false, null);
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
