package farside.driver.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import farside.driver.netty.StraightReceive;
import farside.driver.netty.Transport;
import farside.port.HostExport;
import farside.port.HostStatus;
import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.SimpleReplyFlyweight;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The head over real sockets, with a fake channel adapter behind it.
class NbdHeadTest {
  private static final long DISK_BYTES = 64L << 20;
  private static final int MIB = 1024 * 1024;

  private HeadBench bench;

  static Stream<Transport> transports() {
    return Arrays.stream(Transport.values()).filter(Transport::isAvailable);
  }

  private void start(Transport transport) throws Exception {
    bench = new HeadBench(transport, DISK_BYTES, adapter -> {
      adapter.offer("0010");
      adapter.offer("0030");
    });
  }

  private void start() throws Exception {
    start(Transport.best());
  }

  @AfterEach
  void stop() {
    if (bench != null) {
      bench.close();
    }
  }

  private void awaitThat(Callable<Boolean> condition) {
    await().until(() -> bench.between(condition));
  }

  private NbdClient client() throws Exception {
    return NbdClient.opened(bench.address, "0010");
  }

  private static byte[] pattern(long seed, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whatIsWrittenIsReadBackAndADisconnectEndsInOrder(Transport transport) throws Exception {
    start(transport);
    try (NbdClient client = client()) {
      byte[] bytes = pattern(1, 70_001);
      client.write(1, 12_345, bytes);
      assertThat(client.expectReply(1)).isZero();
      assertThat(client.read(2, 12_345, bytes.length)).isEqualTo(bytes);
      client.send(NbdCommand.FLUSH, 3, 0, 0);
      assertThat(client.expectReply(3)).isZero();
      client.send(NbdCommand.WRITE_ZEROES, 4, 12_345, 1000);
      assertThat(client.expectReply(4)).isZero();
      assertThat(client.read(5, 12_345, 1000)).isEqualTo(new byte[1000]);
      client.send(NbdCommand.DISC, 0, 0, 0);
      assertThat(client.expectEnd()).isTrue();
    }
    awaitThat(() -> bench.adapter.facts.contains("closed 1"));
    awaitThat(bench.head::isQuiet);
    assertThat(bench.adapter.facts)
        .containsExactly("opened 1 0010 true", "disconnect 1", "closed 1");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theLongestRequestGoesThroughPieceByPiece(Transport transport) throws Exception {
    start(transport);
    byte[] bytes = pattern(2, 32 * MIB);
    try (NbdClient client = client()) {
      client.write(1, 4097, bytes);
      assertThat(client.expectReply(1)).isZero();
      assertThat(Arrays.equals(client.read(2, 4097, bytes.length), bytes)).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aThousandRequestsInOnePieceAreAllAnswered(Transport transport) throws Exception {
    start(transport);
    try (NbdClient client = client()) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int index = 0; index < 1000; index++) {
        all.writeBytes(NbdClient.request(NbdCommand.WRITE, index % 2, index, index * 600L, 512));
        all.writeBytes(pattern(index, 512));
      }
      client.out.write(all.toByteArray());
      for (int index = 0; index < 1000; index++) {
        assertThat(client.expectReply(index)).isZero();
      }
      for (int index = 0; index < 1000; index += 111) {
        assertThat(client.read(index, index * 600L, 512)).isEqualTo(pattern(index, 512));
      }
    }
    assertThat(bench.between(() -> bench.adapter.forcedCount)).isEqualTo(500);
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aHostThatEndsItsHalfIsServedToTheEnd(Transport transport) throws Exception {
    start(transport);
    try (NbdClient client = client()) {
      client.write(1, 0, pattern(3, 100_000));
      client.send(NbdCommand.READ, 2, 0, 100_000);
      client.socket.shutdownOutput();

      assertThat(client.expectReply(1)).isZero();
      assertThat(client.expectData(2, 100_000)).isEqualTo(pattern(3, 100_000));
      assertThat(client.expectEnd()).isTrue();
    }
    awaitThat(() -> bench.adapter.facts.contains("closed 1"));
    assertThat(bench.adapter.facts).contains("disconnect 1");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aHostThatVanishesInTheMiddleOfAWriteIsReportedClosed(Transport transport) throws Exception {
    start(transport);
    try (NbdClient client = client()) {
      client.send(NbdCommand.WRITE, 1, 0, 100_000);
      client.out.write(new byte[50_000]);
    }
    awaitThat(() -> bench.adapter.facts.contains("closed 1"));
    assertThat(bench.adapter.facts).doesNotContain("disconnect 1");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aHostThatNeverReadsHoldsUpNobodyAndFillsNoMemory(Transport transport) throws Exception {
    start(transport);
    try (NbdClient deaf = client();
        NbdClient other = client()) {
      for (int index = 0; index < 40; index++) {
        deaf.send(NbdCommand.READ, index, 0, MIB);
      }
      awaitThat(() -> bench.adapter.readCountRefused > 0 && !bench.head.isWritable(1));

      other.write(1, 0, pattern(4, 4096));
      assertThat(other.expectReply(1)).isZero();
      assertThat(other.read(2, 0, 4096)).isEqualTo(pattern(4, 4096));

      for (int index = 0; index < 40; index++) {
        assertThat(deaf.expectData(index, MIB)).hasSize(MIB);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void badRequestsOfAHostThatNeverReadsDoNotPileUp(Transport transport) throws Exception {
    start(transport);
    int readCount = 8;
    int badCount = 100_000;
    try (NbdClient deaf = client()) {
      for (int index = 0; index < readCount; index++) {
        deaf.send(NbdCommand.READ, 1, 0, MIB);
      }
      awaitThat(() -> !bench.head.isWritable(1));
      Thread sender = sending(deaf, many(NbdCommand.FLUSH, 0x8000, badCount));

      // Whether bad requests are answered between the reads or after them is the head's choice.
      for (int index = 0; index < readCount + badCount; index++) {
        SimpleReplyFlyweight reply = deaf.readReply();
        if (reply.cookie() == 1) {
          deaf.in.skipNBytes(MIB);
        } else if (reply.error() != 22) {
          throw new AssertionError("not EINVAL but " + reply.error());
        }
      }
      sender.join();
      assertThat(bench.between(() -> bench.adapter.unsentBytesPeak))
          .isBetween(
              (long) OutboundReplies.UNSENT_BYTES_MAX,
              OutboundReplies.UNSENT_BYTES_MAX + 2L * FakeChannelAdapter.PIECE_BYTES);
    }
  }

  /// Sends beside the test, whose own thread may have to read meanwhile.
  private static Thread sending(NbdClient client, byte[] bytes) {
    return Thread.ofPlatform().daemon().start(() -> {
      try {
        client.out.write(bytes);
      } catch (IOException cut) {
        throw new UncheckedIOException(cut);
      }
    });
  }

  /// So many requests in one piece, their cookies rising from 100.
  private static byte[] many(NbdCommand command, int flags, int count) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int index = 0; index < count; index++) {
      all.writeBytes(NbdClient.request(command, flags, index + 100L, 0, 0));
    }
    return all.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void anAdapterWithoutRoomStopsTheSocketAndLosesNothing(Transport transport) throws Exception {
    start(transport);
    bench.change(() -> bench.adapter.isRefusing = true);
    byte[] bytes = pattern(5, 8 * MIB);
    try (NbdClient client = client()) {
      client.send(NbdCommand.WRITE, 1, 0, bytes.length);
      Thread sender = sending(client, bytes);
      awaitThat(() -> bench.adapter.refusedCount > 3);
      bench.change(() -> {
        bench.adapter.isHoldingPayload = true;
        bench.adapter.isRefusing = false;
      });
      awaitThat(() -> bench.adapter.requestCount == 1);
      assertThat(bench.between(() -> bench.head.queuedBytes(1)))
          .isLessThanOrEqualTo(2L * NbdConnection.QUEUED_BYTES_MAX);
      bench.change(() -> bench.adapter.isHoldingPayload = false);

      assertThat(client.expectReply(1)).isZero();
      assertThat(Arrays.equals(client.read(2, 0, bytes.length), bytes)).isTrue();
      sender.join();
    }
  }

  @Test
  void longPayloadThatNobodyHasRoomForStaysInTheSocket() throws Exception {
    assumeTrue(Transport.EPOLL.isAvailable(), "no epoll here: payload goes through the queue");
    start(Transport.EPOLL);
    byte[] bytes = pattern(6, MIB);
    try (NbdClient client = client()) {
      client.write(1, 0, bytes);
      assertThat(client.expectReply(1)).isZero();
      bench.change(() -> bench.adapter.isHoldingPayload = true);
      client.send(NbdCommand.WRITE, 2, MIB, bytes.length);
      Thread sender = sending(client, bytes);
      awaitThat(() -> bench.head.isInputPaused(1));
      assertThat(bench.between(() -> bench.head.queuedBytes(1)))
          .isLessThanOrEqualTo(2L * StraightReceive.GLANCE_BYTES);
      bench.change(() -> bench.adapter.isHoldingPayload = false);

      assertThat(client.expectReply(2)).isZero();
      assertThat(client.read(3, MIB, bytes.length)).isEqualTo(bytes);
      sender.join();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aHostThatSendsWithoutEndHasOneRoundForOthersAfterEachMebibyte(Transport transport)
      throws Exception {
    start(transport);
    byte[] bytes = pattern(7, 24 * MIB);
    try (NbdClient client = client()) {
      bench.change(() -> bench.adapter.isHoldingPayload = true);
      client.send(NbdCommand.WRITE, 1, 0, bytes.length);
      Thread sender = sending(client, bytes);
      // The socket is full then.
      awaitThat(() -> bench.head.isInputPaused(1));
      bench.change(() -> bench.adapter.isHoldingPayload = false);

      assertThat(client.expectReply(1)).isZero();
      sender.join();
      assertThat(bench.between(() -> bench.adapter.bytesPerRoundMax)).isLessThan(4L * MIB);
      assertThat(Arrays.equals(client.read(2, 0, bytes.length), bytes)).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void longAndShortWritesInAnyOrderLandWhereTheyBelong(Transport transport) throws Exception {
    start(transport);
    long seed = System.nanoTime();
    var random = new SplittableRandom(seed);
    byte[] expected = new byte[16 * MIB];
    try (NbdClient client = client()) {
      var all = new ByteArrayOutputStream();
      int count = 80;
      for (int cookie = 0; cookie < count; cookie++) {
        int length = 1 + (random.nextBoolean() ? random.nextInt(9000) : random.nextInt(600_000));
        int offset = random.nextInt(expected.length - length);
        byte[] bytes = pattern(seed + cookie, length);
        System.arraycopy(bytes, 0, expected, offset, length);
        all.writeBytes(NbdClient.request(NbdCommand.WRITE, 0, cookie, offset, length));
        all.writeBytes(bytes);
      }
      Thread sender = sending(client, all.toByteArray());
      for (int cookie = 0; cookie < count; cookie++) {
        assertThat(client.expectReply(cookie)).as("seed %d", seed).isZero();
      }
      sender.join();
      assertThat(Arrays.equals(client.read(999, 0, expected.length), expected))
          .as("seed %d", seed)
          .isTrue();
    }
  }

  @Test
  void refusedWritesAreAnsweredAndWhatFollowsIsUnderstood() throws Exception {
    start();
    try (NbdClient client = client()) {
      client.write(1, DISK_BYTES - 10, new byte[300_000]);
      client.send(NbdCommand.READ, 2, DISK_BYTES - 10, 11);
      client.send(NbdCommand.WRITE_ZEROES, 3, DISK_BYTES, 1);
      assertThat(client.expectReply(1)).isEqualTo(28);
      assertThat(client.expectReply(2)).isEqualTo(22);
      assertThat(client.expectReply(3)).isEqualTo(28);
      bench.change(() -> bench.adapter.isReadOnly = true);
      client.write(4, 0, new byte[300_000]);
      assertThat(client.expectReply(4)).isEqualTo(1);
      assertThat(client.read(5, DISK_BYTES - 10, 10)).hasSize(10);
    }
  }

  @Test
  void garbageCostsItsOwnConnectionOnly() throws Exception {
    start();
    try (NbdClient good = client()) {
      SplittableRandom random = new SplittableRandom(6);
      for (int count = 0; count < 20; count++) {
        try (NbdClient bad = count % 2 == 0 ? new NbdClient(bench.address) : client()) {
          byte[] garbage = new byte[10_000];
          random.nextBytes(garbage);
          if (count % 2 == 0) {
            bad.in.skipNBytes(18);
          }
          bad.out.write(garbage);
          assertThat(bad.expectEnd()).isTrue();
        }
      }
      assertThat(good.read(1, 0, 10)).hasSize(10);
      assertThat(bench.between(bench.head::droppedCount)).isEqualTo(20);
      awaitThat(() -> bench.head.openConnections().size() == 1);
    }
    assertThat(bench.adapter.facts.stream().filter(fact -> fact.startsWith("opened")))
        .hasSize(11);
  }

  @Test
  void aConnectionThatNeverOpensAnExportIsNeverHeardOf() throws Exception {
    start();
    try (NbdClient client = new NbdClient(bench.address)) {
      client.greet();
      client.option(3, new byte[0]);
      client.in.skipNBytes(20);
      client.option(2, new byte[0]);
    }
    awaitThat(() -> bench.head.openConnections().isEmpty());
    assertThat(bench.adapter.facts).isEmpty();
  }

  @Test
  void oneConnectionMoreThanTheLimitTakesThePlaceOfTheOldestThatStillHaggles() throws Exception {
    start();
    List<NbdClient> idle = new ArrayList<>();
    try {
      idle.add(client());
      for (int count = 1; count < NbdHead.CONNECTIONS_MAX; count++) {
        idle.add(new NbdClient(bench.address));
        idle.get(count).greet();
      }
      try (NbdClient late = client()) {
        assertThat(late.read(1, 0, 10)).hasSize(10);
        assertThat(idle.get(1).expectEnd()).isTrue();
        assertThat(idle.get(0).read(2, 0, 10)).hasSize(10);
      }
    } finally {
      for (NbdClient each : idle) {
        each.close();
      }
    }
  }

  @Test
  void whenAllHaveAnExportOpenTheNextIsTurnedAway() throws Exception {
    start();
    List<NbdClient> open = new ArrayList<>();
    try {
      for (int count = 0; count < NbdHead.CONNECTIONS_MAX; count++) {
        open.add(client());
        assertThat(open.get(count).read(1, 0, 1)).hasSize(1);
      }
      try (NbdClient late = new NbdClient(bench.address)) {
        assertThat(late.expectEnd()).isTrue();
      }
      open.get(0).close();
      awaitThat(() -> bench.adapter.facts.contains("closed 1"));
      try (NbdClient again = client()) {
        assertThat(again.read(1, 0, 1)).hasSize(1);
      }
    } finally {
      for (NbdClient each : open) {
        each.close();
      }
    }
  }

  @Test
  void aBusyHostDoesNotStarveAnother() throws Exception {
    start();
    try (NbdClient busy = client();
        NbdClient other = client()) {
      bench.change(() -> bench.adapter.isHoldingReads = true);
      Thread sender = sending(busy, many(NbdCommand.FLUSH, 0, 20_000));
      other.send(NbdCommand.FLUSH, 1, 0, 0);
      assertThat(other.expectReply(1)).isZero();
      for (int index = 0; index < 20_000; index++) {
        busy.expectReply(index + 100L);
      }
      sender.join();
    }
  }

  @Test
  void closingSendsTheLastRepliesThoughTheHostHasSaidMore() throws Exception {
    start();
    try (NbdClient client = client()) {
      bench.change(() -> bench.adapter.isHoldingReads = true);
      client.send(NbdCommand.READ, 1, 0, MIB);
      awaitThat(() -> bench.adapter.requestCount == 1);
      client.send(NbdCommand.READ, 2, 0, MIB);
      awaitThat(() -> bench.adapter.requestCount == 2);
      bench.change(() -> {
        bench.head.beginData(1, 1, 0, MIB);
        bench.head.dataExtent(1, MIB);
        bench.head.data(1, bench.adapter.disk.address(), MIB);
        bench.head.close(1, "the test says so");
      });
      client.send(NbdCommand.READ, 3, 0, MIB);

      assertThat(client.expectData(1, MIB)).hasSize(MIB);
      assertThat(client.expectEnd()).isTrue();
    }
    awaitThat(() -> bench.adapter.facts.contains("closed 1"));
  }

  /// It waits for seconds, and others need not.
  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void aClosedConnectionThatNeverReadsIsCutInTheEnd() throws Exception {
    start();
    try (NbdClient deaf = client()) {
      for (int index = 0; index < 40; index++) {
        deaf.send(NbdCommand.READ, index, 0, MIB);
      }
      awaitThat(() -> !bench.head.isWritable(1));
      bench.change(() -> {
        bench.head.close(1, "the test says so");
      });
      await()
          .atMost(Duration.ofSeconds(NbdConnection.CLOSE_SECONDS_MAX + 5))
          .until(() -> bench.between(() -> bench.adapter.facts.contains("closed 1")));
    }
  }

  @Test
  void callsThatNameAConnectionWhichIsGoneAreIgnored() throws Exception {
    start();
    try (NbdClient client = client()) {
      client.send(NbdCommand.FLUSH, 1, 0, 0);
      client.expectReply(1);
    }
    awaitThat(() -> bench.adapter.facts.contains("closed 1"));
    boolean isNoticed = bench.between(() -> {
      long address = bench.adapter.disk.address();
      bench.head.reply(1, 1, HostStatus.OK);
      bench.head.beginData(1, 1, 0, 10);
      bench.head.dataExtent(1, 10);
      bench.head.zeroExtent(1, 10);
      bench.head.failData(1, HostStatus.IO_ERROR);
      bench.head.data(1, address, 10);
      bench.head.discard(1, 10);
      bench.head.close(1, "again");
      bench.head.flushRound();
      return bench.head.receive(1, address, 10) || !bench.head.isWritable(1);
    });
    assertThat(isNoticed).isFalse();
  }

  @Test
  void payloadAskedForTwiceComesOnce() throws Exception {
    start();
    bench.change(() -> bench.adapter.isHoldingPayload = true);
    try (NbdClient client = client()) {
      byte[] bytes = pattern(7, 3000);
      client.send(NbdCommand.WRITE, 1, 0, bytes.length);
      awaitThat(() -> bench.adapter.requestCount == 1);
      long address = bench.adapter.disk.address();
      assertThat(bench.between(() -> bench.head.receive(1, address, 3000))).isFalse();
      assertThat(bench.between(() -> bench.head.receive(1, address, 3000))).isFalse();
      client.out.write(bytes, 0, 1000);
      awaitThat(
          () -> bench.adapter.byteAt(999) == bytes[999] && bench.adapter.byteAt(1) == bytes[1]);
      assertThat(bench.between(() -> bench.head.receive(1, address, 3000))).isFalse();
      client.out.write(bytes, 1000, 2000);
      client.send(NbdCommand.FLUSH, 2, 0, 0);
      awaitThat(() -> bench.adapter.requestCount == 2);

      assertThat(client.expectReply(2)).isZero();
      assertThat(bench.adapter.disk.asSlice(0, 3000).toArray(ValueLayout.JAVA_BYTE))
          .isEqualTo(bytes);
    }
  }

  @Test
  void aReadThatFailsAfterItsReplyHasBegunIsCutOff() throws Exception {
    start();
    bench.change(() -> bench.adapter.isHoldingReads = true);
    try (NbdClient client = client()) {
      client.send(NbdCommand.READ, 1, 0, 8192);
      awaitThat(() -> bench.adapter.requestCount == 1);
      bench.change(() -> {
        bench.head.beginData(1, 1, 0, 8192);
        bench.head.dataExtent(1, 4096);
        bench.head.data(1, bench.adapter.disk.address(), 4096);
        bench.head.failData(1, HostStatus.IO_ERROR);
        bench.head.reply(1, 2, HostStatus.OK);
      });
      assertThat(client.expectData(1, 4096)).hasSize(4096);
      assertThat(client.expectEnd()).isTrue();
    }
  }

  @Test
  void exportsAreOfferedChangedAndWithheld() throws Exception {
    start();
    bench.change(() -> {
      bench.head.offer(
          new HostExport("0010", "withheld", DISK_BYTES, 512, false, false, "being copied"));
      bench.head.offer(new HostExport("0040", "read only", 4096, 512, true, true, ""));
    });
    try (NbdClient refused = new NbdClient(bench.address)) {
      refused.greet();
      refused.option(1, "0010".getBytes(StandardCharsets.UTF_8));
      assertThat(refused.expectEnd()).isTrue();
    }
    try (NbdClient client = NbdClient.opened(bench.address, "0040")) {
      assertThat(client.sizeBytes).isEqualTo(4096);
      assertThat(client.transmissionFlags).isEqualTo(0x50f);
    }
    assertThat(bench.between(bench.head::lastDropReason)).contains("being copied");
  }

  @Test
  void nobodyComesInOnceListeningHasStopped() throws Exception {
    start();
    try (NbdClient client = client()) {
      bench.change(() -> {
        bench.head.stopListening();
      });
      await().until(() -> {
        try (NbdClient late = new NbdClient(bench.address)) {
          return late.expectEnd();
        } catch (IOException refused) {
          return true;
        }
      });
      assertThat(client.read(1, 0, 10)).hasSize(10);
    }
  }
}
