package farside.channel;

import static org.assertj.core.api.Assertions.assertThat;

import farside.cache.BlockMask;
import farside.cache.WriteRecords;
import farside.port.HostCommand;
import farside.port.HostStatus;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Writes over several tracks: how their payload is asked for, and where it stays.
class LongWriteTest {
  private static final int TRACK = BlockMask.TRACK_BYTES;
  private static final int WHOLE = ChannelBench.VOLUME_BYTES;

  private final ScriptedHost host = new ScriptedHost(null);

  private static byte[] random(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new Random(lengthBytes).nextBytes(bytes);
    return bytes;
  }

  private ChannelBench local() {
    ChannelBench bench = ChannelBench.local(host);
    host.open(1, "0010");
    return bench;
  }

  private void write(ChannelBench bench, long offsetBytes, int lengthBytes) {
    byte[] bytes = random(lengthBytes);
    var write = host.write(1, false, offsetBytes, bytes);
    bench.settle();
    assertThat(write.status).isEqualTo(HostStatus.OK);
    var read = host.ask(1, HostCommand.READ, offsetBytes, lengthBytes);
    bench.runDry();
    assertThat(read.data).isEqualTo(bytes);
  }

  @Test
  void allOfItComesByOneCallAndTakesARecordForEachTrack() {
    ChannelBench bench = local();
    host.write(1, false, 0, random(WHOLE));
    bench.settle();
    assertThat(host.received).containsExactly(WHOLE);
    assertThat(bench.records.liveRecords()).isEqualTo(ChannelBench.TRACKS);
    int record = bench.records.localHeadOf(0);
    for (int track = 0; track < ChannelBench.TRACKS; track++) {
      assertThat(bench.records.offsetOf(record)).isEqualTo((long) track * TRACK);
      assertThat(bench.records.lengthOf(record)).isEqualTo(TRACK);
      record = bench.records.localNextOf(record);
    }
    assertThat(record).isEqualTo(WriteRecords.NONE);
  }

  @Test
  void whatBeginsAndEndsInTheMiddleOfATrackComesByOneCallToo() {
    ChannelBench bench = local();
    write(bench, 12_288, 2 * TRACK);
    assertThat(host.received).containsExactly(2 * TRACK);
  }

  @Test
  void anEndThatFillsNoFrameComesWithTheRest() {
    ChannelBench bench = local();
    write(bench, TRACK, TRACK + 1536);
    assertThat(host.received).containsExactly(TRACK + 1536);
  }

  @Test
  void aPartOfABlockComesByItself() {
    ChannelBench bench = local();
    byte[] bytes = random(2 * TRACK + 100);
    var write = host.write(1, false, 0, bytes);
    bench.runDry();
    assertThat(write.status).isEqualTo(HostStatus.OK);
    assertThat(host.received).containsExactly(2 * TRACK, 100);
    var read = host.ask(1, HostCommand.READ, 0, bytes.length);
    bench.runDry();
    assertThat(read.data).isEqualTo(bytes);
  }

  @Test
  void whatLiesAcrossFramesComesPieceByPiece() {
    ChannelBench bench = local();
    write(bench, 512, 2 * TRACK);
    assertThat(host.received).containsExactly(TRACK - 512, TRACK + 512);
  }

  @Test
  void nothingIsTakenAheadWithHalfOfNvramInUse() {
    ChannelBench bench = ChannelBench.synchronizedSource(host);
    host.open(1, "0010");
    // The peer is silent: what is written stays.
    while (bench.records.hostFramesFree() * 2 > bench.records.hostFramesMax()) {
      host.write(1, false, 0, random(4096));
      bench.settle();
    }
    host.received.clear();
    host.write(1, false, 0, random(2 * TRACK));
    bench.settle();
    assertThat(host.received).containsExactly(TRACK, TRACK);
  }

  @Test
  void aHostThatVanishesBeforeAllIsHereLeavesNothingBehind() {
    ChannelBench bench = local();
    host.isLate = true;
    host.write(1, false, 0, random(WHOLE));
    bench.adapter.doWork(bench.nowNs);
    assertThat(bench.records.hostFramesMax() - bench.records.hostFramesFree()).isEqualTo(64);
    host.vanish(1);
    bench.settle();
    assertThat(bench.records.hostFramesFree()).isEqualTo(bench.records.hostFramesMax());
    assertThat(bench.records.liveRecords()).isZero();
    bench.records.checkInvariants();
  }

  @Test
  void hostsThatKeepTheirPayloadBackLeaveOthersHalfOfNvram() {
    ChannelBench bench = local();
    host.isLate = true;
    for (int connection = 2; connection < 10; connection++) {
      host.open(connection, "0010");
      host.write(connection, false, 0, random(WHOLE));
    }
    bench.adapter.doWork(bench.nowNs);
    int taken = bench.records.hostFramesMax() - bench.records.hostFramesFree();
    // Half of it, what one more takes beyond that, and the first record of each.
    assertThat(taken).isLessThan(bench.records.hostFramesMax() / 2 + 64 + 8 * 16);
    bench.runDry();
    bench.records.checkInvariants();
    assertThat(bench.records.hostFramesFree()).isEqualTo(bench.records.hostFramesMax());
  }
}
