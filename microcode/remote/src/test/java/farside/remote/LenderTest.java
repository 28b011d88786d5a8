package farside.remote;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.port.Memory;
import farside.protocol.session.MessageHeaderEncoder;
import farside.protocol.session.ReadVerdict;
import farside.protocol.session.RemoteReadDecoder;
import farside.protocol.session.RemoteReadEncoder;
import farside.volume.PairState;
import farside.volume.Standing;
import farside.volume.Volume;
import farside.volume.VolumeRole;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class LenderTest {
  private static final Standing SYNCHRONIZED =
      Standing.fresh(PairState.UNPAIRED, false).synchronizedAt(7);

  private final RemoteBench bench = new RemoteBench(VolumeRole.R1, "G", "G");
  private final Line line = new Line();
  private boolean linked = true;
  private final Lender lender = new Lender(bench.memory, bench.volumes, volume -> linked, line);
  private int requests;

  private record Answer(int loan, int request, ReadVerdict verdict, ByteBuffer payload) {}

  /// Takes answers, as the link does; says how far records were sent.
  private static final class Line implements Lender.Sender {
    final List<Answer> answers = new ArrayList<>();
    long sentNumber = Long.MAX_VALUE;
    boolean ready = true;

    @Override
    public boolean isReadyForAnswer() {
      return ready;
    }

    @Override
    public long sentNumber() {
      return sentNumber;
    }

    @Override
    public boolean sendAnswer(
        int loan,
        Volume volume,
        int request,
        ReadVerdict verdict,
        long low,
        long high,
        long address,
        int crc) {
      int lengthBytes = (Long.bitCount(low) + Long.bitCount(high)) * 512;
      byte[] payload = new byte[lengthBytes];
      for (int i = 0; i < lengthBytes; i++) {
        payload[i] = Memory.getByte(address + i);
      }
      answers.add(new Answer(loan, request, verdict, ByteBuffer.wrap(payload)));
      return true;
    }
  }

  private boolean ask(int track, long low, long high, long generation) {
    return ask(0, track, low, high, generation);
  }

  private boolean ask(int volume, int track, long low, long high, long generation) {
    UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(128));
    new RemoteReadEncoder()
        .wrapAndApplyHeader(message, 0, new MessageHeaderEncoder())
        .volume(bench.volumes.get(volume).number())
        .request(++requests)
        .track(track)
        .blocksLow(low)
        .blocksHigh(high)
        .generation(generation);
    return lender.onRequest(new RemoteReadDecoder()
        .wrap(
            message,
            MessageHeaderEncoder.ENCODED_LENGTH,
            RemoteReadDecoder.BLOCK_LENGTH,
            RemoteReadDecoder.SCHEMA_VERSION));
  }

  private void run() {
    do {
      bench.read();
    } while (lender.step() > 0);
  }

  private ReadVerdict verdictOf(long generation) {
    line.answers.clear();
    assertThat(ask(0, 1, 0, generation)).isTrue();
    run();
    assertThat(line.answers).hasSize(1);
    lender.onAcknowledged(line.answers.getFirst().loan());
    return line.answers.getFirst().verdict();
  }

  @Test
  void itGivesOnlyWhatIsThePairsValidContent() {
    Volume volume = bench.volumes.get(0);
    bench.begin(SYNCHRONIZED);
    assertThat(verdictOf(7)).isEqualTo(ReadVerdict.GIVEN);
    assertThat(verdictOf(8)).isEqualTo(ReadVerdict.NOT_SYNCHRONIZED);
    linked = false;
    assertThat(verdictOf(7)).isEqualTo(ReadVerdict.NOT_SYNCHRONIZED);
    linked = true;
    volume.table().owed().set(0);
    assertThat(verdictOf(7)).isEqualTo(ReadVerdict.OWED);
    volume.table().owed().clear(0);
    bench.lose(0);
    assertThat(verdictOf(7)).isEqualTo(ReadVerdict.UNREADABLE);
    bench.begin(SYNCHRONIZED.with(PairState.SYNC_IN_PROG));
    assertThat(verdictOf(7)).isEqualTo(ReadVerdict.NOT_SYNCHRONIZED);
    bench.begin(SYNCHRONIZED.alone(8));
    assertThat(verdictOf(8)).isEqualTo(ReadVerdict.NOT_SYNCHRONIZED);
  }

  @Test
  void requestsThatMakeNoSenseAreNotTaken() {
    bench.begin(SYNCHRONIZED);
    assertThat(ask(RemoteBench.TRACKS, 1, 0, 7)).isFalse();
    assertThat(ask(0, 0, 0, 7)).isFalse();
    run();
    assertThat(line.answers).isEmpty();
  }

  @Test
  void blocksFollowEachOtherWithRecordsOverThem() {
    bench.begin(SYNCHRONIZED);
    for (int block = 0; block < BlockMask.BLOCKS_PER_TRACK; block++) {
      bench.drives[0][block * 512] = (byte) (block + 1);
    }
    bench.write(0, 70, true, false, 0);
    assertThat(ask(0, 1L << 9 | 1L << 63, 1 | 1L << 6, 7)).isTrue();
    run();
    byte[] payload = line.answers.getFirst().payload().array();
    assertThat(payload).hasSize(4 * 512);
    assertThat(List.of(payload[0], payload[512], payload[1024], payload[1536]))
        .containsExactly((byte) 10, (byte) 64, (byte) 65, (byte) 5);
  }

  @Test
  void aWriteThatWasNotSentYetIsNotGiven() {
    bench.begin(SYNCHRONIZED);
    int record = bench.write(0, 3, true, true, 0);
    line.sentNumber = bench.records.numberOf(record) - 1;
    assertThat(ask(0, 0b1000, 0, 7)).isTrue();
    assertThat(ask(0, 0b0100, 0, 7)).isTrue();
    run();
    assertThat(line.answers).extracting(Answer::request).containsExactly(2);
    line.sentNumber++;
    run();
    assertThat(line.answers).extracting(Answer::request).containsExactly(2, 1);
    assertThat(line.answers.get(1).payload().array()[0]).isEqualTo((byte) 5);
  }

  @Test
  void aBufferThatTheLinkStillReadsIsNotUsedAgain() {
    bench.begin(SYNCHRONIZED);
    for (int i = 0; i < Lender.LOANS + 1; i++) {
      assertThat(ask(i % 4, 1, 0, 7)).isTrue();
    }
    run();
    assertThat(line.answers).hasSize(Lender.LOANS);
    lender.onQueued(2);
    lender.onAcknowledged(2);
    run();
    assertThat(line.answers).hasSize(Lender.LOANS);
    lender.onSessionEnd();
    lender.onSent(2);
    assertThat(ask(0, 1, 0, 7)).isTrue();
    run();
    assertThat(line.answers).hasSize(Lender.LOANS + 1);
  }

  @Test
  void aDriveThatHangsDoesNotKeepTheBlocksOfOthersFromThePeer() {
    bench.begin(SYNCHRONIZED);
    for (int track = 0; track < Lender.LOANS; track++) {
      assertThat(ask(track, 1, 0, 7)).isTrue();
    }
    lender.step();
    int hanging = 0;
    for (int slot = bench.slots.pollWanted(); slot >= 0; slot = bench.slots.pollWanted()) {
      bench.slots.onStageStarted(slot, 0, 1);
      hanging++;
    }
    assertThat(hanging).isEqualTo(Lender.LOANS - 1);
    assertThat(ask(1, 0, 1, 0, 7)).isTrue();
    run();
    assertThat(line.answers).extracting(Answer::request).containsExactly(Lender.LOANS + 1);
    lender.onAcknowledged(line.answers.getFirst().loan());
    // When it is known to hang, whoever asks is told so, and the last slot is free again.
    bench.slots.setInDoubt(0, true);
    run();
    assertThat(line.answers.subList(1, line.answers.size()))
        .extracting(Answer::verdict)
        .hasSize(Lender.LOANS)
        .containsOnly(ReadVerdict.UNREADABLE);
    line.answers.forEach(answer -> lender.onAcknowledged(answer.loan()));
    assertThat(ask(1, 1, 1, 0, 7)).isTrue();
    run();
    assertThat(line.answers.getLast().verdict()).isEqualTo(ReadVerdict.GIVEN);
  }

  @Test
  void aReadOfAnEndedSessionDoesNotWriteOverALaterAnswer() {
    bench.begin(SYNCHRONIZED);
    int slot = bench.slots.slotCount();
    assertThat(ask(0, 1, 0, 7)).isTrue();
    lender.step();
    assertThat(bench.slots.pollWanted()).isEqualTo(slot);
    bench.slots.onStageStarted(slot, 0, 1);
    lender.onSessionEnd();
    assertThat(ask(0, 1, 0, 7)).isTrue();
    run();
    assertThat(line.answers).extracting(Answer::loan).containsExactly(1);
    bench.slots.onStageEnded(slot, 0, 1, true);
    assertThat(ask(0, 1, 0, 7)).isTrue();
    run();
    assertThat(line.answers).extracting(Answer::loan).containsExactly(1, 0);
  }
}
