package farside.protocol.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/// Header of an option: what a client sends while it haggles.
///
/// | offset | length | field  | notes                         |
/// |-------:|-------:|--------|-------------------------------|
/// |      0 |      8 | magic  | `0x49484156454F5054`, IHAVEOPT |
/// |      8 |      4 | option | see `NbdOption`               |
/// |     12 |      4 | length | bytes of data that follow     |
///
/// Big-endian, all unsigned.
public final class OptionFlyweight {
  public static final int LENGTH_BYTES = 16;
  public static final long MAGIC = 0x4948_4156_454F_5054L;

  static final int MAGIC_OFFSET = 0;
  static final int OPTION_OFFSET = 8;
  static final int LENGTH_OFFSET = 12;

  private DirectBuffer buffer;
  private int offset;

  public OptionFlyweight wrap(DirectBuffer buffer, int offset) {
    this.buffer = buffer;
    this.offset = offset;
    return this;
  }

  public long magic() {
    return buffer.getLong(offset + MAGIC_OFFSET, BIG_ENDIAN);
  }

  public int option() {
    return buffer.getInt(offset + OPTION_OFFSET, BIG_ENDIAN);
  }

  public long dataBytes() {
    return buffer.getInt(offset + LENGTH_OFFSET, BIG_ENDIAN) & 0xFFFF_FFFFL;
  }

  /// Writes a whole header: the client's side, for tests and programs that are one.
  public static void put(MutableDirectBuffer to, int offset, int option, int dataBytes) {
    to.putLong(offset + MAGIC_OFFSET, MAGIC, BIG_ENDIAN);
    to.putInt(offset + OPTION_OFFSET, option, BIG_ENDIAN);
    to.putInt(offset + LENGTH_OFFSET, dataBytes, BIG_ENDIAN);
  }
}
