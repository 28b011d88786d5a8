package farside.replay;

import farside.port.DriveFilter;
import farside.port.DriveOutcome;
import farside.port.DrivePort;
import farside.port.IoVector;
import farside.port.Memory;
import java.util.HashMap;
import java.util.Map;

/// Stands in front of a drive and tells the recorder what crosses.
///
/// What a read has brought is in the memory of whoever asked; it is taken from there when the
/// completion is drained, before which nobody looks.
final class RecordedDrive extends DriveFilter {
  private final PortRecorder recorder;
  private final int port;
  private final DrainNotes notes;
  private final Map<Long, Target> targets = new HashMap<>();

  RecordedDrive(PortRecorder recorder, DrivePort drive) {
    super(drive);
    this.recorder = recorder;
    port = recorder.nextPort();
    notes = new DrainNotes(recorder, port);
    recorder.note(
        FactKind.DRIVE_ATTACHED,
        port,
        new String[] {drive.name(), drive.identity()},
        drive.sizeBytes(),
        drive.blockBytes(),
        drive.mayBeLabelled() ? 1 : 0,
        drive.queueDepth());
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    boolean isKnown = drive.isKnownZeroBelow(offsetBytes);
    recorder.note(FactKind.DRIVE_KNOWN_ZERO, port, offsetBytes, isKnown ? 1 : 0);
    return isKnown;
  }

  @Override
  public void tellZeroes(ZeroSink sink) {
    drive.tellZeroes((fromBytes, toBytes) -> {
      recorder.note(FactKind.DRIVE_ZEROES, port, fromBytes, toBytes);
      sink.onZeroes(fromBytes, toBytes);
    });
    recorder.note(FactKind.DRIVE_ZEROES_END, port);
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    targets.put(tag, new Target(new IoVector().add(address, lengthBytes)));
    recorder.note(FactKind.DRIVE_READ, port, offsetBytes, lengthBytes, tag);
    drive.submitRead(offsetBytes, address, lengthBytes, tag);
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    targets.put(tag, new Target(target));
    recorder.note(FactKind.DRIVE_READ, port, offsetBytes, target.totalBytes(), tag);
    drive.submitRead(offsetBytes, target, tag);
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    long crc32c = recorder.crcOf(source);
    recorder.note(FactKind.DRIVE_WRITE, port, offsetBytes, source.totalBytes(), crc32c, tag);
    drive.submitWrite(offsetBytes, source, tag);
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    long crc32c = recorder.crcOf(source);
    recorder.note(
        FactKind.DRIVE_WRITE_THROUGH, port, offsetBytes, source.totalBytes(), crc32c, tag);
    drive.submitWriteThrough(offsetBytes, source, tag);
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    recorder.note(FactKind.DRIVE_ZERO, port, offsetBytes, lengthBytes, tag);
    drive.submitZero(offsetBytes, lengthBytes, tag);
  }

  @Override
  public void submitFlush(long tag) {
    recorder.note(FactKind.DRIVE_FLUSH, port, tag);
    drive.submitFlush(tag);
  }

  @Override
  public int drain(DriveSink sink, int limit) {
    return notes.close(drive.drain(
        (tag, outcome, firstBadByte) -> {
          notes.open();
          Target target = targets.remove(tag);
          // Of a drive that is gone nothing has come.
          byte[] content =
              target == null || outcome == DriveOutcome.GONE ? Fact.NO_CONTENT : target.bytes();
          recorder.noteContent(
              FactKind.DRIVE_COMPLETION, port, content, tag, outcome.ordinal(), firstBadByte);
          sink.onCompletion(tag, outcome, firstBadByte);
        },
        limit));
  }

  /// Where a read's content goes: the pieces of a vector, which itself is used again.
  static final class Target {
    private final long[] addresses;
    private final int[] lengthsBytes;
    private final int totalBytes;

    Target(IoVector vector) {
      addresses = new long[vector.count()];
      lengthsBytes = new int[vector.count()];
      for (int i = 0; i < addresses.length; i++) {
        addresses[i] = vector.address(i);
        lengthsBytes[i] = vector.lengthBytes(i);
      }
      totalBytes = vector.totalBytes();
    }

    private byte[] bytes() {
      byte[] bytes = new byte[totalBytes];
      int at = 0;
      for (int i = 0; i < addresses.length; i++) {
        Memory.at(addresses[i], lengthsBytes[i]).asByteBuffer().get(bytes, at, lengthsBytes[i]);
        at += lengthsBytes[i];
      }
      return bytes;
    }

    /// Puts the content there; less of it if it is shorter.
    void put(byte[] bytes) {
      int at = 0;
      for (int i = 0; i < addresses.length && at < bytes.length; i++) {
        int length = Math.min(lengthsBytes[i], bytes.length - at);
        Memory.at(addresses[i], length).asByteBuffer().put(bytes, at, length);
        at += length;
      }
    }
  }
}
