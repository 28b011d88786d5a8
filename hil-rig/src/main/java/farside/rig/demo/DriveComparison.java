package farside.rig.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Compares what lies on two drives, byte by byte, behind the backs of the cabinets.
///
/// Only meaningful when nothing is pending: what waits in NVRAM is not on a drive yet.
public final class DriveComparison {
  /// The drives are equal as far as was asked.
  public static final long EQUAL = -1;

  private static final int CHUNK_BYTES = 1 << 20;

  private DriveComparison() {}

  /// Offset of the first byte that differs, or [#EQUAL]. A file that ends too early differs
  /// where it ends.
  public static long firstDifference(Path one, Path other, long lengthBytes) throws IOException {
    ByteBuffer left = ByteBuffer.allocateDirect(CHUNK_BYTES);
    ByteBuffer right = ByteBuffer.allocateDirect(CHUNK_BYTES);
    try (FileChannel a = FileChannel.open(one, StandardOpenOption.READ);
        FileChannel b = FileChannel.open(other, StandardOpenOption.READ)) {
      for (long offset = 0; offset < lengthBytes; offset += CHUNK_BYTES) {
        int wanted = (int) Math.min(CHUNK_BYTES, lengthBytes - offset);
        fill(a, left, offset, wanted);
        fill(b, right, offset, wanted);
        int difference = left.mismatch(right);
        if (difference >= 0) {
          return offset + difference;
        }
        if (left.limit() < wanted) {
          return offset + left.limit();
        }
      }
    }
    return EQUAL;
  }

  /// The bytes of one extent, for those who know what should be there.
  public static byte[] read(Path drive, long offsetBytes, int lengthBytes) throws IOException {
    try (FileChannel channel = FileChannel.open(drive, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(lengthBytes);
      fill(channel, buffer, offsetBytes, lengthBytes);
      return buffer.array();
    }
  }

  private static void fill(FileChannel channel, ByteBuffer buffer, long offset, int wanted)
      throws IOException {
    buffer.clear().limit(wanted);
    while (buffer.hasRemaining()) {
      int count = channel.read(buffer, offset + buffer.position());
      if (count < 0) {
        break;
      }
    }
    buffer.flip();
  }
}
