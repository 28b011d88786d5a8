package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.WriteRecords;
import farside.fixture.NvramInMemory;
import farside.port.Memory;
import farside.port.NvramPort;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.VolumeRole;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A write whose payload the link receives straight into NVRAM, at the far side.
class PlacedPayloadTest {
  private static final long MS = RemoteBench.MS;
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private final MemoryLine[] line = MemoryLine.pair();
  private final Placing placing = line[1].placing;
  private final NvramPort nvram = new NvramInMemory(1 << 21);
  private final RemoteBench source = new RemoteBench(VolumeRole.R1, "G");
  private final RemoteBench target = new RemoteBench(nvram, VolumeRole.R2, "G");
  private final RemoteAdapter a = source.adapter(line[0], "AAA", "BBB");
  private final RemoteAdapter b = target.adapter(line[1], "BBB", "AAA");
  private long nowNs = 1;

  @BeforeEach
  void begin() {
    source.begin(SYNCHRONIZED);
    target.begin(SYNCHRONIZED);
    a.start(nowNs);
    b.start(nowNs);
    runFor(100);
    assertThat(b.sessionState()).isEqualTo(SessionState.READY);
    assertThat(placing.given).isZero();
  }

  private void runFor(long ms) {
    for (long step = 0; step < ms; step++) {
      nowNs += MS;
      for (int round = 0; round < 6; round++) {
        source.events.setNow(nowNs);
        target.events.setNow(nowNs);
        a.doWork(nowNs);
        b.doWork(nowNs);
        source.labelDurable(0);
        target.labelDurable(0);
      }
    }
  }

  private int takenFrames() {
    return target.records.incomingFramesMax() - target.records.incomingFramesFree();
  }

  private void assertHasTheWrite() {
    assertThat(target.records.liveRecords()).isEqualTo(1);
    assertThat(takenFrames()).isEqualTo(1);
    int record = target.records.newestOf(0, 0);
    for (int i = 0; i < 512; i++) {
      assertThat(Memory.getByte(target.records.addressOf(record) + i)).isEqualTo((byte) 5);
    }
    assertThat(target.records.payloadCrcOf(record))
        .isEqualTo(Memory.crc32c(target.records.addressOf(record), 512));
  }

  @Test
  void thePayloadOfAWriteIsReceivedIntoItsRecord() {
    int record = source.write(0, 0, true, true, nowNs);
    runFor(2);
    assertThat(placing.given).isEqualTo(1);
    assertThat(source.records.isReleased(record)).isTrue();
    assertHasTheWrite();
  }

  @Test
  void untilAllOfItIsHereThereIsARoomTakenAndNoRecord() {
    placing.stops = true;
    source.write(0, 0, true, true, nowNs);
    runFor(2);
    assertThat(takenFrames()).isEqualTo(1);
    assertThat(target.records.liveRecords()).isZero();
    assertThat(found(nvram)).isZero();

    line[1].endHalfway(true);
    assertHasTheWrite();
    assertThat(found(nvram)).isEqualTo(1);
  }

  /// How many records another life finds there.
  private static int found(NvramPort nvram) {
    RemoteBench next = new RemoteBench(nvram, VolumeRole.R2, "G");
    return next.records.recover((record, volume, track, localPending) -> {}, 0).kept();
  }

  @Test
  void aDamagedPayloadLeavesNoRecordAndComesAgain() {
    placing.damages = true;
    source.write(0, 0, true, true, nowNs);
    source.events.setNow(nowNs);
    a.doWork(nowNs);
    b.doWork(nowNs);
    assertThat(placing.given).isEqualTo(1);
    assertThat(target.records.liveRecords()).isZero();
    assertThat(takenFrames()).isZero();
    assertThat(found(nvram)).isZero();

    runFor(300);
    assertHasTheWrite();
  }

  @Test
  void aLinkThatBreaksInItsMiddleGivesTheRoomBack() {
    placing.stops = true;
    source.write(0, 0, true, true, nowNs);
    runFor(2);
    assertThat(takenFrames()).isEqualTo(1);
    line[1].endHalfway(false);
    assertThat(takenFrames()).isZero();
    runFor(300);
    assertHasTheWrite();
  }

  @Test
  void asLongAsALinkMayWriteThereThePlaceIsNobodysAlsoWhenTheSessionIsOver() {
    for (boolean goesOn : new boolean[] {true, false}) {
      placing.stops = true;
      int before = target.records.liveRecords();
      source.write(0, 8, true, true, nowNs);
      runFor(2);
      assertThat(placing.isHalfway()).isTrue();
      int taken = takenFrames();
      runFor(4_000);
      assertThat(b.sessionState()).isNotEqualTo(SessionState.READY);
      assertThat(takenFrames()).isEqualTo(taken);

      line[1].endHalfway(goesOn);
      assertThat(takenFrames()).isEqualTo(taken - 1);
      assertThat(target.records.liveRecords()).isEqualTo(before);
      runFor(1_000);
    }
  }

  @Test
  void whatIsNoWriteOfAVolumeThatIsMirroredHereGetsNoPlace() {
    source.volumes.get(0).table().setPending(1, 1);
    IncomingPlaces places = new IncomingPlaces(target.records, target.volumes);
    var message = new org.agrona.concurrent.UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(64));
    var header = new farside.protocol.session.MessageHeaderEncoder();
    var write = new farside.protocol.session.WriteEncoder();
    write.wrapAndApplyHeader(message, 0, header).volume(0x7F).lengthBlocks(8);
    assertThat(places.reserve(message, 0, 4096)).isEqualTo(WriteRecords.NONE);
    new farside.protocol.session.RemoteReadAnswerEncoder()
        .wrapAndApplyHeader(message, 0, header)
        .volume(target.volumes.get(0).number());
    assertThat(places.reserve(message, 0, 4096)).isEqualTo(WriteRecords.NONE);
    write
        .wrapAndApplyHeader(message, 0, header)
        .volume(target.volumes.get(0).number())
        .lengthBlocks(8);
    int place = places.reserve(message, 0, 4096);
    assertThat(place).isNotEqualTo(WriteRecords.NONE);
    places.giveBack(place);
    assertThat(takenFrames()).isZero();
  }
}
