package farside.driver.tcplink;

import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.link.FrameKind;
import java.util.Random;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;

/// Frames as a peer would make them, with random content.
final class TestFrames {
  private TestFrames() {}

  /// A frame that can be told from every other by its sequence number.
  static byte[] frame(int sequence, int messageBytes, int payloadBytes, Random random) {
    byte[] bytes = new byte[FrameHeaderFlyweight.HEADER_BYTES + messageBytes + payloadBytes];
    random.nextBytes(bytes);
    CRC32C payloadCrc = new CRC32C();
    payloadCrc.update(bytes, bytes.length - payloadBytes, payloadBytes);
    new FrameHeaderFlyweight()
        .wrapForWriting(new UnsafeBuffer(bytes), 0)
        .kind(FrameKind.SEQUENCED)
        .messageBytes(messageBytes)
        .payloadBytes(payloadBytes)
        .epoch(7)
        .sequence(sequence)
        .payloadCrc((int) payloadCrc.getValue())
        .seal();
    return bytes;
  }

  /// As [#frame], mostly small, now and then as long as can be.
  static byte[] anyFrame(int sequence, Random random) {
    int messageBytes = random.nextInt(FrameHeaderFlyweight.MESSAGE_BYTES_MAX + 1);
    int payloadBytes = switch (random.nextInt(8)) {
      case 0 -> FrameHeaderFlyweight.PAYLOAD_BYTES_MAX;
      case 1 -> random.nextInt(FrameHeaderFlyweight.PAYLOAD_BYTES_MAX);
      case 2, 3, 4 -> 0;
      default -> random.nextInt(5000);
    };
    return frame(sequence, messageBytes, payloadBytes, random);
  }
}
