package farside.disk;

import farside.director.Director;
import farside.director.EventCode;
import farside.director.EventLog;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.volume.DriveLabel;
import farside.volume.Labels;
import farside.volume.Volume;

/// Writes the label of a drive when it was ordered, to its two copies in turn. The flush that
/// makes it durable is the one that the data gets too.
final class LabelWriter {
  private enum Step {
    NONE,
    WRITING,
    /// The drive has completed it, and no flush that covers it was submitted yet.
    WRITTEN,
    FLUSHING
  }

  private final int drive;
  private final DrivePort port;
  private final Labels labels;
  private final EventLog events;
  private final long address;
  private final IoVector vector = new IoVector();
  private Step step = Step.NONE;

  /// A flush failed while the label was on its way: it must be written again.
  private boolean again;

  private long ticket;

  /// The copy that the next label goes to: never the newest whole one.
  private int copy;

  private long retryAtNs = Director.NO_DEADLINE;

  /// @param address memory for one label
  LabelWriter(int drive, DrivePort port, Labels labels, EventLog events, long address) {
    this.drive = drive;
    this.port = port;
    this.labels = labels;
    this.events = events;
    this.address = address;
  }

  void setNextCopy(int copy) {
    this.copy = copy;
  }

  boolean isDue(long nowNs) {
    return step == Step.NONE
        && labels.volumeOf(drive) != null
        && labels.isWanted(drive)
        && (retryAtNs == Director.NO_DEADLINE || Director.isDue(retryAtNs, nowNs));
  }

  void submit(long incarnation, long tag) {
    step = Step.WRITING;
    retryAtNs = Director.NO_DEADLINE;
    ticket = labels.newestTicket(drive);
    labels.compose(drive, incarnation, events.wallMs()).encode(address);
    vector.clear().add(address, DriveLabel.BYTES);
    port.submitWrite(DriveLabel.offsetOf(copy, port.sizeBytes()), vector, tag);
  }

  /// True if the drive did not take it.
  boolean onWritten(DriveOutcome outcome, long nowNs) {
    if (outcome == DriveOutcome.DONE && !again) {
      step = Step.WRITTEN;
      return false;
    }
    fail(nowNs);
    if (outcome == DriveOutcome.DONE) {
      return false;
    }
    events.log(
        EventCode.DESTAGE_FAILED,
        port.name(),
        DriveLabel.offsetOf(copy, port.sizeBytes()),
        outcome,
        FailingTracks.RETRY_DELAY_NS / 1_000_000);
    return true;
  }

  boolean wantsFlush() {
    return step == Step.WRITTEN;
  }

  void onFlushSubmitted() {
    if (step == Step.WRITTEN) {
      step = Step.FLUSHING;
    }
  }

  void onFlushed() {
    if (step == Step.FLUSHING) {
      step = Step.NONE;
      copy = 1 - copy;
      labels.onDurable(drive, ticket);
      Volume volume = labels.volumeOf(drive);
      events.log(
          EventCode.LABEL_WRITTEN,
          port.name(),
          volume.pairState().shown() + ", volume " + volume.name());
    }
  }

  void onFlushFailed(long nowNs) {
    if (step == Step.WRITING) {
      again = true;
    } else if (step != Step.NONE) {
      fail(nowNs);
    }
  }

  /// Nobody knows what became of a label that was on its way when the drive hung.
  void onDoubt(long nowNs) {
    if (step != Step.NONE) {
      fail(nowNs);
    }
  }

  /// It goes to the same copy again: the other one may be the only whole one.
  private void fail(long nowNs) {
    step = Step.NONE;
    again = false;
    retryAtNs = nowNs + FailingTracks.RETRY_DELAY_NS;
    if (labels.onFailed(drive)) {
      events.log(EventCode.LABEL_REFUSED, port.name());
    }
  }

  /// True if the drive did not take its label when it was tried again: nothing else goes to it
  /// before.
  boolean isDriveOut() {
    return labels.isOut(drive);
  }

  long nextDeadlineNs() {
    return retryAtNs;
  }
}
