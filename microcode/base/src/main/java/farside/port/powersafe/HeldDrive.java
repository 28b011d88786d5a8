package farside.port.powersafe;

import farside.port.DriveFilter;
import farside.port.DrivePort;
import farside.port.IoVector;

/// A drive that gets a write when the log has what the write rests on.
final class HeldDrive extends DriveFilter implements Outlet.Held {
  private enum Kind {
    WRITE,
    WRITE_THROUGH,
    ZERO
  }

  private static final class Request {
    final IoVector source = new IoVector();
    Kind kind = Kind.WRITE;
    long offsetBytes;
    long lengthBytes;
    long tag;
    long mark;
  }

  private final NvramLog log;
  private final Request[] requests;
  private int first;
  private int count;

  HeldDrive(DrivePort drive, NvramLog log) {
    super(drive);
    this.log = log;
    requests = new Request[drive.queueDepth()];
    for (int i = 0; i < requests.length; i++) {
      requests[i] = new Request();
    }
  }

  @Override
  public void submitWrite(long offsetBytes, IoVector source, long tag) {
    if (isOpen()) {
      drive.submitWrite(offsetBytes, source, tag);
    } else {
      hold(Kind.WRITE, offsetBytes, source, tag);
    }
  }

  @Override
  public void submitWriteThrough(long offsetBytes, IoVector source, long tag) {
    if (isOpen()) {
      drive.submitWriteThrough(offsetBytes, source, tag);
    } else {
      hold(Kind.WRITE_THROUGH, offsetBytes, source, tag);
    }
  }

  private void hold(Kind kind, long offsetBytes, IoVector source, long tag) {
    Request request = hold(kind, offsetBytes, source.totalBytes(), tag);
    request.source.clear();
    for (int i = 0; i < source.count(); i++) {
      request.source.add(source.address(i), source.lengthBytes(i));
    }
  }

  @Override
  public void submitZero(long offsetBytes, long lengthBytes, long tag) {
    if (isOpen()) {
      drive.submitZero(offsetBytes, lengthBytes, tag);
    } else {
      hold(Kind.ZERO, offsetBytes, lengthBytes, tag);
    }
  }

  private boolean isOpen() {
    return count == 0 && log.isDurable();
  }

  private Request hold(Kind kind, long offsetBytes, long lengthBytes, long tag) {
    Request request = requests[(first + count) % requests.length];
    count++;
    request.kind = kind;
    request.offsetBytes = offsetBytes;
    request.lengthBytes = lengthBytes;
    request.tag = tag;
    request.mark = log.mark();
    return request;
  }

  @Override
  public int release() {
    int work = 0;
    while (count > 0 && log.isDurable(requests[first].mark)) {
      Request request = requests[first];
      first = (first + 1) % requests.length;
      count--;
      switch (request.kind) {
        case WRITE -> drive.submitWrite(request.offsetBytes, request.source, request.tag);
        case WRITE_THROUGH ->
          drive.submitWriteThrough(request.offsetBytes, request.source, request.tag);
        case ZERO -> drive.submitZero(request.offsetBytes, request.lengthBytes, request.tag);
      }
      work++;
    }
    return work;
  }

  @Override
  public boolean isEmpty() {
    return count == 0;
  }
}
