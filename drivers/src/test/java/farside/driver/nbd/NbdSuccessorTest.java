package farside.driver.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import farside.driver.netty.Transport;
import farside.protocol.nbd.NbdCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A host that went in the middle of its writes, and came back on another connection.
class NbdSuccessorTest {
  private static final int PIECE = 64 * 1024;
  private static final int PIECE_COUNT = 40;
  private static final int LONG_WRITE_COUNT = 3;

  private HeadBench bench;

  static Stream<Transport> transports() {
    return Arrays.stream(Transport.values()).filter(Transport::isAvailable);
  }

  private void start(Transport transport) throws Exception {
    bench = new HeadBench(transport, 8L << 20, adapter -> {
      adapter.offer("0010");
      adapter.offer("0030");
    });
  }

  @AfterEach
  void stop() {
    bench.close();
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[PIECE];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /// More than the head queues, so that the rest, and the end, wait in the socket.
  private static byte[] manyWrites() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int count = 0; count < PIECE_COUNT; count++) {
      all.writeBytes(NbdClient.request(NbdCommand.WRITE, 0, count, 0, PIECE));
      all.writeBytes(filled(1));
    }
    return all.toByteArray();
  }

  private void leaveBehindManyWrites() throws Exception {
    bench.change(() -> bench.adapter.isRefusing = true);
    try (NbdClient lost = NbdClient.opened(bench.address, "0010")) {
      lost.out.write(manyWrites());
      await().until(() -> bench.between(() -> bench.head.isInputPaused(1)));
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void itsOldWritesAreFinishedOrDroppedBeforeItsNewOnes(Transport transport) throws Exception {
    start(transport);
    leaveBehindManyWrites();
    try (NbdClient next = NbdClient.opened(bench.address, "0010")) {
      next.write(1, 0, filled(2));
      bench.change(() -> bench.adapter.isRefusing = false);

      assertThat(next.expectReply(1)).isZero();
      await().until(() -> bench.adapter.facts.contains("closed 1"));
      assertThat(next.read(2, 0, PIECE)).isEqualTo(filled(2));
    }
  }

  /// Long writes are taken from the socket one by one, so that the next one, and the end, wait
  /// there, although nothing has paused the connection.
  @ParameterizedTest
  @MethodSource("transports")
  void itsLongWritesThatAreStillInItsSocketComeBeforeItsNewOnes(Transport transport)
      throws Exception {
    start(transport);
    NbdClient lost = NbdClient.opened(bench.address, "0010");
    lost.socket.setSendBufferSize(LONG_WRITE_COUNT * PIECE);
    lost.write(0, 0, filled(1));
    assertThat(lost.expectReply(0)).isZero();
    try (NbdClient next = new NbdClient(bench.address)) {
      next.greet();
      // On the head's own thread: it sees all of this at once.
      bench.change(() -> {
        try {
          for (int count = 1; count <= LONG_WRITE_COUNT; count++) {
            lost.write(count, 0, filled(1));
          }
          lost.close();
          next.option(1, "0010".getBytes(StandardCharsets.UTF_8));
          next.write(1, 0, filled(2));
        } catch (IOException cut) {
          throw new UncheckedIOException(cut);
        }
      });
      next.in.skipNBytes(10);
      assertThat(next.expectReply(1)).isZero();
      await().until(() -> bench.adapter.facts.contains("closed 1"));
      assertThat(next.read(2, 0, PIECE)).isEqualTo(filled(2));
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aConnectionOfAnotherExportWaitsForNobody(Transport transport) throws Exception {
    start(transport);
    leaveBehindManyWrites();
    try (NbdClient other = NbdClient.opened(bench.address, "0030")) {
      other.write(1, 0, filled(2));
      int before = bench.between(() -> bench.adapter.refusedCount);
      await().until(() -> bench.between(() -> bench.adapter.refusedCount) > before + 20);
      bench.change(() -> bench.adapter.isRefusing = false);
      assertThat(other.expectReply(1)).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aHostThatIsStillThereHoldsUpNobody(Transport transport) throws Exception {
    start(transport);
    bench.change(() -> bench.adapter.isHoldingPayload = true);
    try (NbdClient alive = NbdClient.opened(bench.address, "0010")) {
      Thread sender = Thread.ofPlatform().daemon().start(() -> {
        try {
          alive.out.write(manyWrites());
        } catch (IOException cut) {
          throw new UncheckedIOException(cut);
        }
      });
      await().until(() -> bench.between(() -> bench.head.isInputPaused(1)));
      try (NbdClient next = NbdClient.opened(bench.address, "0010")) {
        assertThat(next.read(1, 0, PIECE)).hasSize(PIECE);
      }
      bench.change(() -> bench.adapter.isHoldingPayload = false);
      for (int count = 0; count < PIECE_COUNT; count++) {
        assertThat(alive.expectReply(count)).isZero();
      }
      sender.join();
    }
  }
}
