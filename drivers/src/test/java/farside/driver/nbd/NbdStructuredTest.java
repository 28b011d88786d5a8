package farside.driver.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import farside.driver.netty.Transport;
import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.StructuredReplyFlyweight;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Structured replies of the head, chunk by chunk.
class NbdStructuredTest {
  private static final long DISK_BYTES = 80L << 20;
  private static final int PIECE = FakeChannelAdapter.PIECE_BYTES;

  private HeadBench bench;
  private NbdClient client;

  @BeforeEach
  void start() throws Exception {
    bench = new HeadBench(Transport.best(), DISK_BYTES, adapter -> adapter.offer("0010"));
    client = NbdClient.structured(bench.address, "0010");
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    bench.close();
  }

  private static byte[] pattern(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new SplittableRandom(1).nextBytes(bytes);
    return bytes;
  }

  /// What the content chunks of a read put where, relative to its offset.
  private byte[] readWhole(long cookie, long offsetBytes, int lengthBytes, List<String> chunks)
      throws IOException {
    byte[] data = new byte[lengthBytes];
    Arrays.fill(data, (byte) 0x55);
    NbdClient.Chunk chunk;
    do {
      chunk = client.readChunk();
      assertThat(chunk.cookie()).isEqualTo(cookie);
      ByteBuffer content = chunk.content();
      int at = (int) (content.getLong() - offsetBytes);
      if (chunk.type() == StructuredReplyFlyweight.TYPE_OFFSET_DATA) {
        int length = content.remaining();
        content.get(data, at, length);
        chunks.add("data " + at + " " + length);
      } else {
        assertThat(chunk.type()).isEqualTo(StructuredReplyFlyweight.TYPE_OFFSET_HOLE);
        int length = content.getInt();
        Arrays.fill(data, at, at + length, (byte) 0);
        chunks.add("hole " + at + " " + length);
      }
    } while (!chunk.isLast());
    return data;
  }

  @Test
  void aReadIsAnsweredInChunksOfDataAndHoles() throws Exception {
    byte[] bytes = pattern(3 * PIECE);
    Arrays.fill(bytes, PIECE, 2 * PIECE, (byte) 0);
    client.write(1, 4096, bytes);
    assertThat(client.expectReply(1)).isZero();
    client.send(NbdCommand.READ, 2, 4096, bytes.length);
    List<String> chunks = new ArrayList<>();

    assertThat(readWhole(2, 4096, bytes.length, chunks)).isEqualTo(bytes);
    assertThat(chunks).containsExactly("data 0 65536", "hole 65536 65536", "data 131072 65536");
  }

  @Test
  void unfragmentedMeansOneChunk() throws Exception {
    client.write(1, 4096, pattern(100_000));
    assertThat(client.expectReply(1)).isZero();
    client.send(NbdCommand.READ, NbdCommand.FLAG_DF, 2, 0, 300_000);
    List<String> chunks = new ArrayList<>();

    byte[] expected = new byte[300_000];
    System.arraycopy(pattern(100_000), 0, expected, 4096, 100_000);
    assertThat(readWhole(2, 0, 300_000, chunks)).isEqualTo(expected);
    assertThat(chunks).containsExactly("data 0 300000");
  }

  @Test
  void theLongestRequestIsServedBothWays() throws Exception {
    int length = 64 << 20;
    byte[] bytes = pattern(length);
    client.write(1, 4097, bytes);
    assertThat(client.expectReply(1)).isZero();
    client.send(NbdCommand.READ, 2, 4097, length);

    assertThat(Arrays.equals(readWhole(2, 4097, length, new ArrayList<>()), bytes))
        .isTrue();
    client.send(NbdCommand.READ, 3, 4097, length + 1L);
    assertThat(expectError(3)).isEqualTo(22);
  }

  private int expectError(long cookie) throws IOException {
    NbdClient.Chunk chunk = client.readChunk();
    assertThat(chunk.type()).isEqualTo(StructuredReplyFlyweight.TYPE_ERROR);
    assertThat(chunk.isLast()).isTrue();
    assertThat(chunk.cookie()).isEqualTo(cookie);
    int error = chunk.content().getInt();
    assertThat(chunk.content().getShort()).isEqualTo((short) chunk.content().remaining());
    return error;
  }

  @Test
  void anErrorIsAChunkAndWhateverElseEndsWellIsNot() throws Exception {
    client.send(NbdCommand.READ, 1, DISK_BYTES, 1);
    client.send(NbdCommand.READ, 0x40, 2, 0, 1);
    client.send(NbdCommand.READ, NbdCommand.FLAG_DF, 3, 0, 0xFFFF_FFFFL);
    client.send(NbdCommand.FLUSH, 4, 0, 0);
    client.send(NbdCommand.CACHE, 5, 0, 4096);

    assertThat(expectError(1)).isEqualTo(22);
    assertThat(expectError(2)).isEqualTo(22);
    assertThat(expectError(3)).isEqualTo(75);
    assertThat(client.expectReply(4)).isZero();
    assertThat(client.expectReply(5)).isZero();
  }

