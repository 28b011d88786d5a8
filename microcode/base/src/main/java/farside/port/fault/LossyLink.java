package farside.port.fault;

import farside.port.LinkFilter;
import farside.port.LinkPort;
import farside.port.Memory;
import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import org.agrona.concurrent.UnsafeBuffer;

/// A bad line: frames that arrive are dropped, damaged by one flipped bit, or arrive twice.
///
/// Faults strike where frames come in, since only there a frame is in one piece and its memory
/// may be changed. A line that is bad in both directions has one of these at each end. Frames
/// are never reordered.
///
/// Each frame takes the same four draws whatever the probabilities are, so that changing one of
/// them moves no other fault of the same seed.
public final class LossyLink extends LinkFilter {
  private static final int FRAME_BYTES_MAX = 128 * 1024;

  private final RandomGenerator random;
  private final BadSink badSink = new BadSink();
  private final UnsafeBuffer second = new UnsafeBuffer(ByteBuffer.allocateDirect(FRAME_BYTES_MAX));
  private double dropProbability;
  private double corruptProbability;
  private double duplicateProbability;
  private long droppedFrames;
  private long corruptedFrames;
  private long duplicatedFrames;

  public LossyLink(
      LinkPort link,
      RandomGenerator random,
      double dropProbability,
      double corruptProbability,
      double duplicateProbability) {
    super(link);
    this.random = random;
    this.dropProbability = probability(dropProbability);
    this.corruptProbability = probability(corruptProbability);
    this.duplicateProbability = probability(duplicateProbability);
  }

  private static double probability(double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException("A probability of " + value + ": give one from 0 to 1.");
    }
    return value;
  }

  /// From now on the line is a good one.
  public void heal() {
    dropProbability = 0;
    corruptProbability = 0;
    duplicateProbability = 0;
  }

  public long droppedFrames() {
    return droppedFrames;
  }

  public long corruptedFrames() {
    return corruptedFrames;
  }

  public long duplicatedFrames() {
    return duplicatedFrames;
  }

  @Override
  public int drain(LinkSink sink, int limit) {
    badSink.sink = sink;
    return link.drain(badSink, limit);
  }

  @Override
  public String description() {
    return link.description() + ", lossy";
  }

  /// Stands between the link and whoever drains it.
  private final class BadSink implements LinkSink {
    private LinkSink sink;
    private long place;
    private int placeBytes;

    @Override
    public void onFrame(long address, int lengthBytes) {
      take(address, lengthBytes, 0);
    }

    @Override
    public long placeFor(long headAddress, int headBytes, int payloadBytes) {
      place = sink.placeFor(headAddress, headBytes, payloadBytes);
      placeBytes = payloadBytes;
      return place;
    }

    @Override
    public void onFrameInPlace(long headAddress, int headBytes) {
      take(headAddress, headBytes, placeBytes);
    }

    @Override
    public void onPlaceFree() {
      sink.onPlaceFree();
    }

    /// A frame, of which so many bytes lie in the place that was given.
    private void take(long address, int lengthBytes, int placedBytes) {
      boolean isDropped = random.nextDouble() < dropProbability;
      boolean isCorrupted = random.nextDouble() < corruptProbability;
      boolean isDuplicated = random.nextDouble() < duplicateProbability;
      double where = random.nextDouble();
      int frameBytes = lengthBytes + placedBytes;
      if (isDropped) {
        droppedFrames++;
        if (placedBytes > 0) {
          sink.onPlaceFree();
        }
        return;
      }
      if (isDuplicated) {
        duplicatedFrames++;
        Memory.copy(address, second.addressOffset(), lengthBytes);
        Memory.copy(place, second.addressOffset() + lengthBytes, placedBytes);
      }
      if (isCorrupted && frameBytes > 0) {
        corruptedFrames++;
        long bit = (long) (where * frameBytes * Byte.SIZE);
        long headBits = (long) lengthBytes * Byte.SIZE;
        if (bit < headBits) {
          flipBit(address, bit);
        } else {
          flipBit(place, bit - headBits);
        }
      }
      if (placedBytes > 0) {
        sink.onFrameInPlace(address, lengthBytes);
      } else {
        sink.onFrame(address, lengthBytes);
      }
      if (isDuplicated) {
        sink.onFrame(second.addressOffset(), frameBytes);
      }
    }

    private void flipBit(long address, long bit) {
      long at = address + bit / Byte.SIZE;
      Memory.putByte(at, (byte) (Memory.getByte(at) ^ (1 << (bit % Byte.SIZE))));
    }

    @Override
    public void onSent(long tag) {
      sink.onSent(tag);
    }

    @Override
    public void onCarrier(boolean up, String reason) {
      sink.onCarrier(up, reason);
    }
  }
}
