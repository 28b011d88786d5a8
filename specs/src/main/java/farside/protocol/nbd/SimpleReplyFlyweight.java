package farside.protocol.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/// Header of a simple reply. The data of a read follows it if the error is 0.
///
/// | offset | length | field  | notes                       |
/// |-------:|-------:|--------|-----------------------------|
/// |      0 |      4 | magic  | `0x67446698`                |
/// |      4 |      4 | error  | see `NbdError`              |
/// |      8 |      8 | cookie | the one of the request      |
///
/// Big-endian. Once it is sent with error 0, a read can no longer fail: only the connection
/// can.
public final class SimpleReplyFlyweight {
  public static final int LENGTH_BYTES = 16;
  public static final int MAGIC = 0x67446698;

  public static final int MAGIC_OFFSET = 0;
  public static final int ERROR_OFFSET = 4;
  public static final int COOKIE_OFFSET = 8;

  private DirectBuffer buffer;
  private int offset;

  public SimpleReplyFlyweight wrap(DirectBuffer buffer, int offset) {
    this.buffer = buffer;
    this.offset = offset;
    return this;
  }

  public int magic() {
    return buffer.getInt(offset + MAGIC_OFFSET, BIG_ENDIAN);
  }

  public int error() {
    return buffer.getInt(offset + ERROR_OFFSET, BIG_ENDIAN);
  }

  public long cookie() {
    return buffer.getLong(offset + COOKIE_OFFSET, BIG_ENDIAN);
  }

  public static void put(MutableDirectBuffer to, int offset, NbdError error, long cookie) {
    to.putInt(offset + MAGIC_OFFSET, MAGIC, BIG_ENDIAN);
    to.putInt(offset + ERROR_OFFSET, error.number(), BIG_ENDIAN);
    to.putLong(offset + COOKIE_OFFSET, cookie, BIG_ENDIAN);
  }
}
