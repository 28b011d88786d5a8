package farside.protocol.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/// Header of one chunk of a structured reply, and the fixed beginnings of what may follow it.
///
/// | offset | length | field  | notes                                |
/// |-------:|-------:|--------|--------------------------------------|
/// |      0 |      4 | magic  | `0x668e33ef`                         |
/// |      4 |      2 | flags  | bit 0: the last chunk of this reply  |
/// |      6 |      2 | type   | see below                            |
/// |      8 |      8 | cookie | the one of the request               |
/// |     16 |      4 | length | bytes that follow                    |
///
/// | type         | no     | what follows                                              |
/// |--------------|-------:|-----------------------------------------------------------|
/// | NONE         |      0 | nothing                                                   |
/// | OFFSET_DATA  |      1 | u64 offset, data                                          |
/// | OFFSET_HOLE  |      2 | u64 offset, u32 bytes that read zero                      |
/// | BLOCK_STATUS |      5 | u32 context, as many pairs of u32 bytes and u32 flags     |
/// | ERROR        | 0x8001 | u32 error, u16 bytes of text, text                        |
/// | ERROR_OFFSET | 0x8002 | the same, and u64 offset                                  |
///
/// Big-endian.
public final class StructuredReplyFlyweight {
  public static final int LENGTH_BYTES = 20;
  public static final int MAGIC = 0x668e33ef;

  public static final int FLAG_DONE = 1;

  public static final int TYPE_NONE = 0;
  public static final int TYPE_OFFSET_DATA = 1;
  public static final int TYPE_OFFSET_HOLE = 2;
  public static final int TYPE_BLOCK_STATUS = 5;
  public static final int TYPE_ERROR = 0x8001;
  public static final int TYPE_ERROR_OFFSET = 0x8002;

  /// Before the data of an OFFSET_DATA.
  public static final int DATA_PREFIX_BYTES = Long.BYTES;

  public static final int HOLE_BYTES = Long.BYTES + Integer.BYTES;

  /// Before the text of an error.
  public static final int ERROR_PREFIX_BYTES = Integer.BYTES + Short.BYTES;

  /// Before the extents of a BLOCK_STATUS, and for each of them.
  public static final int STATUS_PREFIX_BYTES = Integer.BYTES;

  public static final int STATUS_EXTENT_BYTES = 2 * Integer.BYTES;

  static final int MAGIC_OFFSET = 0;
  static final int FLAGS_OFFSET = 4;
  static final int TYPE_OFFSET = 6;
  static final int COOKIE_OFFSET = 8;
  static final int LENGTH_OFFSET = 16;

  private DirectBuffer buffer;
  private int offset;

  public StructuredReplyFlyweight wrap(DirectBuffer buffer, int offset) {
    this.buffer = buffer;
    this.offset = offset;
    return this;
  }

  public int magic() {
    return buffer.getInt(offset + MAGIC_OFFSET, BIG_ENDIAN);
  }

  public boolean isLast() {
    return (buffer.getShort(offset + FLAGS_OFFSET, BIG_ENDIAN) & FLAG_DONE) != 0;
  }

  public int type() {
    return buffer.getShort(offset + TYPE_OFFSET, BIG_ENDIAN) & 0xFFFF;
  }

  public long cookie() {
    return buffer.getLong(offset + COOKIE_OFFSET, BIG_ENDIAN);
  }

  public int contentBytes() {
    return buffer.getInt(offset + LENGTH_OFFSET, BIG_ENDIAN);
  }

  public static void put(
      MutableDirectBuffer to, int offset, boolean isLast, int type, long cookie, int contentBytes) {
    to.putInt(offset + MAGIC_OFFSET, MAGIC, BIG_ENDIAN);
    to.putShort(offset + FLAGS_OFFSET, (short) (isLast ? FLAG_DONE : 0), BIG_ENDIAN);
    to.putShort(offset + TYPE_OFFSET, (short) type, BIG_ENDIAN);
    to.putLong(offset + COOKIE_OFFSET, cookie, BIG_ENDIAN);
    to.putInt(offset + LENGTH_OFFSET, contentBytes, BIG_ENDIAN);
  }
}
