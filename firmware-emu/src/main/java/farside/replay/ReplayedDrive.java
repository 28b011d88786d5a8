package farside.replay;

import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import java.util.HashMap;
import java.util.Map;

/// A drive that answers as the recorded one did, and keeps nothing.
final class ReplayedDrive implements DrivePort {
  private final Arrivals arrivals;
  private final Fact attached;
  private final Map<Long, RecordedDrive.Target> targets = new HashMap<>();

  /// @param attached the fact that tells what it is
  ReplayedDrive(FactCursor cursor, Fact attached) {
    arrivals = new Arrivals(cursor, attached.port());
    this.attached = attached;
  }

  @Override
  public String name() {
    return attached.text("name");
  }

  @Override
  public String identity() {
    return attached.text("identity");
  }

  @Override
  public long sizeBytes() {
    return attached.number("sizeBytes");
  }

  @Override
  public int blockBytes() {
    return (int) attached.number("blockBytes");
  }

  @Override
  public boolean mayBeLabelled() {
    return attached.isTrue("mayBeLabelled");
  }

  @Override
  public int queueDepth() {
    return (int) attached.number("queueDepth");
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    Fact answer = arrivals.answer(FactKind.DRIVE_KNOWN_ZERO);
    return answer != null && answer.isTrue("isKnown");
  }

  @Override
  public void tellZeroes(ZeroSink sink) {
    Fact next = arrivals.answer(FactKind.DRIVE_ZEROES);
    while (next != null) {
      sink.onZeroes(next.number("fromBytes"), next.number("toBytes"));
      next = arrivals.answer(FactKind.DRIVE_ZEROES);
    }
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    targets.put(tag, new RecordedDrive.Target(new IoVector().add(address, lengthBytes)));
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    targets.put(tag, new RecordedDrive.Target(target));
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {}

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {}

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {}

  @Override
  public void submitFlush(long tag) {}

  @Override
  public int drain(DriveSink sink, int limit) {
    if (!arrivals.begin()) {
      return 0;
    }
    Fact next = arrivals.next();
    while (next != null && next.kind() == FactKind.DRIVE_COMPLETION) {
      RecordedDrive.Target target = targets.remove(next.number("tag"));
      if (target != null) {
        target.put(next.content());
      }
      sink.onCompletion(
          next.number("tag"),
          DriveOutcome.values()[(int) next.number("outcome")],
          next.number("firstBadByte"));
      next = arrivals.next();
    }
    return arrivals.count();
  }
}
