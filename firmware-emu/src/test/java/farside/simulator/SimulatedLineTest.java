package farside.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import farside.port.LinkPort;
import farside.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedLineTest {
  private static final long MILLI = 1_000_000;

  private final Bench bench = new Bench(11);
  private final UnsafeBuffer header = new UnsafeBuffer(new byte[32]);
  private final Ear near = new Ear();
  private final Ear far = new Ear();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void framesArriveInOrderWhateverTheJitter() {
    SimulatedLine line = connect(habits(0, 0, 0, 0));
    for (int i = 0; i < 200; i++) {
      send(line, i);
      bench.time.runFor(10_000);
    }
    listen(line);
    assertThat(far.frames).hasSize(200).isSorted();
  }

  @Test
  void aNoisyLineDropsDoublesAndSpoils() {
    SimulatedLine line = connect(habits(200, 200, 200, 0));
    line.setNoisy(true);
    for (int i = 0; i < 300; i++) {
      send(line, i);
    }
    listen(line);
    assertThat(line.framesLost()).isPositive();
    assertThat(line.framesSpoiled()).isPositive();
    assertThat(line.framesDoubled()).isPositive();
    assertThat(far.heard).isEqualTo((int) (300 - line.framesLost() + line.framesDoubled()));
  }

  @Test
  void aCutLosesWhatIsUnderWayAndBothEndsAreTold() {
    SimulatedLine line = connect(habits(0, 0, 0, 0));
    send(line, 1);
    line.cut();
    bench.time.runFor(200 * MILLI);
    listen(line);
    assertThat(far.frames).isEmpty();
    assertThat(near.carriers).containsExactly(true, false);
    assertThat(far.carriers).containsExactly(true, false);

    line.restore();
    listen(line);
    assertThat(far.carriers).containsExactly(true, false, true);
  }

  @Test
  void aLineThatHoldsBackBringsInItsNextConnectionWhatWasOnItsWay() {
    SimulatedLine line = connect(habits(0, 0, 0, 0));
    boolean comesFirst = false;
    boolean comesLater = false;
    for (int i = 0; i < 20; i++) {
      far.frames.clear();
      send(line, 1);
      line.cutAndHoldBack();
      send(line, 2);
      bench.time.runFor(200 * MILLI);
      listen(line);
      assertThat(far.frames).isEmpty();
      assertThat(line.end(1).hasCarrier()).isFalse();

      line.restore();
      bench.time.runFor(10 * MILLI);
      send(line, 3);
      bench.time.runFor(200 * MILLI);
      listen(line);
      assertThat(far.frames).containsExactlyInAnyOrder(1, 2, 3).containsSubsequence(1, 2);
      assertThat(line.framesLate()).isEqualTo(2L * (i + 1));
      comesFirst |= far.frames.getFirst() == 1;
      comesLater |= far.frames.getFirst() == 3;
    }
    assertThat(comesFirst).isTrue();
    assertThat(comesLater).isTrue();

    far.frames.clear();
    send(line, 4);
    line.cut();
    bench.time.runFor(200 * MILLI);
    line.restore();
    listen(line);
    assertThat(far.frames).as("another cut loses what is on its way").isEmpty();
  }

  @Test
  void aSilentDirectionLosesFramesAndNobodyIsTold() {
    SimulatedLine line = connect(habits(0, 0, 0, 0));
    line.silence(0);
    send(line, 1);
    listen(line);
    assertThat(far.frames).isEmpty();
    assertThat(near.carriers).containsExactly(true);
    assertThat(line.end(0).hasCarrier()).isTrue();
  }

  @Test
  void aQueuedPayloadThatChangesFailsTheRun() {
    SimulatedLine line = connect(habits(0, 0, 0, 1000));
    int answer = line.end(0).submit(header, 32, bench.memory, 4096, 5);
    assertThat(answer).isEqualTo(LinkPort.QUEUED);
    Memory.putByte(bench.memory + 100, (byte) 1);
    assertThatThrownBy(() -> listen(line))
        .hasMessageContaining("changed while pinned, at byte 100");
  }

  @Test
  void aQueuedFrameIsGivenBackOnceItHasLeft() {
    SimulatedLine line = connect(habits(0, 0, 0, 1000));
    line.end(0).submit(header, 32, bench.memory, 4096, 5);
    listen(line);
    assertThat(near.sent).containsExactly(5L);
  }

  @Test
  void payloadComesToItsPlaceOrThePlaceIsFreeWhenTheLineBreaksInItsMiddle() {
    SimulatedLine line = connect(habits(0, 0, 0, 0));
    for (int i = 0; i < 4096; i++) {
      Memory.putByte(bench.memory + i, (byte) i);
    }
    far.step = 1;
    for (int i = 0; i < 200; i++) {
      line.end(0).submit(header, 32, bench.memory, 4096, 5);
      bench.time.runFor(20 * MILLI);
      line.end(1).drain(far, 100);
      if (i % 2 == 0) {
        line.cut();
        bench.time.runFor(200 * MILLI);
        line.restore();
      }
      listen(line);
    }
    assertThat(far.placed).isGreaterThan(50);
    assertThat(far.freed).isGreaterThan(10);
    assertThat(far.isPlaceGiven).isFalse();
    assertThat(far.heard + far.placed + far.freed).isEqualTo(200);
  }

  @Test
  void aLineThatFlapsIsUpAndDownManyTimesUntilItIsRestored() {
    SimulatedLine line = connect(habits(0, 0, 0, 0));
    line.flap(bench.draws, 200 * MILLI);
    bench.time.runFor(20_000 * MILLI);
    listen(line);
    assertThat(line.cuts()).isGreaterThan(20);
    assertThat(far.carriers).hasSizeGreaterThan(20);

    line.restore();
    listen(line);
    long cuts = line.cuts();
    bench.time.runFor(20_000 * MILLI);
    assertThat(line.cuts()).isEqualTo(cuts);
    assertThat(line.end(0).hasCarrier()).isTrue();
  }

  @Test
  void aLineWhoseRateCollapsesBringsLittleAndAllThatWaitsWhenTheRateIsBack() {
    SimulatedLine line = connect(habits(0, 0, 0, 0));
    line.setRate(320);
    for (int i = 0; i < 100; i++) {
      send(line, i);
    }
    bench.time.runFor(1000 * MILLI);
    listen(line);
    assertThat(far.frames).hasSizeBetween(5, 15).isSorted();

    line.setRate(0);
    listen(line);
    assertThat(far.frames).hasSize(100).isSorted();
  }

  @Test
  void whatIsQueuedWhenTheRateCollapsesLeavesAsSlowlyAsTheRest() {
    SimulatedLine line = connect(habits(0, 0, 0, 1000));
    for (int i = 0; i < 100; i++) {
      header.putInt(0, i);
      assertThat(line.end(0).submit(header, 32, 0, 0, i)).isEqualTo(LinkPort.QUEUED);
    }
    line.setRate(320);
    bench.time.runFor(1000 * MILLI);
    listen(line);
    assertThat(far.frames).hasSizeBetween(5, 15);
    line.setRate(0);
    listen(line);
    assertThat(far.frames).hasSize(100).isSorted();
    assertThat(near.sent).hasSize(100);
  }

  private static LineHabits habits(int drop, int corrupt, int duplicate, int queued) {
    return new LineHabits(
        MILLI, 5 * MILLI, 0, 1 << 20, queued, 0, drop, corrupt, duplicate, 50 * MILLI, 10 * MILLI);
  }

  private SimulatedLine connect(LineHabits habits) {
    SimulatedLine line = new SimulatedLine(
        "L1", "A", "B", habits, bench.time, bench.arena, bench.draws, bench.trace);
    line.end(0).open(() -> {});
    line.end(1).open(() -> {});
    listen(line);
    return line;
  }

  private void send(SimulatedLine line, int number) {
    header.putInt(0, number);
    assertThat(line.end(0).submit(header, 32, 0, 0, number)).isEqualTo(LinkPort.SENT);
  }

  private void listen(SimulatedLine line) {
    bench.time.runFor(100 * MILLI);
    line.end(0).drain(near, 10_000);
    line.end(1).drain(far, 10_000);
  }

  private static final class Ear implements LinkPort.LinkSink {
    final List<Integer> frames = new ArrayList<>();
    final List<Boolean> carriers = new ArrayList<>();
    final List<Long> sent = new ArrayList<>();
    int heard;
    int placed;
    int freed;
    int step;
    boolean isPlaceGiven;
    private final MemorySegment place = Arena.ofAuto().allocate(4096);

    @Override
    public long placeFor(long headAddress, int headBytes, int payloadBytes) {
      assertThat(isPlaceGiven).isFalse();
      isPlaceGiven = true;
      place.fill((byte) 0x55);
      return place.address();
    }

    @Override
    public void onFrameInPlace(long headAddress, int headBytes) {
      isPlaceGiven = false;
      placed++;
      for (int i = 0; i < 4096; i++) {
        assertThat(Memory.getByte(place.address() + i)).isEqualTo((byte) (step * i));
      }
    }

    @Override
    public void onPlaceFree() {
      isPlaceGiven = false;
      freed++;
    }

    @Override
    public void onFrame(long address, int lengthBytes) {
      heard++;
      if (lengthBytes == 32) {
        frames.add(Memory.at(address, 4).get(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, 0));
      }
    }

    @Override
    public void onSent(long tag) {
      sent.add(tag);
    }

    @Override
    public void onCarrier(boolean up, String reason) {
      carriers.add(up);
    }
  }
}
