package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.director.Director;
import farside.port.LinkPort;
import farside.port.Memory;
import farside.port.fault.LossyLink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTransportTest {
  private static final long MS = 1_000_000;
  private static final int ROOM = 64;

  /// One end: what it was handed, and what it knows to be acknowledged.
  private static final class End
      implements FrameTransport.Receiver,
          IncomingFrames.Room,
          IncomingFrames.Places,
          LinkGroup.Sink,
          FrameTransport.PinSink {
    final LinkGroup links;
    final FrameTransport transport;
    final List<Long> delivered = new ArrayList<>();
    final List<Long> acknowledged = new ArrayList<>();
    final List<String> refused = new ArrayList<>();
    final MemorySegment payload = Arena.ofAuto().allocate(65_536, 4096);
    final int[] crcOf = new int[65_536];
    int room = ROOM;
    int roomTaken;
    int unpromised;
    final Map<Integer, MemorySegment> places = new TreeMap<>();
    int placedUnits;
    int lastPlace;
    int placesTaken;
    long sent;
    long nowNs;
    boolean broken;
    boolean isAckAwaited = true;

    End(LinkPort link, int epoch, int peerEpoch) {
      this(List.of(link), epoch, peerEpoch);
    }

    End(List<LinkPort> ports, int epoch, int peerEpoch) {
      links = new LinkGroup(ports, this);
      transport = new FrameTransport(links, this, this, this);
      begin(epoch);
      transport.setPeerEpoch(peerEpoch);
    }

    void begin(int epoch) {
      transport.begin(epoch, 0);
      for (int i = 0; i < links.count(); i++) {
        transport.join(links.get(i), 0);
      }
    }

    boolean send(int payloadBytes) {
      int units = IncomingWrites.unitsOf(payloadBytes);
      if (!transport.hasRoom(units)) {
        return false;
      }
      long number = sent + 1;
      transport.messageBuffer().putLong(transport.messageOffset(), number);
      if (crcOf[payloadBytes] == 0) {
        payload.asSlice(0, payloadBytes).fill((byte) 7);
        crcOf[payloadBytes] = Memory.crc32c(payload.address(), payloadBytes);
      }
      boolean done = transport.sendSequenced(
          FrameTransport.RECORD,
          0,
          number,
          8,
          payload.address(),
          payloadBytes,
          crcOf[payloadBytes],
          units,
          0);
      sent += done ? 1 : 0;
      return done;
    }

    void round(long now) {
      nowNs = now;
      transport.onRoundBegun(now);
      links.drain(512);
    }

    void endRound() {
      transport.endRound(nowNs, this);
    }

    @Override
    public int freeUnits() {
      return room - roomTaken - placedUnits;
    }

    @Override
    public int unpromisedUnits() {
      return unpromised;
    }

    @Override
    public int reserve(UnsafeBuffer head, int messageOffset, int payloadBytes) {
      int units = IncomingWrites.unitsOf(payloadBytes);
      if (units > freeUnits()) {
        return NONE;
      }
      placedUnits += units;
      places.put(++lastPlace, Arena.ofAuto().allocate(units * 4096L, 8));
      return lastPlace;
    }

    @Override
    public long addressOf(int place) {
      return places.get(place).address();
    }

    @Override
    public int bytesOf(int place) {
      return (int) places.get(place).byteSize();
    }

    @Override
    public void giveBack(int place) {
      assertThat(places).containsKey(place);
      placedUnits -= bytesOf(place) / 4096;
      places.remove(place);
    }

    @Override
    public boolean onMessage(
        UnsafeBuffer frame, int messageOffset, long address, int payloadBytes, int crc) {
      delivered.add(frame.getLong(messageOffset));
      assertThat(Memory.crc32c(address, payloadBytes)).isEqualTo(crc);
      int units = IncomingWrites.unitsOf(payloadBytes);
      if (transport.place() == NONE) {
        assertThat(units).as("more than there is room for").isLessThanOrEqualTo(freeUnits());
      } else {
        giveBack(transport.place());
        transport.onPlaceTaken();
        placesTaken++;
      }
      roomTaken += units;
      transport.onUnitsTaken(units);
      if (!isAckAwaited) {
        transport.onAckNotAwaited();
      }
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
    public long placeFor(GroupLink from, long headAddress, int headBytes, int payloadBytes) {
      return transport.placeFor(from, headAddress, headBytes, payloadBytes);
    }

    @Override
    public void onFrameInPlace(GroupLink from, long headAddress, int headBytes) {
      broken |= transport.onFrameInPlace(from, headAddress, headBytes, true, nowNs, this)
          == FrameTransport.Verdict.BROKEN;
    }

    @Override
    public void onPlaceFree(GroupLink from) {
      transport.onPlaceFree(from);
    }

    @Override
    public void onFrame(GroupLink from, long address, int lengthBytes) {
      broken |= transport.onFrame(from, address, lengthBytes, true, nowNs, this)
          == FrameTransport.Verdict.BROKEN;
    }

    @Override
    public void onSent(long tag) {}

    @Override
    public void onCarrier(GroupLink link, boolean up, String reason) {}

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
    assertPlacesWereUsed(b);
  }

  /// Much came to a place of its own, and none is kept.
  private static void assertPlacesWereUsed(End end) {
    assertThat(end.placesTaken).isPositive();
    assertThat(end.places).isEmpty();
  }

  @Test
  void aFrameWhoseLinkIsStuckInItsMiddleHasRoomWhenAnotherBringsIt() {
    MemoryLine[] one = MemoryLine.pair("L1");
    MemoryLine[] two = MemoryLine.pair("L2");
    End a = new End(List.<LinkPort>of(one[0], two[0]), 11, 22);
    End b = new End(List.<LinkPort>of(one[1], two[1]), 22, 11);
    b.unpromised = 16;
    credit(b, a);
    one[1].placing.stops = true;
    MemoryLine stuck = one[1];
    int promised = 3;
    for (long ms = 1; a.acknowledged.size() < promised && ms < 3000; ms += 10) {
      if (ms == 201) {
        assertThat(b.places).as("one of which the other half does not come").hasSize(1);
        a.links.become(a.links.get(0), LinkState.GREETING, ms * MS);
        a.transport.onLinkLeft(a.links.get(0));
      }
      a.round(ms * MS);
      while (a.send(65_024)) {}
      a.endRound();
      b.round(ms * MS);
      b.endRound();
    }
    assertThat(b.delivered).isEqualTo(upTo(promised));
    assertThat(b.placesTaken).as("there was room for one place").isZero();

    stuck.endHalfway(true);
    assertThat(b.delivered).as("once only").isEqualTo(upTo(promised));
    assertThat(b.places).isEmpty();
  }

  @Test
  void withoutRoomBesideWhatWasPromisedNothingGetsAPlace() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    credit(b, a);
    while (a.send(65_024)) {}
    b.round(MS);
    assertThat(b.delivered).isEqualTo(upTo(ROOM / 16));
    assertThat(line[1].placing.given).isZero();
  }

  @Test
  void payloadThatCameTooSoonStaysInItsPlaceUntilItIsItsTurn() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    b.room = 1024;
    b.unpromised = 64;
    credit(b, a);
    assertThat(a.send(65_024)).isTrue();
    line[1].loseAll();
    for (int frame = 2; frame <= 3; frame++) {
      assertThat(a.send(65_024)).isTrue();
    }
    b.round(MS);
    assertThat(b.delivered).isEmpty();
    assertThat(b.places).hasSize(2);
    a.round(MS);
    b.round(MS);
    assertThat(b.delivered).isEqualTo(upTo(3));
    assertThat(b.placesTaken).isEqualTo(3);
    assertPlacesWereUsed(b);
  }

  @Test
  void aSessionThatIsOverGivesThePlacesBackOfWhatCameTooSoon() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    b.room = 1024;
    b.unpromised = 64;
    credit(b, a);
    assertThat(a.send(65_024)).isTrue();
    line[1].loseAll();
    assertThat(a.send(65_024)).isTrue();
    b.round(MS);
    assertThat(b.places).hasSize(1);
    b.transport.end();
    assertThat(b.places).isEmpty();
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
    UnsafeBuffer frame = new UnsafeBuffer(ByteBuffer.allocateDirect(8192));
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
        end.onFrame(end.links.get(0), frame.addressOffset(), header.frameBytes());
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
    b.begin(23);
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

  /// It would be run again and again, as long as the link is full.
  @Test
  void anAcknowledgementThatNobodyWaitsForAndAFullLinkRefusesIsTriedAgainLaterAndNotAtOnce() {
    MemoryLine[] line = MemoryLine.pair();
    End a = new End(line[0], 11, 22);
    End b = new End(line[1], 22, 11);
    b.isAckAwaited = false;
    credit(b, a);
    assertThat(a.send(100)).isTrue();
    b.round(MS);
    b.endRound();
    assertThat(b.transport.nextDeadlineNs()).isEqualTo(6 * MS);

    line[1].room = 0;
    b.round(6 * MS);
    b.endRound();
    assertThat(b.transport.nextDeadlineNs()).isEqualTo(11 * MS);

    line[1].room = Integer.MAX_VALUE;
    b.round(11 * MS);
    b.endRound();
    a.round(11 * MS);
    assertThat(a.acknowledged).containsExactly(1L);
    assertThat(b.transport.nextDeadlineNs()).isEqualTo(Director.NO_DEADLINE);
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
        b.transport.onFrame(b.links.get(0), frame.address(), length, true, i, b);
      } catch (IndexOutOfBoundsException beyond) {
        throw new AssertionError("frame " + i + " of " + length + " bytes", beyond);
      }
    }
  }

  /// Sends writes of one track as fast as the transport takes them. Returns how long it took until
  /// the last was acknowledged.
  private static long timeFor(int frames, TimedLine.Clock clock, End a, End b) {
    long startNs = clock.nowNs;
    a.transport.reports().setEvery(100 * MS);
    b.transport.reports().setEvery(100 * MS);
    b.room = 8192;
    b.nowNs = clock.nowNs;
    b.transport.sendLoose(farside.protocol.link.FrameKind.STATUS, 0, clock.nowNs);
    while (a.acknowledged.size() < frames) {
      clock.nowNs += MS / 5;
      a.round(clock.nowNs);
      while (a.sent < frames && a.send(65_024)) {}
      a.endRound();
      b.round(clock.nowNs);
      b.roomTaken = 0;
      b.endRound();
      assertThat(clock.nowNs - startNs).isLessThan(600_000 * MS);
    }
    assertThat(b.delivered).isEqualTo(upTo(frames));
    return clock.nowNs - startNs;
  }

  private static End end(int side, List<TimedLine[]> lines) {
    List<LinkPort> ports = new ArrayList<>();
    lines.forEach(line -> ports.add(line[side]));
    return side == 0 ? new End(ports, 11, 22) : new End(ports, 22, 11);
  }

  @Test
  void framesTravelOverAllLinksByWhatEachBringsOver() {
    TimedLine.Clock clock = new TimedLine.Clock();
    List<TimedLine[]> one = List.<TimedLine[]>of(TimedLine.pair("L1", clock, MS, 50_000_000));
    long aloneNs = timeFor(800, clock, end(0, one), end(1, one));

    List<TimedLine[]> three = List.of(
        TimedLine.pair("L1", clock, MS, 50_000_000),
        TimedLine.pair("L2", clock, 8 * MS, 50_000_000),
        TimedLine.pair("L3", clock, 2 * MS, 20_000_000));
    End a = end(0, three);
    long togetherNs = timeFor(800, clock, a, end(1, three));

    assertThat((double) aloneNs / togetherNs)
        .as("times as fast as over the first alone; all three are 2.4 of it")
        .isBetween(1.8, 2.4);
    assertThat(a.links.get(0).carriedBytes() / 65_000).isBetween(280L, 420L);
    assertThat(a.links.get(1).carriedBytes() / 65_000).isBetween(200L, 380L);
    assertThat(a.links.get(2).carriedBytes() / 65_000).isBetween(60L, 200L);
  }

  @Test
  void aSlowLinkDoesNotHoldBackAFastOne() {
    TimedLine.Clock clock = new TimedLine.Clock();
    List<TimedLine[]> one = List.<TimedLine[]>of(TimedLine.pair("L1", clock, MS, 100_000_000));
    long aloneNs = timeFor(2000, clock, end(0, one), end(1, one));

    List<TimedLine[]> two = List.of(
        TimedLine.pair("L1", clock, MS, 100_000_000),
        TimedLine.pair("L2", clock, 30 * MS, 190_000));
    End a = end(0, two);
    long withSlowNs = timeFor(2000, clock, a, end(1, two));

    assertThat((double) withSlowNs / aloneNs).isLessThan(1.25);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void overSeveralBadLinesEverythingArrivesOnceAndInOrder(long seed) {
    System.out.println("FrameTransportTest seed " + seed);
    Random random = new Random(seed);
    TimedLine.Clock clock = new TimedLine.Clock();
    List<LinkPort> near = new ArrayList<>();
    List<LinkPort> far = new ArrayList<>();
    int count = 2 + random.nextInt(7);
    for (int i = 0; i < count; i++) {
      TimedLine[] line = TimedLine.pair(
          "L" + i,
          clock,
          1000 + random.nextLong(20 * MS),
          random.nextBoolean() ? 0 : 1_000_000 + random.nextInt(100_000_000));
      boolean isBad = random.nextBoolean();
      near.add(isBad ? new LossyLink(line[0], random, 0.1, 0.05, 0.1) : line[0]);
      far.add(isBad ? new LossyLink(line[1], random, 0.1, 0.05, 0.1) : line[1]);
    }
    End a = new End(near, 11, 22);
    End b = new End(far, 22, 11);
    a.transport.reports().setEvery(50 * MS);
    b.transport.reports().setEvery(50 * MS);
    int wanted = 1500;
    for (int step = 0;
        step < 80_000 && (b.delivered.size() < wanted || a.acknowledged.size() < wanted);
        step++) {
      clock.nowNs += random.nextLong(3 * MS);
      a.round(clock.nowNs);
      for (int i = random.nextInt(20); i > 0 && a.sent < wanted; i--) {
        a.send(random.nextInt(4) == 0 ? 9000 : 100);
      }
      if (random.nextInt(500) == 0 && a.links.joinedCount() > 1) {
        leaveAndJoin(a, random.nextInt(count), clock.nowNs);
      }
      a.endRound();
      b.round(clock.nowNs);
      b.roomTaken -= random.nextInt(b.roomTaken + 1);
      if (random.nextInt(4) == 0) {
        b.send(0);
      }
      b.endRound();
      if (random.nextInt(7) == 0) {
        b.transport.sendLoose(farside.protocol.link.FrameKind.STATUS, 0, clock.nowNs);
      }
    }
    assertThat(b.delivered).isEqualTo(upTo(wanted));
    assertThat(a.acknowledged).isEqualTo(upTo(wanted));
    assertThat(a.delivered).isEqualTo(upTo(a.delivered.size()));
    assertThat(a.broken || b.broken).isFalse();
    assertPlacesWereUsed(b);
  }

  /// What was on the link goes over the others, and the link comes back at once, empty.
  private static void leaveAndJoin(End end, int index, long nowNs) {
    GroupLink link = end.links.get(index);
    if (link.isJoined()) {
      end.links.become(link, LinkState.GREETING, nowNs);
      end.transport.onLinkLeft(link);
      end.transport.join(link, nowNs);
    }
  }
}
