package farside.replay;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/// A recording as a file: a magic, then blocks of facts. Spec: `specs/recording.md`.
///
/// | offset | length | field          | notes                                          |
/// |-------:|-------:|----------------|------------------------------------------------|
/// |      0 |      8 | magic          | ASCII `FARSREC` and the version, 1             |
///
/// Each block:
///
/// | offset | length | field          | notes                                          |
/// |-------:|-------:|----------------|------------------------------------------------|
/// |      0 |      4 | length         | of the facts, 1 to [#BLOCK_MAX_BYTES]          |
/// |      4 |      4 | facts' CRC-32C |                                                |
/// |      8 |      4 | head's CRC-32C | of bytes 0 to 7                                |
/// |     12 | length | facts          | whole ones, see `FactFormat`                   |
///
/// Little-endian. The head has a checksum of its own so that a block that `kill -9` cut short is
/// told from a damaged one: a file ends where its last block is not all there, and is damaged if
/// a block that is all there is wrong.
final class RecordingFormat {
  static final int VERSION = 1;
  static final int MAGIC_BYTES = 8;
  static final int HEAD_BYTES = 12;
  static final int BLOCK_MAX_BYTES = 64 << 20;

  private static final int LENGTH_OFFSET = 0;
  private static final int FACTS_CRC_OFFSET = 4;
  private static final int HEAD_CRC_OFFSET = 8;

  private RecordingFormat() {}

  static byte[] magic() {
    byte[] magic = "FARSREC?".getBytes(StandardCharsets.US_ASCII);
    magic[MAGIC_BYTES - 1] = VERSION;
    return magic;
  }

  static ByteBuffer head(byte[] facts) {
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(LENGTH_OFFSET, facts.length);
    head.putInt(FACTS_CRC_OFFSET, crc32c(facts, facts.length));
    head.putInt(HEAD_CRC_OFFSET, crc32c(head.array(), HEAD_CRC_OFFSET));
    return head;
  }

  /// How long the facts of a block are.
  static int lengthBytes(byte[] head) throws DamagedRecording {
    ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    int lengthBytes = fields.getInt(LENGTH_OFFSET);
    if (fields.getInt(HEAD_CRC_OFFSET) != crc32c(head, HEAD_CRC_OFFSET)
        || lengthBytes <= 0
        || lengthBytes > BLOCK_MAX_BYTES) {
      throw new DamagedRecording("the head of a block is wrong");
    }
    return lengthBytes;
  }

  static void check(byte[] head, byte[] facts) throws DamagedRecording {
    int crc = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(FACTS_CRC_OFFSET);
    if (crc != crc32c(facts, facts.length)) {
      throw new DamagedRecording("the checksum of a block is wrong");
    }
  }

  private static int crc32c(byte[] bytes, int lengthBytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, lengthBytes);
    return (int) crc.getValue();
  }
}
