package farside.simulator;

import farside.port.IoVector;
import farside.port.Memory;
import java.lang.foreign.MemorySegment;

/// One request to a simulated drive, from its submission to its completion.
final class DriveRequest {
  enum Kind {
    READ,
    WRITE,
    WRITE_THROUGH,
    ZERO,
    FLUSH
  }

  final Kind kind;
  final long offsetBytes;
  final long lengthBytes;
  final long tag;

  /// It begins with what is to be written; null of any other request.
  DriveContent content;

  /// Of a read, the blocks that a change in flight touches too; null if there are none.
  boolean[] disturbed;

  long changesBefore;
  boolean failed;

  /// The drive had gone when it came, or while it was under way.
  boolean isOfGoneDrive;

  /// It changes the drive, which has no room for all of it.
  boolean isWithoutRoom;

  long submittedNs;
  long firstBadByte = -1;
  private long[] addresses;
  private int[] lengthsBytes;

  DriveRequest(Kind kind, long offsetBytes, long lengthBytes, long tag) {
    this.kind = kind;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
    this.tag = tag;
  }

  /// The same change in another place.
  DriveRequest at(long otherOffsetBytes) {
    DriveRequest other = new DriveRequest(kind, otherOffsetBytes, lengthBytes, tag);
    if (content != null) {
      other.content = content;
      content.hold();
    }
    return other;
  }

  /// The memory that it names.
  void setPieces(IoVector pieces) {
    addresses = new long[pieces.count()];
    lengthsBytes = new int[pieces.count()];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = pieces.address(i);
      lengthsBytes[i] = pieces.lengthBytes(i);
    }
  }

  /// What its memory holds now is what it writes.
  ///
  /// @param taker may be longer
  void gather(DriveContent taker) {
    content = taker;
    int at = 0;
    for (int i = 0; i < addresses.length; i++) {
      Memory.copy(addresses[i], content.bytes(), at, lengthsBytes[i]);
      at += lengthsBytes[i];
    }
  }

  /// It is over, and what it wrote lies where images name it, or is not needed any more.
  void releaseContent() {
    if (content != null) {
      content.release();
      content = null;
    }
  }

  /// What is there goes into its memory.
  void fill(DriveImage image) {
    long at = offsetBytes;
    for (int i = 0; i < addresses.length; i++) {
      image.read(at, addresses[i], lengthsBytes[i]);
      at += lengthsBytes[i];
    }
  }

  /// What was read goes into its memory.
  void scatter(byte[] read) {
    int at = 0;
    for (int i = 0; i < addresses.length; i++) {
      Memory.copy(read, at, addresses[i], lengthsBytes[i]);
      at += lengthsBytes[i];
    }
  }

  /// The first byte of its memory that is not what it was at submission; -1 if all is.
  long changedByte() {
    MemorySegment then = MemorySegment.ofArray(content.bytes());
    long at = 0;
    for (int i = 0; i < addresses.length; i++) {
      int length = lengthsBytes[i];
      long mismatch =
          MemorySegment.mismatch(then, at, at + length, Memory.at(addresses[i], length), 0, length);
      if (mismatch != -1) {
        return at + mismatch;
      }
      at += length;
    }
    return -1;
  }

  boolean isFlush() {
    return kind == Kind.FLUSH || kind == Kind.WRITE_THROUGH;
  }

  boolean changesDrive() {
    return kind != Kind.READ && kind != Kind.FLUSH;
  }

  boolean overlaps(DriveRequest other) {
    return other.kind != Kind.FLUSH
        && offsetBytes < other.offsetBytes + other.lengthBytes
        && other.offsetBytes < offsetBytes + lengthBytes;
  }

  /// The blocks of this read that the other changes have no defined content.
  void disturb(DriveRequest change, int blockBytes) {
    if (disturbed == null) {
      disturbed = new boolean[(int) (lengthBytes / blockBytes)];
    }
    long from = Math.max(offsetBytes, change.offsetBytes);
    long to = Math.min(offsetBytes + lengthBytes, change.offsetBytes + change.lengthBytes);
    for (long at = from; at < to; at += blockBytes) {
      disturbed[(int) ((at - offsetBytes) / blockBytes)] = true;
    }
  }

  @Override
  public String toString() {
    return kind + " at byte " + offsetBytes + ", " + lengthBytes + " bytes";
  }
}
