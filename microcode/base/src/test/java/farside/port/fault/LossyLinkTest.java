package farside.port.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import farside.port.LinkPort;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class LossyLinkTest {
  private static final long SEED = 81_364_409L;
  private static final int FRAME_COUNT = 20_000;
  private static final int FRAME_BYTES = 96;
  private static final int HEAD_BYTES = 40;

  private final LoopedLink line = new LoopedLink();
  private final Listener listener = new Listener();

  @Test
  void aThirdIsDroppedWhenAThirdIsAskedFor() {
    LossyLink link = lossy(1.0 / 3, 0, 0);
    sendFrames();

    drainAll(link);

    assertThat(link.droppedFrames() / (double) FRAME_COUNT)
        .as("seed %d", SEED)
        .isEqualTo(1.0 / 3, within(0.02));
    assertThat(listener.frames).hasSize((int) (FRAME_COUNT - link.droppedFrames()));
    assertThat(listener.frames).allMatch(Listener::isAsSent);
    assertThat(listener.numbers()).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void aDamagedFrameDiffersInOneBitAnywhereInIt() {
    LossyLink link = lossy(0, 0.25, 0);
    sendFrames();

    drainAll(link);

    assertThat(listener.frames).hasSize(FRAME_COUNT);
    long damaged = 0;
    long[] perByte = new long[FRAME_BYTES];
    for (int i = 0; i < FRAME_COUNT; i++) {
      byte[] sent = frame(i);
      byte[] got = listener.frames.get(i);
      int differentBits = 0;
      for (int at = 0; at < FRAME_BYTES; at++) {
        int difference = Integer.bitCount((sent[at] ^ got[at]) & 0xFF);
        differentBits += difference;
        perByte[at] += difference;
      }
      assertThat(differentBits).as("seed %d, frame %d", SEED, i).isLessThanOrEqualTo(1);
      damaged += differentBits;
    }
    assertThat(damaged).isEqualTo(link.corruptedFrames());
    assertThat(damaged / (double) FRAME_COUNT).as("seed %d", SEED).isEqualTo(0.25, within(0.02));
    assertThat(perByte).as("every byte of a frame is hit by some").doesNotContain(0);
  }

  @Test
  void aSecondCopyFollowsItsFrameAtOnceAndIsWholeEvenWhenTheFirstIsDamaged() {
    LossyLink link = lossy(0, 1, 1);
    sendFrames();

    drainAll(link);

    assertThat(listener.frames).hasSize(2 * FRAME_COUNT);
    for (int i = 0; i < FRAME_COUNT; i++) {
      assertThat(listener.frames.get(2 * i)).isNotEqualTo(frame(i));
      assertThat(listener.frames.get(2 * i + 1)).isEqualTo(frame(i));
    }
  }

  @Test
  void theSameSeedGivesTheSameFaultsAndOneProbabilityDoesNotMoveTheOthers() {
    LossyLink first = lossy(0.1, 0.1, 0.1);
    sendFrames();
    drainAll(first);
    List<byte[]> once = List.copyOf(listener.frames);
    long droppedOnce = first.droppedFrames();

    listener.frames.clear();
    LossyLink again = lossy(0.1, 0.1, 0.1);
    sendFrames();
    drainAll(again);
    assertThat(listener.frames)
        .usingElementComparator(java.util.Arrays::compare)
        .isEqualTo(once);

    LossyLink onlyDropping = lossy(0.1, 0, 0);
    sendFrames();
    drainAll(onlyDropping);
    assertThat(onlyDropping.droppedFrames()).isEqualTo(droppedOnce);
  }

  @Test
  void aHealedLineIsAGoodOne() {
    LossyLink link = lossy(0.5, 0.5, 0.5);
    link.heal();
    sendFrames();

    drainAll(link);

    assertThat(listener.frames).hasSize(FRAME_COUNT).allMatch(Listener::isAsSent);
  }

  @Test
  void payloadThatIsReceivedInItsPlaceSuffersTheSameFaults() {
    LossyLink first = lossy(0.2, 0.3, 0.2);
    sendFrames();
    drainAll(first);
    List<byte[]> together = List.copyOf(listener.frames);

    listener.frames.clear();
    line.isPlacing = true;
    LossyLink again = lossy(0.2, 0.3, 0.2);
    sendFrames();
    drainAll(again);
    assertThat(listener.frames)
        .usingElementComparator(java.util.Arrays::compare)
        .isEqualTo(together);
    assertThat(listener.isPlaceGiven).isFalse();
    assertThat(listener.placesFreed).isEqualTo(again.droppedFrames());
  }

  @Test
  void carrierAndFreedPayloadsPassUnharmed() {
    LossyLink link = lossy(1, 1, 1);
    line.facts.add(sink -> sink.onCarrier(true, "connected"));
    line.facts.add(sink -> sink.onSent(42));

    drainAll(link);

    assertThat(listener.others).containsExactly("up connected", "sent 42");
  }

  @Test
  void aProbabilityBeyondOneIsRefused() {
    assertThatThrownBy(() -> lossy(1.5, 0, 0)).hasMessageContaining("from 0 to 1");
    assertThatThrownBy(() -> lossy(0, Double.NaN, 0)).hasMessageContaining("from 0 to 1");
  }

  private LossyLink lossy(double drop, double corrupt, double duplicate) {
    return new LossyLink(line, new SplittableRandom(SEED), drop, corrupt, duplicate);
  }

  private void sendFrames() {
    for (int i = 0; i < FRAME_COUNT; i++) {
      UnsafeBuffer header = new UnsafeBuffer(frame(i));
      line.submit(header, FRAME_BYTES, 0, 0, i);
    }
  }

  private void drainAll(LinkPort link) {
    while (link.drain(listener, 100) > 0) {}
  }

  private static byte[] frame(int number) {
    byte[] bytes = new byte[FRAME_BYTES];
    new Random(number).nextBytes(bytes);
    ByteBuffer.wrap(bytes).putInt(0, number);
    return bytes;
  }

  /// A line in memory: what goes in comes out.
  private static final class LoopedLink implements LinkPort {
    interface Fact {
      void tell(LinkSink sink);
    }

    boolean isPlacing;
    private final ArrayDeque<Fact> facts = new ArrayDeque<>();
    private final ByteBuffer shown = ByteBuffer.allocateDirect(FRAME_BYTES);

    @Override
    public int submit(
        DirectBuffer header, int headerBytes, long payloadAddress, int payloadBytes, long tag) {
      byte[] bytes = new byte[headerBytes];
      header.getBytes(0, bytes);
      facts.add(sink -> {
        shown.clear().put(bytes);
        long address = new UnsafeBuffer(shown).addressOffset();
        if (isPlacing) {
          int placedBytes = FRAME_BYTES - HEAD_BYTES;
          long place = sink.placeFor(address, HEAD_BYTES, placedBytes);
          Memory.copy(address + HEAD_BYTES, place, placedBytes);
          sink.onFrameInPlace(address, HEAD_BYTES);
        } else {
          sink.onFrame(address, bytes.length);
        }
      });
      return SENT;
    }

    @Override
    public int drain(LinkSink sink, int limit) {
      int drained = 0;
      while (drained < limit && !facts.isEmpty()) {
        facts.poll().tell(sink);
        drained++;
      }
      return drained;
    }

    @Override
    public String name() {
      return "L1";
    }

    @Override
    public boolean hasCarrier() {
      return true;
    }

    @Override
    public void vary(boolean on) {}

    @Override
    public boolean isVariedOn() {
      return true;
    }

    @Override
    public void hangUp(String reason) {}

    @Override
    public long sentFrames() {
      return 0;
    }

    @Override
    public long sentBytes() {
      return 0;
    }

    @Override
    public long receivedFrames() {
      return 0;
    }

    @Override
    public long receivedBytes() {
      return 0;
    }

    @Override
    public String description() {
      return "a line in memory";
    }
  }

  private static final class Listener implements LinkPort.LinkSink {
    private final List<byte[]> frames = new ArrayList<>();
    private final List<String> others = new ArrayList<>();
    private final MemorySegment place = Arena.ofAuto().allocate(FRAME_BYTES);
    private boolean isPlaceGiven;
    private int placesFreed;

    @Override
    public void onFrame(long address, int lengthBytes) {
      MemorySegment frame = Memory.at(address, lengthBytes);
      frames.add(frame.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public long placeFor(long headAddress, int headBytes, int payloadBytes) {
      assertThat(isPlaceGiven).isFalse();
      isPlaceGiven = true;
      return place.address();
    }

    @Override
    public void onFrameInPlace(long headAddress, int headBytes) {
      isPlaceGiven = false;
      byte[] frame = new byte[FRAME_BYTES];
      MemorySegment.copy(
          Memory.at(headAddress, headBytes), ValueLayout.JAVA_BYTE, 0, frame, 0, headBytes);
      MemorySegment.copy(
          place, ValueLayout.JAVA_BYTE, 0, frame, headBytes, FRAME_BYTES - headBytes);
      frames.add(frame);
    }

    @Override
    public void onPlaceFree() {
      isPlaceGiven = false;
      placesFreed++;
    }

    @Override
    public void onSent(long tag) {
      others.add("sent " + tag);
    }

    @Override
    public void onCarrier(boolean up, String reason) {
      others.add((up ? "up " : "down ") + reason);
    }

    static boolean isAsSent(byte[] bytes) {
      return java.util.Arrays.equals(bytes, frame(ByteBuffer.wrap(bytes).getInt(0)));
    }

    List<Integer> numbers() {
      return frames.stream().map(bytes -> ByteBuffer.wrap(bytes).getInt(0)).toList();
    }
  }
}
