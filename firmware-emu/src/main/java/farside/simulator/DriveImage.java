package farside.simulator;

import farside.port.DrivePort;
import farside.port.Memory;
import java.util.Arrays;

/// The blocks of a simulated drive, in memory only where something was written.
final class DriveImage {
  private static final int CHUNK_BYTES = 64 * 1024;

  private static final byte[] ZEROES = new byte[CHUNK_BYTES];

  private final byte[][] chunks;
  private final long sizeBytes;

  DriveImage(long sizeBytes) {
    this.sizeBytes = sizeBytes;
    this.chunks = new byte[(int) ((sizeBytes + CHUNK_BYTES - 1) / CHUNK_BYTES)][];
  }

  long sizeBytes() {
    return sizeBytes;
  }

  void write(long offsetBytes, byte[] source, int from, int lengthBytes) {
    long at = offsetBytes;
    int done = 0;
    while (done < lengthBytes) {
      int within = (int) (at % CHUNK_BYTES);
      int piece = Math.min(lengthBytes - done, CHUNK_BYTES - within);
      System.arraycopy(source, from + done, chunk(at), within, piece);
      at += piece;
      done += piece;
    }
  }

  void zero(long offsetBytes, long lengthBytes) {
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      int within = (int) (at % CHUNK_BYTES);
      int piece = (int) Math.min(end - at, CHUNK_BYTES - within);
      byte[] chunk = chunks[(int) (at / CHUNK_BYTES)];
      if (piece == CHUNK_BYTES) {
        chunks[(int) (at / CHUNK_BYTES)] = null;
      } else if (chunk != null) {
        Arrays.fill(chunk, within, within + piece, (byte) 0);
      }
      at += piece;
    }
  }

  /// Tells where nothing is kept, so all is zero.
  void tellHoles(DrivePort.ZeroSink sink) {
    for (int index = 0; index < chunks.length; index++) {
      if (chunks[index] == null) {
        long from = (long) index * CHUNK_BYTES;
        sink.onZeroes(from, Math.min(sizeBytes, from + CHUNK_BYTES));
      }
    }
  }

  void read(long offsetBytes, byte[] target, int to, int lengthBytes) {
    long at = offsetBytes;
    int done = 0;
    while (done < lengthBytes) {
      int within = (int) (at % CHUNK_BYTES);
      int piece = Math.min(lengthBytes - done, CHUNK_BYTES - within);
      byte[] chunk = chunks[(int) (at / CHUNK_BYTES)];
      if (chunk == null) {
        Arrays.fill(target, to + done, to + done + piece, (byte) 0);
      } else {
        System.arraycopy(chunk, within, target, to + done, piece);
      }
      at += piece;
      done += piece;
    }
  }

  void read(long offsetBytes, long toAddress, int lengthBytes) {
    long at = offsetBytes;
    int done = 0;
    while (done < lengthBytes) {
      int within = (int) (at % CHUNK_BYTES);
      int piece = Math.min(lengthBytes - done, CHUNK_BYTES - within);
      byte[] chunk = chunks[(int) (at / CHUNK_BYTES)];
      if (chunk == null) {
        Memory.zero(toAddress + done, piece);
      } else {
        Memory.copy(chunk, within, toAddress + done, piece);
      }
      at += piece;
      done += piece;
    }
  }

  void copyFrom(DriveImage other) {
    copyFrom(other, 0, sizeBytes);
  }

  void copyFrom(DriveImage other, long offsetBytes, long lengthBytes) {
    byte[] buffer = new byte[(int) Math.min(CHUNK_BYTES, lengthBytes)];
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at += buffer.length) {
      int length = (int) Math.min(buffer.length, end - at);
      other.read(at, buffer, 0, length);
      write(at, buffer, 0, length);
    }
  }

  /// The first byte from `fromBytes` on and below `endBytes` that differs; -1: none does.
  long mismatch(DriveImage other, long fromBytes, long endBytes) {
    for (int index = (int) (fromBytes / CHUNK_BYTES);
        (long) index * CHUNK_BYTES < endBytes;
        index++) {
      byte[] own = chunks[index] == null ? ZEROES : chunks[index];
      byte[] theirs = other.chunks[index] == null ? ZEROES : other.chunks[index];
      long from = (long) index * CHUNK_BYTES;
      int end = (int) Math.min(CHUNK_BYTES, endBytes - from);
      int start = (int) Math.max(0, fromBytes - from);
      int mismatch = Arrays.mismatch(own, start, end, theirs, start, end);
      if (mismatch >= 0) {
        return from + start + mismatch;
      }
    }
    return -1;
  }

  private byte[] chunk(long offsetBytes) {
    int index = (int) (offsetBytes / CHUNK_BYTES);
    if (chunks[index] == null) {
      chunks[index] = new byte[CHUNK_BYTES];
    }
    return chunks[index];
  }
}
