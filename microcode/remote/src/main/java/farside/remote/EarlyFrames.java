package farside.remote;

import farside.protocol.link.FrameHeaderFlyweight;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/// Frames that came too soon, by sequence modulo the window, until the missing one is here.
///
/// Their memory is bounded, and taken once, when the first such frame comes: a line that loses
/// nothing never needs it. A frame that finds no place is lost once more, and sent again.
final class EarlyFrames {
  static final int SMALL_PLACES = 256;
  static final int LARGE_PLACES = 32;

  /// A record of one block frame of 4 KiB, as most are.
  private static final int SMALL_BYTES =
      FrameHeaderFlyweight.HEADER_BYTES + FrameHeaderFlyweight.MESSAGE_BYTES_MAX + 4096;

  private static final int LARGE_BYTES = FrameHeaderFlyweight.FRAME_BYTES_MAX;
  private static final int NONE = -1;

  private final int[] placeOf;
  private final int[] lengthBytes;
  private final int[] freeSmall = new int[SMALL_PLACES];
  private final int[] freeLarge = new int[LARGE_PLACES];
  private int freeSmallCount;
  private int freeLargeCount;
  private int count;
  private UnsafeBuffer memory;
  private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

  /// @param window a power of two
  EarlyFrames(int window) {
    placeOf = new int[window];
    lengthBytes = new int[window];
    clear();
  }

  void clear() {
    Arrays.fill(placeOf, NONE);
    for (int i = 0; i < SMALL_PLACES; i++) {
      freeSmall[i] = i;
    }
    for (int i = 0; i < LARGE_PLACES; i++) {
      freeLarge[i] = SMALL_PLACES + i;
    }
    freeSmallCount = SMALL_PLACES;
    freeLargeCount = LARGE_PLACES;
    count = 0;
  }

  int count() {
    return count;
  }

  boolean has(long sequence) {
    return placeOf[slot(sequence)] != NONE;
  }

  /// Keeps a copy; false if there is no place for it.
  boolean keep(long sequence, UnsafeBuffer frame, int frameBytes) {
    boolean small = frameBytes <= SMALL_BYTES && freeSmallCount > 0;
    if (!small && freeLargeCount == 0) {
      return false;
    }
    if (memory == null) {
      memory = new UnsafeBuffer(
          ByteBuffer.allocateDirect(SMALL_PLACES * SMALL_BYTES + LARGE_PLACES * LARGE_BYTES));
    }
    int place = small ? freeSmall[--freeSmallCount] : freeLarge[--freeLargeCount];
    memory.putBytes(offsetOf(place), frame, 0, frameBytes);
    placeOf[slot(sequence)] = place;
    lengthBytes[slot(sequence)] = frameBytes;
    count++;
    return true;
  }

  /// Gives the frame and its place up: the view is good until the next frame is kept or taken.
  UnsafeBuffer take(long sequence) {
    int place = placeOf[slot(sequence)];
    placeOf[slot(sequence)] = NONE;
    if (place < SMALL_PLACES) {
      freeSmall[freeSmallCount++] = place;
    } else {
      freeLarge[freeLargeCount++] = place;
    }
    count--;
    view.wrap(memory.addressOffset() + offsetOf(place), lengthBytes[slot(sequence)]);
    return view;
  }

  private int slot(long sequence) {
    return (int) sequence & placeOf.length - 1;
  }

  private static int offsetOf(int place) {
    return place < SMALL_PLACES
        ? place * SMALL_BYTES
        : SMALL_PLACES * SMALL_BYTES + (place - SMALL_PLACES) * LARGE_BYTES;
  }
}
