package farside.remote;

import farside.protocol.link.FrameHeaderFlyweight;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.agrona.concurrent.UnsafeBuffer;

/// Frames that came too soon, by sequence modulo the window, until the missing one is here.
///
/// Their memory is bounded, and taken in pieces, each once, when so many such frames have come: a
/// line that loses nothing never needs it, and lines of different delay need some. A frame that
/// finds no place is lost once more, and sent again. Of a frame whose payload lies in a record
/// that is reserved for it only header and message are kept here.
final class EarlyFrames {
  static final int SMALL_PLACES = 256;
  static final int LARGE_PLACES = 256;

  private static final int LARGE_PLACES_PER_PIECE = 32;

  /// A record of one block frame of 4 KiB, as most are.
  private static final int SMALL_BYTES =
      FrameHeaderFlyweight.HEADER_BYTES + FrameHeaderFlyweight.MESSAGE_BYTES_MAX + 4096;

  private static final int LARGE_BYTES = FrameHeaderFlyweight.FRAME_BYTES_MAX;
  private static final int NONE = -1;

  private final int[] placeOf;
  private final int[] lengthBytes;
  private final int[] payloadPlaceOf;
  private final int[] freeSmall = new int[SMALL_PLACES];
  private final int[] freeLarge = new int[LARGE_PLACES];
  private int freeSmallCount;
  private int freeLargeCount;
  private int count;
  private UnsafeBuffer small;
  private final UnsafeBuffer[] large = new UnsafeBuffer[LARGE_PLACES / LARGE_PLACES_PER_PIECE];
  private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

  /// @param window a power of two
  EarlyFrames(int window) {
    placeOf = new int[window];
    lengthBytes = new int[window];
    payloadPlaceOf = new int[window];
    Arrays.fill(payloadPlaceOf, IncomingFrames.Places.NONE);
    clear(_ -> {});
  }

  /// @param freed told of the places of their payloads
  void clear(IntConsumer freed) {
    for (int i = 0; count > 0 && i < placeOf.length; i++) {
      if (placeOf[i] != NONE && payloadPlaceOf[i] != IncomingFrames.Places.NONE) {
        freed.accept(payloadPlaceOf[i]);
        payloadPlaceOf[i] = IncomingFrames.Places.NONE;
      }
    }
    Arrays.fill(placeOf, NONE);
    for (int i = 0; i < SMALL_PLACES; i++) {
      freeSmall[i] = i;
    }
    for (int i = 0; i < LARGE_PLACES; i++) {
      // The first ones are on top: what was never needed has no memory.
      freeLarge[i] = SMALL_PLACES + LARGE_PLACES - 1 - i;
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
  ///
  /// @param payloadPlace where the payload lies if it is not in the frame
  boolean keep(long sequence, UnsafeBuffer frame, int frameBytes, int payloadPlace) {
    boolean isSmall = frameBytes <= SMALL_BYTES && freeSmallCount > 0;
    if (!isSmall && freeLargeCount == 0) {
      return false;
    }
    int place = isSmall ? freeSmall[--freeSmallCount] : freeLarge[--freeLargeCount];
    pieceOf(place).putBytes(offsetOf(place), frame, 0, frameBytes);
    placeOf[slot(sequence)] = place;
    lengthBytes[slot(sequence)] = frameBytes;
    payloadPlaceOf[slot(sequence)] = payloadPlace;
    count++;
    return true;
  }

  /// Where the payload of the frame lies; [IncomingFrames.Places#NONE] if in the frame itself.
  /// The place is the caller's from now on.
  int takePayloadPlace(long sequence) {
    int place = payloadPlaceOf[slot(sequence)];
    payloadPlaceOf[slot(sequence)] = IncomingFrames.Places.NONE;
    return place;
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
    view.wrap(pieceOf(place).addressOffset() + offsetOf(place), lengthBytes[slot(sequence)]);
    return view;
  }

  private int slot(long sequence) {
    return (int) sequence & placeOf.length - 1;
  }

  private UnsafeBuffer pieceOf(int place) {
    if (place < SMALL_PLACES) {
      if (small == null) {
        small = new UnsafeBuffer(ByteBuffer.allocateDirect(SMALL_PLACES * SMALL_BYTES));
      }
      return small;
    }
    int piece = (place - SMALL_PLACES) / LARGE_PLACES_PER_PIECE;
    if (large[piece] == null) {
      large[piece] =
          new UnsafeBuffer(ByteBuffer.allocateDirect(LARGE_PLACES_PER_PIECE * LARGE_BYTES));
    }
    return large[piece];
  }

  private static int offsetOf(int place) {
    return place < SMALL_PLACES
        ? place * SMALL_BYTES
        : (place - SMALL_PLACES) % LARGE_PLACES_PER_PIECE * LARGE_BYTES;
  }
}
