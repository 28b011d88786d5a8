package farside.replay;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Reads the facts of a recording, one after the other.
///
/// A block that is not all there ends it: so `kill -9` leaves a file. A block that is all there
/// and wrong is damage.
public final class RecordingReader implements FactSource, AutoCloseable {
  private final InputStream in;
  private long offsetBytes;
  private ByteBuffer facts = ByteBuffer.allocate(0);
  private boolean isCutShort;

  private RecordingReader(InputStream in) throws IOException {
    this.in = in;
    byte[] magic = in.readNBytes(RecordingFormat.MAGIC_BYTES);
    byte[] ours = RecordingFormat.magic();
    int named = RecordingFormat.MAGIC_BYTES - 1;
    if (magic.length < ours.length || !Arrays.equals(magic, 0, named, ours, 0, named)) {
      throw new DamagedRecording(
          "it does not begin as a recording does. Name a file that `farside run --record` wrote.");
    }
    if (magic[named] != RecordingFormat.VERSION) {
      throw new DamagedRecording(
          "it is of version " + magic[named] + ", this program knows version "
              + RecordingFormat.VERSION + ". Use the program that wrote it.");
    }
    offsetBytes = magic.length;
  }

  /// @throws DamagedRecording if it is no recording, or not one that this program knows
  public static RecordingReader open(Path file) throws IOException {
    InputStream in = Files.newInputStream(file);
    try {
      return of(new BufferedInputStream(in, 1 << 16));
    } catch (IOException failure) {
      in.close();
      throw failure;
    }
  }

  static RecordingReader of(InputStream in) throws IOException {
    return new RecordingReader(in);
  }

  @Override
  public Fact next() throws IOException {
    while (!facts.hasRemaining()) {
      if (isCutShort || !readBlock()) {
        return null;
      }
    }
    try {
      return FactFormat.decode(facts);
    } catch (DamagedRecording damaged) {
      throw damagedAt(damaged);
    }
  }

  private boolean readBlock() throws IOException {
    byte[] head = in.readNBytes(RecordingFormat.HEAD_BYTES);
    if (head.length < RecordingFormat.HEAD_BYTES) {
      isCutShort = true;
      return false;
    }
    try {
      int lengthBytes = RecordingFormat.lengthBytes(head);
      byte[] block = in.readNBytes(lengthBytes);
      if (block.length < lengthBytes) {
        isCutShort = true;
        return false;
      }
      RecordingFormat.check(head, block);
      facts = ByteBuffer.wrap(block);
      offsetBytes += head.length + block.length;
      return true;
    } catch (DamagedRecording damaged) {
      throw damagedAt(damaged);
    }
  }

  private DamagedRecording damagedAt(DamagedRecording damaged) {
    return new DamagedRecording(damaged.getMessage() + ", at or before byte " + offsetBytes
        + ": the file is damaged. Record the test again.");
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
