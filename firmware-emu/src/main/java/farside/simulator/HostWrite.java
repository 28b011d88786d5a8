package farside.simulator;

import farside.port.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

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
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

  HostWrite(
      int volume,
      long number,
      boolean zeroes,
      boolean forceUnitAccess,
      long fromBytes,
      long toBytes,
      long beganStep,
      long beganNs) {
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

  /// Puts the content that belongs at a place of the volume into memory.
  void fill(long address, long offsetBytes, int lengthBytes) {
    MemorySegment target = Memory.at(address, lengthBytes);
    int done = 0;
    while (done < lengthBytes && ((offsetBytes + done) & 7) != 0) {
      target.set(ValueLayout.JAVA_BYTE, done, byteAt(offsetBytes + done));
      done++;
    }
    while (lengthBytes - done >= 8) {
      target.set(WORD, done, word((offsetBytes + done) >>> 3));
      done += 8;
    }
    while (done < lengthBytes) {
      target.set(ValueLayout.JAVA_BYTE, done, byteAt(offsetBytes + done));
      done++;
    }
  }

  void fill(byte[] target, int index, long offsetBytes, int lengthBytes) {
    for (int i = 0; i < lengthBytes; i++) {
      target[index + i] = byteAt(offsetBytes + i);
    }
  }

  /// True if the bytes are what this write left at that place.
  boolean matches(byte[] bytes, int index, long offsetBytes, int lengthBytes) {
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
