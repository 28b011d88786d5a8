package farside.simulator;

import farside.port.Memory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// A write that a host made, with its acknowledgement: what a byte of a volume may have come
/// from.
///
/// Its content follows from volume, number of the write and place, eight bytes at a time, so
/// that each word that a host reads tells which write left it there.
final class HostWrite {
  /// A step that has not come.
  static final long NOT_YET = Long.MAX_VALUE;

  private static final VarHandle WORDS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final byte[] ZEROES = new byte[64 * 1024];

  final long number;
  final boolean zeroes;
  final boolean forceUnitAccess;
  final long fromBytes;
  final long toBytes;
  final long beganStep;
  final long beganNs;
  long acknowledgedStep = NOT_YET;
  long acknowledgedNs;

  /// Nobody waits for it any more: it has taken effect before this step, or it never will.
  long settledStep = NOT_YET;

  private final long key;
  private final WriteContents contents;
  private byte[] content;

  HostWrite(
      int volume,
      long number,
      boolean zeroes,
      boolean forceUnitAccess,
      long fromBytes,
      long toBytes,
      long beganStep,
      long beganNs) {
    this(volume, number, zeroes, forceUnitAccess, fromBytes, toBytes, beganStep, beganNs, null);
  }

  /// @param contents forgets, some time, what this write holds; null: it is held for ever
  HostWrite(
      int volume,
      long number,
      boolean zeroes,
      boolean forceUnitAccess,
      long fromBytes,
      long toBytes,
      long beganStep,
      long beganNs,
      WriteContents contents) {
    this.contents = contents;
    this.number = number;
    this.zeroes = zeroes;
    this.forceUnitAccess = forceUnitAccess;
    this.fromBytes = fromBytes;
    this.toBytes = toBytes;
    this.beganStep = beganStep;
    this.beganNs = beganNs;
    this.key = Draws.mix(((long) volume << 48) ^ number);
  }

  boolean isAcknowledged() {
    return acknowledgedStep != NOT_YET;
  }

  /// Puts the content that belongs at a place of the volume into memory. A request that is
  /// refused has some, too, beyond its own place, which is nowhere.
  void fill(long address, long offsetBytes, int lengthBytes) {
    byte[] from;
    int index;
    if (offsetBytes >= fromBytes && offsetBytes + lengthBytes <= toBytes) {
      from = content();
      index = (int) (offsetBytes - fromBytes);
    } else {
      from = new byte[lengthBytes];
      index = 0;
      fill(from, index, offsetBytes, lengthBytes);
    }
    Memory.copy(from, index, address, lengthBytes);
  }

  void fill(byte[] target, int index, long offsetBytes, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes && ((offsetBytes + done) & 7) != 0) {
      target[index + done] = byteAt(offsetBytes + done);
      done++;
    }
    while (lengthBytes - done >= 8) {
      WORDS.set(target, index + done, word((offsetBytes + done) >>> 3));
      done += 8;
    }
    while (done < lengthBytes) {
      target[index + done] = byteAt(offsetBytes + done);
      done++;
    }
  }

  /// True if the bytes are what this write left at that place of its own.
  boolean matches(byte[] bytes, int index, long offsetBytes, int lengthBytes) {
    if (zeroes) {
      return isZero(bytes, index, lengthBytes);
    }
    if (content != null) {
      int at = (int) (offsetBytes - fromBytes);
      return Arrays.equals(bytes, index, index + lengthBytes, content, at, at + lengthBytes);
    }
    int done = 0;
    while (done < lengthBytes && ((offsetBytes + done) & 7) != 0) {
      if (bytes[index + done] != byteAt(offsetBytes + done)) {
        return false;
      }
      done++;
    }
    while (lengthBytes - done >= 8) {
      if ((long) WORDS.get(bytes, index + done) != word((offsetBytes + done) >>> 3)) {
        return false;
      }
      done += 8;
    }
    while (done < lengthBytes) {
      if (bytes[index + done] != byteAt(offsetBytes + done)) {
        return false;
      }
      done++;
    }
    return true;
  }

  private static boolean isZero(byte[] bytes, int index, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      int piece = Math.min(lengthBytes - done, ZEROES.length);
      int at = index + done;
      if (!Arrays.equals(bytes, at, at + piece, ZEROES, 0, piece)) {
        return false;
      }
      done += piece;
    }
    return true;
  }

  /// Made when the host sends it.
  private byte[] content() {
    if (content == null) {
      content = new byte[(int) (toBytes - fromBytes)];
      fill(content, 0, fromBytes, content.length);
      if (contents != null) {
        contents.onMade(this);
      }
    }
    return content;
  }

  int contentBytes() {
    return content == null ? 0 : content.length;
  }

  /// From now on it is made word by word whenever somebody asks.
  void forgetContent() {
    content = null;
  }

  private long word(long index) {
    return zeroes ? 0 : Draws.mix(key + index * 0x9e3779b97f4a7c15L);
  }

  private byte byteAt(long offsetBytes) {
    return (byte) (word(offsetBytes >>> 3) >>> ((offsetBytes & 7) * 8));
  }

  @Override
  public String toString() {
    return (number == 0 ? "the initial content" : (zeroes ? "zeroing " : "write ") + number)
        + " of bytes " + fromBytes + " to " + toBytes
        + (forceUnitAccess ? " (FUA)" : "")
        + (isAcknowledged()
            ? ", acknowledged at step " + acknowledgedStep
            : settledStep != NOT_YET
                ? ", never acknowledged, settled at step " + settledStep
                : ", not acknowledged")
        + ", begun at step " + beganStep;
  }
}
