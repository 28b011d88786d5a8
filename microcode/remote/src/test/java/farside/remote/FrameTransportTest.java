package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.LinkPort;
import farside.port.Memory;
import farside.port.fault.LossyLink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTransportTest {
  private static final long MS = 1_000_000;
  private static final int ROOM = 64;

  /// One end: what it was handed, and what it knows to be acknowledged.
  private static final class End
      implements FrameTransport.Receiver, LinkPort.LinkSink, FrameTransport.PinSink {
    final LinkPort link;
    final FrameTransport transport;
    final List<Long> delivered = new ArrayList<>();
    final List<Long> acknowledged = new ArrayList<>();
    final List<String> refused = new ArrayList<>();
    final MemorySegment payload = Arena.ofAuto().allocate(65_536, 4096);
    int room = ROOM;
    int roomTaken;
    long sent;
    long nowNs;
    boolean broken;

    End(LinkPort link, int epoch, int peerEpoch) {
      this.link = link;
      transport = new FrameTransport(link, this, () -> room - roomTaken);
      transport.begin(epoch, 0);
      transport.setPeerEpoch(peerEpoch);
    }

    boolean send(int payloadBytes) {
      int units = IncomingWrites.unitsOf(payloadBytes);
      if (!transport.hasRoom(units)) {
        return false;
      }
      long number = sent + 1;
      transport.messageBuffer().putLong(transport.messageOffset(), number);
      for (int i = 0; i < payloadBytes; i++) {
        Memory.putByte(payload.address() + i, (byte) 7);
      }
      boolean done = transport.sendSequenced(
          FrameTransport.RECORD,
          0,
          number,
          8,
          payload.address(),
          payloadBytes,
          Memory.crc32c(payload.address(), payloadBytes),
          units,
          0);
      sent += done ? 1 : 0;
      return done;
    }

    void round(long now) {
      nowNs = now;
      transport.onRoundBegun(now);
      link.drain(this, 512);
    }

    void endRound() {
      transport.endRound(nowNs, this);
    }

    @Override
    public boolean onMessage(
        UnsafeBuffer frame, int messageOffset, long address, int payloadBytes, int crc) {
      delivered.add(frame.getLong(messageOffset));
      assertThat(Memory.crc32c(address, payloadBytes)).isEqualTo(crc);
      int units = IncomingWrites.unitsOf(payloadBytes);
      assertThat(units).as("more than there is room for").isLessThanOrEqualTo(room - roomTaken);
      roomTaken += units;
      transport.onUnitsTaken(units);
      return true;
    }

    @Override
    public void onStatus(UnsafeBuffer frame, int messageOffset) {}

    @Override
    public void onAcknowledged(int kind, int reference, long number) {
      acknowledged.add(number);
    }

    @Override
    public void onRefused(String reason) {
      refused.add(reason);
    }

    @Override
    public void onFrame(long address, int lengthBytes) {
      broken |= transport.onFrame(address, lengthBytes, true, nowNs, this)
          == FrameTransport.Verdict.BROKEN;
    }

    @Override
    public void onSent(long tag) {}

    @Override
    public void onCarrier(boolean up, String reason) {}

    @Override
    public void onQueuedAgain(int kind, int reference) {}
  }

  private static List<Long> upTo(long count) {
    List<Long> numbers = new ArrayList<>();
    for (long i = 1; i <= count; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void overABadLineEverythingArrivesOnceAndInOrder(long seed) {
    System.out.println("FrameTransportTest seed " + seed);
    Random random = new Random(seed);
    MemoryLine[] line = MemoryLine.pair();
    LossyLink[] bad = {
      new LossyLink(line[0], random, 0.1, 0.05, 0.1), new LossyLink(line[1], random, 0.1, 0.05, 0.1)
    };
    End a = new End(bad[0], 11, 22);
    End b = new End(bad[1], 22, 11);
    long nowNs = 1;
    int wanted = 1500;
    for (int step = 0;
        step < 40_000 && (b.delivered.size() < wanted || a.acknowledged.size() < wanted);
        step++) {
      nowNs += random.nextLong(3 * MS);
      a.round(nowNs);
      for (int i = random.nextInt(20); i > 0 && a.sent < wanted; i--) {
        a.send(random.nextInt(4) == 0 ? 9000 : 100);
      }
      a.endRound();
      b.round(nowNs);
      b.roomTaken -= random.nextInt(b.roomTaken + 1);
      if (random.nextInt(4) == 0) {
        b.send(0);
      }
      b.endRound();
      if (nowNs % 7 == 0) {
        // A sign of life, which carries the credit that may have been lost.
        b.transport.sendLoose(farside.protocol.link.FrameKind.STATUS, 0, nowNs);
      }
    }
    assertThat(b.delivered).isEqualTo(upTo(wanted));
    assertThat(a.acknowledged).isEqualTo(upTo(wanted));
    assertThat(a.delivered).isEqualTo(upTo(a.delivered.size()));
    assertThat(a.delivered.size()).isLessThanOrEqualTo((int) b.sent);
    assertThat(a.broken || b.broken).isFalse();
  }

  private static void credit(End from, End to) {
    from.transport.sendLoose(farside.protocol.link.FrameKind.STATUS, 0, from.nowNs);
    to.round(to.nowNs);
  }

  @Test
  void nothingIsSentBeyondTheCreditOfThePeer() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    assertThat(a.send(4096)).isFalse();
    credit(b, a);
    int count = 0;
    while (a.send(4096)) {
      count++;
    }
    assertThat(count).isEqualTo(ROOM);
    assertThat(a.transport.hasRoom(0)).isTrue();
  }

  @Test
  void theFirstFrameAfterAPauseIsNotSentTwice() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    credit(b, a);
    a.round(5_000 * MS);
    assertThat(a.send(100)).isTrue();
    a.endRound();
    assertThat(line[1].waiting()).isEqualTo(1);
    assertThat(a.transport.resentFrames()).isZero();
    assertThat(a.transport.nextDeadlineNs()).isEqualTo(5_200 * MS);
    a.round(5_200 * MS);
    a.endRound();
    assertThat(a.transport.resentFrames()).isEqualTo(1);
  }

  @Test
  void framesThatFindNoPlaceToWaitForAMissingOneAreSentAgain() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    b.room = 4096;
    credit(b, a);
    int wanted = EarlyFrames.SMALL_PLACES + EarlyFrames.LARGE_PLACES + 100;
    assertThat(a.send(0)).isTrue();
    line[1].loseAll();
    while (a.sent < wanted) {
      assertThat(a.send(0)).isTrue();
    }
    b.round(MS);
    assertThat(b.delivered).isEmpty();
    for (long nowMs = 2; a.acknowledged.size() < wanted && nowMs < 60_000; nowMs += 10) {
      a.round(nowMs * MS);
      a.endRound();
      b.round(nowMs * MS);
      b.endRound();
    }
    assertThat(b.delivered).isEqualTo(upTo(wanted));
  }

  @Test
  void aFrameThatCameTooSoonCostsNoNewMemory() {
    MemoryLine line = MemoryLine.pair()[0];
    // What is asked for again takes no memory here.
    line.room = 0;
    End end = new End(line, 22, 11);
    UnsafeBuffer frame = new UnsafeBuffer(Arena.ofAuto().allocate(8192, 8).address(), 8192);
    var header = new farside.protocol.link.FrameHeaderFlyweight();
    var thread =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    int pairs = 20_000;
    long before = 0;
    for (int pair = 0; pair < pairs; pair++) {
      if (pair == pairs / 2) {
        before = thread.getCurrentThreadAllocatedBytes();
      }
      for (int sequence = 2 * pair + 2; sequence > 2 * pair; sequence--) {
        header
            .wrapForWriting(frame, 0)
            .kind(farside.protocol.link.FrameKind.SEQUENCED)
            .messageBytes(8)
            .payloadBytes(4096)
            .epoch(11)
            .sequence(sequence)
            .ack(0)
            .credit(0)
            .payloadCrc(Memory.crc32c(frame.addressOffset() + header.payloadOffset(), 4096))
            .seal();
        end.roomTaken = 0;
        end.onFrame(frame.addressOffset(), header.frameBytes());
      }
    }
    long perPair = (thread.getCurrentThreadAllocatedBytes() - before) / (pairs / 2);
    assertThat(end.delivered).hasSize(2 * pairs);
    // The test's own list takes some, and so do short-lived views where the compiler is in a
    // hurry; a frame that is kept in new memory takes all of its own length.
    assertThat(perPair).as("bytes per frame that came too soon").isLessThan(4096);
  }

  @Test
  void framesOfAnotherSessionAreDropped() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    credit(b, a);
    a.send(100);
    b.transport.begin(23, 0);
    b.transport.setPeerEpoch(12);
    b.round(1);
    assertThat(b.delivered).isEmpty();
    assertThat(b.refused).isEmpty();
  }

  @Test
  void creditThatAFullLinkRefusedIsToldLater() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    b.roomTaken = ROOM;
    credit(b, a);
    assertThat(a.send(100)).isFalse();
    b.roomTaken = 0;
    line[1].room = 0;
    b.round(MS);
    b.endRound();
    line[1].room = Integer.MAX_VALUE;
    b.round(2 * MS);
    b.endRound();
    a.round(2 * MS);
    assertThat(a.send(100)).isTrue();
  }

  @Test
  void noFrameWhateverItHoldsStopsTheReceiver() {
    MemoryLine[] line = MemoryLine.pair();
    End b = new End(line[1], 22, 11);
    Random random = new Random(9);
    MemorySegment frame = Arena.ofAuto().allocate(400, 8);
    var header = new farside.protocol.link.FrameHeaderFlyweight();
    UnsafeBuffer view = new UnsafeBuffer(frame.address(), 400);
    var kinds = farside.protocol.link.FrameKind.values();
    for (int i = 0; i < 20_000; i++) {
      for (int at = 0; at < 400; at++) {
        view.putByte(at, (byte) random.nextInt());
      }
      int messageBytes = random.nextInt(32);
      int length = 32 + messageBytes;
      header
          .wrapForWriting(view, 0)
          .kind(kinds[random.nextInt(kinds.length)])
          .messageBytes(messageBytes)
          .payloadBytes(0)
          .epoch(11)
          .sequence(random.nextInt(4))
          .ack(random.nextInt(4))
          .credit(random.nextInt(100))
          .payloadCrc(0)
          .seal();
      if (random.nextInt(4) == 0) {
        length = random.nextInt(400);
      }
      b.roomTaken = 0;
      try {
        b.transport.onFrame(frame.address(), length, true, i, b);
      } catch (IndexOutOfBoundsException beyond) {
        throw new AssertionError("frame " + i + " of " + length + " bytes", beyond);
      }
    }
  }
}