  @Test
  void aReadOfNothingIsOneEmptyChunk() throws Exception {
    client.send(NbdCommand.READ, 1, 0, 0);

    NbdClient.Chunk chunk = client.readChunk();

    assertThat(chunk.type()).isEqualTo(StructuredReplyFlyweight.TYPE_NONE);
    assertThat(chunk.isLast()).isTrue();
    assertThat(chunk.content().remaining()).isZero();
  }

  @Test
  void aReadThatFailsOnTheWaySaysWhereAndTheConnectionGoesOn() throws Exception {
    bench.change(() -> bench.adapter.isFailingSecondPieces = true);
    client.write(1, 0, pattern(4 * PIECE));
    assertThat(client.expectReply(1)).isZero();
    client.send(NbdCommand.READ, 2, 4096, 3L * PIECE);

    assertThat(client.readChunk().content().remaining()).isEqualTo(8 + PIECE);
    expectErrorAt(2, 4096L + PIECE);
    bench.change(() -> bench.adapter.isFailingSecondPieces = false);
    client.send(NbdCommand.READ, 3, 0, 512);
    assertThat(readWhole(3, 0, 512, new ArrayList<>())).isEqualTo(pattern(512));
  }

  private void expectErrorAt(long cookie, long offsetBytes) throws IOException {
    NbdClient.Chunk chunk = client.readChunk();
    assertThat(chunk.type()).isEqualTo(StructuredReplyFlyweight.TYPE_ERROR_OFFSET);
    assertThat(chunk.isLast()).isTrue();
    assertThat(chunk.cookie()).isEqualTo(cookie);
    assertThat(chunk.content().getInt()).isEqualTo(5);
    int textBytes = chunk.content().getShort();
    assertThat(chunk.content().getLong(6 + textBytes)).isEqualTo(offsetBytes);
  }

  @Test
  void anUnfragmentedReadThatFailsOnTheWayIsFilledUpFirst() throws Exception {
    bench.change(() -> bench.adapter.isFailingSecondPieces = true);
    client.write(1, 0, pattern(4 * PIECE));
    assertThat(client.expectReply(1)).isZero();
    client.send(NbdCommand.READ, NbdCommand.FLAG_DF, 2, 0, 3L * PIECE);

    NbdClient.Chunk data = client.readChunk();
    assertThat(data.content().remaining()).isEqualTo(8 + 3 * PIECE);
    expectErrorAt(2, PIECE);
  }

  @Test
  void withoutStructuredRepliesSuchAReadCutsItsConnection() throws Exception {
    bench.change(() -> bench.adapter.isFailingSecondPieces = true);
    try (NbdClient simple = NbdClient.opened(bench.address, "0010")) {
      simple.send(NbdCommand.READ, 1, 0, 3L * PIECE);
      assertThat(simple.expectReply(1)).isZero();
      simple.in.skipNBytes(PIECE);

      assertThat(simple.expectEnd()).isTrue();
    }
  }

  @Test
  void blockStatusTellsExtentsOfTheContext() throws Exception {
    client.write(1, PIECE, pattern(PIECE));
    assertThat(client.expectReply(1)).isZero();
    client.send(NbdCommand.BLOCK_STATUS, 2, 0, 4L * PIECE);
    client.send(NbdCommand.BLOCK_STATUS, NbdCommand.FLAG_REQ_ONE, 3, PIECE, 4L * PIECE);
    client.send(NbdCommand.BLOCK_STATUS, 4, DISK_BYTES, 1);

    expectStatus(2, PIECE, 3, PIECE, 0, 2 * PIECE, 3);
    expectStatus(3, PIECE, 0);
    assertThat(expectError(4)).isEqualTo(22);
  }

  private void expectStatus(long cookie, int... lengthsAndFlags) throws IOException {
    NbdClient.Chunk chunk = client.readChunk();
    assertThat(chunk.type()).isEqualTo(StructuredReplyFlyweight.TYPE_BLOCK_STATUS);
    assertThat(chunk.isLast()).isTrue();
    assertThat(chunk.cookie()).isEqualTo(cookie);
    assertThat(chunk.content().getInt()).isEqualTo(1);
    int[] told = new int[chunk.content().remaining() / 4];
    chunk.content().asIntBuffer().get(told);
    assertThat(told).containsExactly(lengthsAndFlags);
  }
}
