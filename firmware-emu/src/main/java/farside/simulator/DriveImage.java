package farside.simulator;

import farside.port.DrivePort;
import farside.port.Memory;
import java.util.Arrays;

/// The blocks of a simulated drive: of each, in which content it lies.
///
/// Nothing is copied into an image. A drive has two or three of them, which differ in a few
/// blocks, and what is written lies in one place for all.
final class DriveImage {
  private static final int BLOCK_BYTES = 512;
  private static final int CHUNK_BYTES = 64 * 1024;

  private static final byte[] ZEROES = new byte[CHUNK_BYTES];

  private final long sizeBytes;

  /// Of each block, and null where it is zero.
  private final DriveContent[] contents;

  /// Where the block begins in it.
  private final int[] places;

  /// Of each 64 KiB, whether nothing was ever kept there, or all of it was zeroed since.
  private final boolean[] holes;

  DriveImage(long sizeBytes) {
    this.sizeBytes = sizeBytes;
    this.contents = new DriveContent[(int) (sizeBytes / BLOCK_BYTES)];
    this.places = new int[contents.length];
    this.holes = new boolean[(int) ((sizeBytes + CHUNK_BYTES - 1) / CHUNK_BYTES)];
    Arrays.fill(holes, true);
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /// Whole blocks.
  void write(long offsetBytes, byte[] source, int from, int lengthBytes) {
    DriveContent content = new DriveContent(lengthBytes);
    System.arraycopy(source, from, content.bytes(), 0, lengthBytes);
    write(offsetBytes, content, 0, lengthBytes);
    content.release();
  }

  /// Whole blocks, which nobody changes from now on.
  void write(long offsetBytes, DriveContent source, int from, int lengthBytes) {
    keep(offsetBytes, lengthBytes);
    int block = (int) (offsetBytes / BLOCK_BYTES);
    int end = from + lengthBytes;
    for (int place = from; place < end; place += BLOCK_BYTES) {
      put(block, source);
      places[block] = place;
      block++;
    }
  }

  private void put(int block, DriveContent content) {
    DriveContent before = contents[block];
    if (before == content) {
      return;
    }
    if (content != null) {
      content.hold();
    }
    if (before != null) {
      before.release();
    }
    contents[block] = content;
  }

  /// Nobody looks at it from now on.
  void close() {
    for (int block = 0; block < contents.length; block++) {
      put(block, null);
    }
  }

  private void keep(long offsetBytes, long lengthBytes) {
    int last = (int) ((offsetBytes + lengthBytes - 1) / CHUNK_BYTES);
    for (int chunk = (int) (offsetBytes / CHUNK_BYTES); chunk <= last; chunk++) {
      holes[chunk] = false;
    }
  }

  void zero(long offsetBytes, long lengthBytes) {
    int end = (int) ((offsetBytes + lengthBytes) / BLOCK_BYTES);
    for (int block = (int) (offsetBytes / BLOCK_BYTES); block < end; block++) {
      put(block, null);
    }
    long lastWhole = (offsetBytes + lengthBytes) / CHUNK_BYTES;
    for (long chunk = (offsetBytes + CHUNK_BYTES - 1) / CHUNK_BYTES; chunk < lastWhole; chunk++) {
      holes[(int) chunk] = true;
    }
  }

  /// Tells where nothing is kept, so all is zero.
  void tellHoles(DrivePort.ZeroSink sink) {
    for (int index = 0; index < holes.length; index++) {
      if (holes[index]) {
        long from = (long) index * CHUNK_BYTES;
        sink.onZeroes(from, Math.min(sizeBytes, from + CHUNK_BYTES));
      }
    }
  }

  void read(long offsetBytes, byte[] target, int to, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      int piece = runBytes(offsetBytes + done, lengthBytes - done);
      System.arraycopy(
          bytesAt(offsetBytes + done), placeAt(offsetBytes + done), target, to + done, piece);
      done += piece;
    }
  }

  void read(long offsetBytes, long toAddress, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      int piece = runBytes(offsetBytes + done, lengthBytes - done);
      Memory.copy(
          bytesAt(offsetBytes + done), placeAt(offsetBytes + done), toAddress + done, piece);
      done += piece;
    }
  }

  private byte[] bytesAt(long offsetBytes) {
    DriveContent content = contents[(int) (offsetBytes / BLOCK_BYTES)];
    return content == null ? ZEROES : content.bytes();
  }

  private int placeAt(long offsetBytes) {
    int block = (int) (offsetBytes / BLOCK_BYTES);
    return contents[block] == null ? 0 : places[block] + (int) (offsetBytes % BLOCK_BYTES);
  }

  /// How many bytes from there on lie in one piece.
  private int runBytes(long offsetBytes, int mostBytes) {
    int block = (int) (offsetBytes / BLOCK_BYTES);
    DriveContent content = contents[block];
    int most = Math.min(mostBytes, CHUNK_BYTES);
    int run = BLOCK_BYTES - (int) (offsetBytes % BLOCK_BYTES);
    int place = places[block];
    while (run < most) {
      block++;
      place += BLOCK_BYTES;
      if (contents[block] != content || content != null && places[block] != place) {
        return run;
      }
      run += BLOCK_BYTES;
    }
    return most;
  }

  void copyFrom(DriveImage other) {
    copyFrom(other, 0, sizeBytes);
  }

  void copyFrom(DriveImage other, long offsetBytes, long lengthBytes) {
    keep(offsetBytes, lengthBytes);
    int end = (int) ((offsetBytes + lengthBytes) / BLOCK_BYTES);
    for (int block = (int) (offsetBytes / BLOCK_BYTES); block < end; block++) {
      put(block, other.contents[block]);
      places[block] = other.places[block];
    }
  }

  /// The first byte from `fromBytes` on and below `endBytes` that differs; -1: none does.
  long mismatch(DriveImage other, long fromBytes, long endBytes) {
    long at = fromBytes;
    while (at < endBytes) {
      int most = (int) Math.min(endBytes - at, CHUNK_BYTES);
      int piece = Math.min(runBytes(at, most), other.runBytes(at, most));
      int mismatch = mismatchWithin(other, at, piece);
      if (mismatch >= 0) {
        return at + mismatch;
      }
      at += piece;
    }
    return -1;
  }

  @SuppressWarnings("ReferenceEquality") // the very array, so that it need not be looked at
  private int mismatchWithin(DriveImage other, long at, int lengthBytes) {
    byte[] own = bytesAt(at);
    byte[] theirs = other.bytesAt(at);
    int from = placeAt(at);
    int theirFrom = other.placeAt(at);
    return own == theirs && from == theirFrom
        ? -1
        : Arrays.mismatch(
            own, from, from + lengthBytes, theirs, theirFrom, theirFrom + lengthBytes);
  }
}
