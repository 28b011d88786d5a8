package farside.simulator;

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
  private static final int LINE_BYTES = 64;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

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

  /// Puts the content that belongs at a place of the volume into an array. A request that is
  /// refused has some, too, beyond its own place, which is nowhere.
  void fill(byte[] target, int index, long offsetBytes, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes) {
      long at = offsetBytes + done;
      if ((at & LINE_BYTES - 1) == 0 && lengthBytes - done >= LINE_BYTES) {
        fillLine(target, index + done, line(at));
        done += LINE_BYTES;
      } else if ((at & 7) == 0 && lengthBytes - done >= 8) {
        WORDS.set(target, index + done, word(at));
        done += 8;
      } else {
        target[index + done] = byteAt(at);
        done++;
      }
    }
  }

  private void fillLine(byte[] target, int index, long line) {
    for (int i = 0; i < LINE_BYTES; i += 8) {
      WORDS.set(target, index + i, word(line, i));
    }
  }

  /// True if the bytes are what this write left at that place of its own.
  boolean matches(byte[] bytes, int index, long offsetBytes, int lengthBytes) {
    if (zeroes) {
      return isZero(bytes, index, lengthBytes);
    }
    int done = 0;
    boolean same = true;
    while (same && done < lengthBytes) {
      long at = offsetBytes + done;
      if ((at & LINE_BYTES - 1) == 0 && lengthBytes - done >= LINE_BYTES) {
        same = matchesLine(bytes, index + done, line(at));
        done += LINE_BYTES;
      } else if ((at & 7) == 0 && lengthBytes - done >= 8) {
        same = (long) WORDS.get(bytes, index + done) == word(at);
        done += 8;
      } else {
        same = bytes[index + done] == byteAt(at);
        done++;
      }
    }
    return same;
  }

  private boolean matchesLine(byte[] bytes, int index, long line) {
    long difference = 0;
    for (int i = 0; i < LINE_BYTES; i += 8) {
      difference |= (long) WORDS.get(bytes, index + i) ^ word(line, i);
    }
    return difference == 0;
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

  /// What the words of 64 bytes begin with.
  private long line(long offsetBytes) {
    return Draws.mix(key + (offsetBytes / LINE_BYTES) * GOLDEN);
  }

  private long word(long line, int placeBytes) {
    return zeroes ? 0 : line + placeBytes * GOLDEN;
  }

  private long word(long offsetBytes) {
    return word(line(offsetBytes), (int) (offsetBytes & LINE_BYTES - 8));
  }

  private byte byteAt(long offsetBytes) {
    return (byte) (word(offsetBytes) >>> ((offsetBytes & 7) * 8));
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
