package farside.port;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Memory by address: payload that lies in cache slots and write records, outside the Java
/// heap.
///
/// No bounds are checked: whoever hands out an address says how long it is.
public final class Memory {
  @SuppressWarnings("restricted")
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Memory() {}

  /// New memory, all zero, which is there for as long as anyone holds the segment: an address alone
  /// does not keep it.
  ///
  /// An arena would have Java store the zeroes, word by word, which a program that has just been
  /// started interprets; here the C library does.
  ///
  /// @param alignBytes a power of two
  public static MemorySegment zeroed(long lengthBytes, long alignBytes) {
    long wholeBytes = lengthBytes + alignBytes;
    if (wholeBytes > Integer.MAX_VALUE) {
      // No buffer is so long. The loop is compiled long before it has stored all of this.
      return Arena.ofAuto().allocate(lengthBytes, alignBytes);
    }
    MemorySegment whole = MemorySegment.ofBuffer(ByteBuffer.allocateDirect((int) wholeBytes));
    return whole.asSlice(-whole.address() & alignBytes - 1, lengthBytes);
  }

  public static void copy(long fromAddress, long toAddress, long lengthBytes) {
    MemorySegment.copy(ALL, fromAddress, ALL, toAddress, lengthBytes);
  }

  /// Out of memory into an array; no segment is made for it.
  public static void copy(long fromAddress, byte[] to, int index, int lengthBytes) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, fromAddress, to, index, lengthBytes);
  }

  public static void copy(byte[] from, int index, long toAddress, int lengthBytes) {
    MemorySegment.copy(from, index, ALL, ValueLayout.JAVA_BYTE, toAddress, lengthBytes);
  }

  public static void zero(long address, long lengthBytes) {
    ALL.asSlice(address, lengthBytes).fill((byte) 0);
  }

  public static byte getByte(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  public static void putByte(long address, byte value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, value);
  }

  /// The memory as a segment, for drivers and tests.
  public static MemorySegment at(long address, long lengthBytes) {
    return ALL.asSlice(address, lengthBytes);
  }

  /// CRC-32C (Castagnoli) of the bytes, as in RFC 3720 appendix B.4.
  public static int crc32c(long address, int lengthBytes) {
    CRC32C crc = new CRC32C();
    crc.update(ALL.asSlice(address, lengthBytes).asByteBuffer());
    return (int) crc.getValue();
  }
}
