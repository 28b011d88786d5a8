package farside.protocol.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/// Header of a request: what a client sends once an export is open.
///
/// | offset | length | field         | notes                                     |
/// |-------:|-------:|---------------|-------------------------------------------|
/// |      0 |      4 | magic         | `0x25609513`                              |
/// |      4 |      2 | command flags | see `NbdCommand`                          |
/// |      6 |      2 | command       | see `NbdCommand`                          |
/// |      8 |      8 | cookie        | returned in the reply, without a meaning  |
/// |     16 |      8 | offset        | bytes from the start of the export        |
/// |     24 |      4 | length        | bytes; of the payload too, if one follows |
///
/// Big-endian, all unsigned. Only a write is followed by payload.
public final class RequestFlyweight {
  public static final int LENGTH_BYTES = 28;
  public static final int MAGIC = 0x25609513;

  static final int MAGIC_OFFSET = 0;
  static final int FLAGS_OFFSET = 4;
  static final int COMMAND_OFFSET = 6;
  static final int COOKIE_OFFSET = 8;
  static final int OFFSET_OFFSET = 16;
  static final int LENGTH_OFFSET = 24;

  private DirectBuffer buffer;
  private int offset;

  public RequestFlyweight wrap(DirectBuffer buffer, int offset) {
    this.buffer = buffer;
    this.offset = offset;
    return this;
  }

  public int magic() {
    return buffer.getInt(offset + MAGIC_OFFSET, BIG_ENDIAN);
  }

  public int flags() {
    return buffer.getShort(offset + FLAGS_OFFSET, BIG_ENDIAN) & 0xFFFF;
  }

  public int command() {
    return buffer.getShort(offset + COMMAND_OFFSET, BIG_ENDIAN) & 0xFFFF;
  }

  public long cookie() {
    return buffer.getLong(offset + COOKIE_OFFSET, BIG_ENDIAN);
  }

  /// Negative if it is 2^63 or more, where no export reaches.
  public long offsetBytes() {
    return buffer.getLong(offset + OFFSET_OFFSET, BIG_ENDIAN);
  }

  public long lengthBytes() {
    return buffer.getInt(offset + LENGTH_OFFSET, BIG_ENDIAN) & 0xFFFF_FFFFL;
  }

  /// Writes a whole header: the client's side, for tests and programs that are one.
  public static void put(
      MutableDirectBuffer to,
      int offset,
      int flags,
      int command,
      long cookie,
      long offsetBytes,
      long lengthBytes) {
    to.putInt(offset + MAGIC_OFFSET, MAGIC, BIG_ENDIAN);
    to.putShort(offset + FLAGS_OFFSET, (short) flags, BIG_ENDIAN);
    to.putShort(offset + COMMAND_OFFSET, (short) command, BIG_ENDIAN);
    to.putLong(offset + COOKIE_OFFSET, cookie, BIG_ENDIAN);
    to.putLong(offset + OFFSET_OFFSET, offsetBytes, BIG_ENDIAN);
    to.putInt(offset + LENGTH_OFFSET, (int) lengthBytes, BIG_ENDIAN);
  }
}
