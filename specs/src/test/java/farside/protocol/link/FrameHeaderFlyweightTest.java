package farside.protocol.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class FrameHeaderFlyweightTest {
  private static final long SEED = 0x46_0001L;

  private final UnsafeBuffer memory =
      new UnsafeBuffer(new byte[FrameHeaderFlyweight.FRAME_BYTES_MAX + 64]);
  private final FrameHeaderFlyweight frame = new FrameHeaderFlyweight();

  @Test
  void everyFieldLiesWhereTheTableSays() {
    frame
        .wrapForWriting(memory, 5)
        .kind(FrameKind.NAK)
        .messageBytes(0)
        .payloadBytes(0x0000_0201)
        .epoch(0x1413_1211)
        .sequence(0x2423_2221)
        .ack(0x3433_3231)
        .credit(0x4443_4241)
        .payloadCrc(0x5453_5251);

    byte[] header = new byte[FrameHeaderFlyweight.HEADER_BYTES];
    memory.getBytes(5, header);
    assertThat(HexFormat.of().formatHex(header))
        .isEqualTo("46010400" + "01020000" + "11121314" + "21222324" + "31323334" + "41424344"
            + "51525354" + "00000000");
  }

  @Test
  void whatIsWrittenIsReadBackForAnyFields() {
    Random random = new Random(SEED);
    for (int i = 0; i < 2000; i++) {
      int offsetBytes = random.nextInt(64);
      int messageBytes = random.nextInt(FrameHeaderFlyweight.MESSAGE_BYTES_MAX + 1);
      int payloadBytes = random.nextInt(FrameHeaderFlyweight.PAYLOAD_BYTES_MAX + 1);
      FrameKind kind = FrameKind.ofCode(1 + random.nextInt(4));
      int epoch = random.nextInt();
      int sequence = random.nextInt();
      int ack = random.nextInt();
      int credit = random.nextInt();
      int payloadCrc = random.nextInt();

      frame
          .wrapForWriting(memory, offsetBytes)
          .kind(kind)
          .messageBytes(messageBytes)
          .payloadBytes(payloadBytes)
          .epoch(epoch)
          .sequence(sequence)
          .ack(ack)
          .credit(credit)
          .payloadCrc(payloadCrc);
      byte[] message = new byte[messageBytes];
      random.nextBytes(message);
      memory.putBytes(frame.messageOffset(), message);
      frame.seal();

      frame.wrapForReading(memory, offsetBytes);
      assertThat(frame.isPlausible()).isTrue();
      assertThat(frame.kind()).isEqualTo(kind);
      assertThat(frame.messageBytes()).isEqualTo(messageBytes);
      assertThat(frame.payloadBytes()).isEqualTo(payloadBytes);
      assertThat(frame.epoch()).isEqualTo(epoch);
      assertThat(frame.sequence()).isEqualTo(sequence);
      assertThat(frame.ack()).isEqualTo(ack);
      assertThat(frame.credit()).isEqualTo(credit);
      assertThat(frame.payloadCrc()).isEqualTo(payloadCrc);
      assertThat(frame.headerCrcIsRight()).isTrue();
      assertThat(frame.frameBytes()).isEqualTo(32 + messageBytes + payloadBytes);
      assertThat(frame.payloadOffset()).isEqualTo(offsetBytes + 32 + messageBytes);
    }
  }

  @Test
  void oneFlippedBitInHeaderOrMessageIsFoundByTheHeaderCrc() {
    frame
        .wrapForWriting(memory, 0)
        .kind(FrameKind.SEQUENCED)
        .messageBytes(30)
        .payloadBytes(4096)
        .sequence(17)
        .seal();
    for (int bit = 0; bit < (32 + 30) * 8; bit++) {
      flip(bit);
      frame.wrapForReading(memory, 0);
      assertThat(frame.headerCrcIsRight()).as("bit %d", bit).isFalse();
      flip(bit);
    }
    assertThat(frame.wrapForReading(memory, 0).headerCrcIsRight()).isTrue();
  }

  @Test
  void theHeaderCrcIsTheCastagnoliOneOfThePublishedTestVector() {
    // RFC 3720, B.4: 32 bytes of zeros have the CRC 8a9136aa. Here 28 of them are the covered
    // header and 4 the message.
    frame.wrapForWriting(memory, 0);
    memory.setMemory(0, 64, (byte) 0);
    memory.putByte(FrameHeaderFlyweight.MESSAGE_BYTES_OFFSET, (byte) 0);
    frame.wrapForChange(memory, 0).seal();
    int crcOf28Zeros = frame.headerCrc();
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(new byte[32]);
    assertThat((int) crc.getValue()).isEqualTo(0x8a9136aa);
    crc.reset();
    crc.update(new byte[28]);
    assertThat(crcOf28Zeros).isEqualTo((int) crc.getValue());
  }

  @Test
  void aFrameMadeBeforeTakesANewAckAndIsSealedAgain() {
    frame
        .wrapForWriting(memory, 0)
        .kind(FrameKind.SEQUENCED)
        .messageBytes(8)
        .sequence(9)
        .ack(1)
        .seal();

    frame.wrapForChange(memory, 0).ack(2).credit(77);
    assertThat(frame.headerCrcIsRight()).isFalse();
    frame.seal();

    assertThat(frame.headerCrcIsRight()).isTrue();
    assertThat(frame.sequence()).isEqualTo(9);
    assertThat(frame.ack()).isEqualTo(2);
  }

  @Test
  void wrongMagicVersionOrLengthIsNotPlausible() {
    frame.wrapForWriting(memory, 0).kind(FrameKind.STATUS);
    memory.putByte(FrameHeaderFlyweight.MAGIC_OFFSET, (byte) 0x47);
    assertThat(frame.isPlausible()).isFalse();

    frame.wrapForWriting(memory, 0);
    memory.putByte(FrameHeaderFlyweight.VERSION_OFFSET, (byte) 2);
    assertThat(frame.isPlausible()).isFalse();

    frame.wrapForWriting(memory, 0);
    memory.putInt(
        FrameHeaderFlyweight.PAYLOAD_BYTES_OFFSET, 65_537, java.nio.ByteOrder.LITTLE_ENDIAN);
    assertThat(frame.isPlausible()).isFalse();

    frame.wrapForWriting(memory, 0);
    memory.putInt(FrameHeaderFlyweight.PAYLOAD_BYTES_OFFSET, -1, java.nio.ByteOrder.LITTLE_ENDIAN);
    assertThat(frame.isPlausible()).isFalse();
  }

  @Test
  void randomBytesAreNeverAFrameAndNeverAnException() {
    Random random = new Random(SEED);
    byte[] noise = new byte[32 + 255];
    for (int i = 0; i < 20_000; i++) {
      random.nextBytes(noise);
      frame.wrapForReading(new UnsafeBuffer(noise), 0);
      boolean isFrame = frame.isPlausible() && frame.headerCrcIsRight();
      assertThat(isFrame).as("seed %d, draw %d", SEED, i).isFalse();
      assertThat(frame.kind()).isNotNull();
    }
  }

  @Test
  void lengthsThatNoFrameTakesAreRefusedWhenWritten() {
    frame.wrapForWriting(memory, 0);
    assertThatThrownBy(() -> frame.messageBytes(256)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> frame.payloadBytes(65_537))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everyKindKeepsItsCodeAndNoOtherCodeHasAName() {
    assertThat(FrameKind.ofCode(1)).isEqualTo(FrameKind.GREETING);
    assertThat(FrameKind.ofCode(2)).isEqualTo(FrameKind.SEQUENCED);
    assertThat(FrameKind.ofCode(3)).isEqualTo(FrameKind.STATUS);
    assertThat(FrameKind.ofCode(4)).isEqualTo(FrameKind.NAK);
    for (int code = 5; code <= 255; code++) {
      assertThat(FrameKind.ofCode(code)).isEqualTo(FrameKind.UNKNOWN);
    }
    assertThat(FrameKind.ofCode(0)).isEqualTo(FrameKind.UNKNOWN);
  }

  private void flip(int bit) {
    memory.putByte(bit / 8, (byte) (memory.getByte(bit / 8) ^ (1 << (bit % 8))));
  }
}
