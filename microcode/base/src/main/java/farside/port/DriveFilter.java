package farside.port;

/// Stands in front of a drive and passes everything on; what a filter does otherwise it
/// overrides.
public abstract class DriveFilter implements DrivePort {
  protected final DrivePort drive;

  protected DriveFilter(DrivePort drive) {
    this.drive = drive;
  }

  @Override
  public void submitRead(long offsetBytes, long address, int lengthBytes, long tag) {
    drive.submitRead(offsetBytes, address, lengthBytes, tag);
  }

  @Override
  public void submitRead(long offsetBytes, IoVector target, long tag) {
    drive.submitRead(offsetBytes, target, tag);
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    drive.submitWrite(offsetBytes, source, tag);
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    drive.submitWriteThrough(offsetBytes, source, tag);
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    drive.submitZero(offsetBytes, lengthBytes, tag);
  }

  @Override
  public void submitFlush(long tag) {
    drive.submitFlush(tag);
  }

  @Override
  public int drain(DriveSink sink, int limit) {
    return drive.drain(sink, limit);
  }

  @Override
  public String name() {
    return drive.name();
  }

  @Override
  public String identity() {
    return drive.identity();
  }

  @Override
  public long sizeBytes() {
    return drive.sizeBytes();
  }

  @Override
  public int blockBytes() {
    return drive.blockBytes();
  }

  @Override
  public boolean isKnownZeroBelow(long offsetBytes) {
    return drive.isKnownZeroBelow(offsetBytes);
  }

  @Override
  public void tellZeroes(ZeroSink sink) {
    drive.tellZeroes(sink);
  }

  @Override
  public boolean mayBeLabelled() {
    return drive.mayBeLabelled();
  }

  @Override
  public int queueDepth() {
    return drive.queueDepth();
  }
}
