package farside.protocol.link;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/// Header of every frame on a remote link. Spec: `specs/link-session.md`.
///
/// | offset | length | field           | notes                                                |
/// |-------:|-------:|-----------------|------------------------------------------------------|
/// |      0 |      1 | magic           | `0x46`, ASCII "F"                                    |
/// |      1 |      1 | version         | 1                                                    |
/// |      2 |      1 | kind            | see `FrameKind`                                      |
/// |      3 |      1 | message bytes   | SBE header and block after this header; 0: none      |
/// |      4 |      4 | payload bytes   | after the message; at most 65536                     |
/// |      8 |      4 | epoch           | drawn by the sender for this session                 |
/// |     12 |      4 | sequence        | of this frame if SEQUENCED, else 0                   |
/// |     16 |      4 | ack             | the sender has every sequence number up to this one  |
/// |     20 |      4 | credit          | units of 4 KiB that the sender takes in this session |
/// |     24 |      4 | payload CRC-32C | of the payload; 0 without one                        |
/// |     28 |      4 | header CRC-32C  | of bytes 0 to 27 and of the message                  |
///
/// Little-endian. The header CRC stands last, so that one pass over what comes before it and
/// one over the message that follows make it. It covers the lengths: a receiver that finds it
/// right knows where the next frame begins, and may act on the message even when the payload
/// turns out to be damaged. The payload has a CRC of its own, because a write record already
/// has one, and because payload is checked where it lies.
///
/// Epoch, sequence, ack and credit count modulo 2^32: compare them by subtraction.
public final class FrameHeaderFlyweight {
  public static final int MAGIC = 0x46;
  public static final int VERSION = 1;

  public static final int MAGIC_OFFSET = 0;
  public static final int VERSION_OFFSET = 1;
  public static final int KIND_OFFSET = 2;
  public static final int MESSAGE_BYTES_OFFSET = 3;
  public static final int PAYLOAD_BYTES_OFFSET = 4;
  public static final int EPOCH_OFFSET = 8;
  public static final int SEQUENCE_OFFSET = 12;
  public static final int ACK_OFFSET = 16;
  public static final int CREDIT_OFFSET = 20;
  public static final int PAYLOAD_CRC_OFFSET = 24;
  public static final int HEADER_CRC_OFFSET = 28;

  /// Length of the header; the message begins here.
  public static final int HEADER_BYTES = 32;

  public static final int MESSAGE_BYTES_MAX = 255;
  public static final int PAYLOAD_BYTES_MAX = 65_536;
  public static final int FRAME_BYTES_MAX = HEADER_BYTES + MESSAGE_BYTES_MAX + PAYLOAD_BYTES_MAX;

  /// What one unit of credit stands for.
  public static final int CREDIT_UNIT_BYTES = 4096;

  private final CRC32C crc = new CRC32C();
  // The CRC of the JDK takes heap or NIO buffers only; a header is copied here whatever it lies
  // in.
  private final byte[] covered = new byte[HEADER_CRC_OFFSET + MESSAGE_BYTES_MAX];
  private DirectBuffer buffer;
  private MutableDirectBuffer target;
  private int offsetBytes;

  /// Views a frame that was received. Setters may not be called.
  public FrameHeaderFlyweight wrapForReading(DirectBuffer buffer, int offsetBytes) {
    this.buffer = buffer;
    this.target = null;
    this.offsetBytes = offsetBytes;
    return this;
  }

  /// Views a frame that is being made, and puts an empty header there: magic, version and
  /// zeros.
  public FrameHeaderFlyweight wrapForWriting(MutableDirectBuffer buffer, int offsetBytes) {
    this.buffer = buffer;
    this.target = buffer;
    this.offsetBytes = offsetBytes;
    buffer.setMemory(offsetBytes, HEADER_BYTES, (byte) 0);
    buffer.putByte(offsetBytes + MAGIC_OFFSET, (byte) MAGIC);
    buffer.putByte(offsetBytes + VERSION_OFFSET, (byte) VERSION);
    return this;
  }

  /// Views a frame that was made before, to bring its ack, credit or epoch up to date; [#seal]
  /// it again.
  public FrameHeaderFlyweight wrapForChange(MutableDirectBuffer buffer, int offsetBytes) {
    this.buffer = buffer;
    this.target = buffer;
    this.offsetBytes = offsetBytes;
    return this;
  }

  /// True if magic, version and lengths may be those of a frame. Needs only the header's bytes.
  public boolean isPlausible() {
    return magic() == MAGIC && version() == VERSION && isLengthAllowed(payloadBytes());
  }

  private static boolean isLengthAllowed(int payloadBytes) {
    return payloadBytes >= 0 && payloadBytes <= PAYLOAD_BYTES_MAX;
  }

  public int magic() {
    return buffer.getByte(offsetBytes + MAGIC_OFFSET) & 0xFF;
  }

  public int version() {
    return buffer.getByte(offsetBytes + VERSION_OFFSET) & 0xFF;
  }

  public FrameKind kind() {
    return FrameKind.ofCode(buffer.getByte(offsetBytes + KIND_OFFSET) & 0xFF);
  }

  public int messageBytes() {
    return buffer.getByte(offsetBytes + MESSAGE_BYTES_OFFSET) & 0xFF;
  }

  /// Negative when the field holds more than 2^31; see [#isPlausible].
  public int payloadBytes() {
    return buffer.getInt(offsetBytes + PAYLOAD_BYTES_OFFSET, LITTLE_ENDIAN);
  }

  public int epoch() {
    return buffer.getInt(offsetBytes + EPOCH_OFFSET, LITTLE_ENDIAN);
  }

  public int sequence() {
    return buffer.getInt(offsetBytes + SEQUENCE_OFFSET, LITTLE_ENDIAN);
  }

  public int ack() {
    return buffer.getInt(offsetBytes + ACK_OFFSET, LITTLE_ENDIAN);
  }

  public int credit() {
    return buffer.getInt(offsetBytes + CREDIT_OFFSET, LITTLE_ENDIAN);
  }

  public int payloadCrc() {
    return buffer.getInt(offsetBytes + PAYLOAD_CRC_OFFSET, LITTLE_ENDIAN);
  }

  public int headerCrc() {
    return buffer.getInt(offsetBytes + HEADER_CRC_OFFSET, LITTLE_ENDIAN);
  }

  /// Where the message begins in the buffer.
  public int messageOffset() {
    return offsetBytes + HEADER_BYTES;
  }

  /// Where the payload begins in the buffer.
  public int payloadOffset() {
    return offsetBytes + HEADER_BYTES + messageBytes();
  }

  /// Length of header, message and payload; right only if [#isPlausible].
  public int frameBytes() {
    return HEADER_BYTES + messageBytes() + payloadBytes();
  }

  public FrameHeaderFlyweight kind(FrameKind kind) {
    target.putByte(offsetBytes + KIND_OFFSET, (byte) kind.code());
    return this;
  }

  public FrameHeaderFlyweight messageBytes(int messageBytes) {
    if (messageBytes < 0 || messageBytes > MESSAGE_BYTES_MAX) {
      throw new IllegalArgumentException(
          "A message of " + messageBytes + " bytes; a frame takes " + MESSAGE_BYTES_MAX + ".");
    }
    target.putByte(offsetBytes + MESSAGE_BYTES_OFFSET, (byte) messageBytes);
    return this;
  }

  public FrameHeaderFlyweight payloadBytes(int payloadBytes) {
    if (!isLengthAllowed(payloadBytes)) {
      throw new IllegalArgumentException(
          "A payload of " + payloadBytes + " bytes; a frame takes " + PAYLOAD_BYTES_MAX + ".");
    }
    target.putInt(offsetBytes + PAYLOAD_BYTES_OFFSET, payloadBytes, LITTLE_ENDIAN);
    return this;
  }

  public FrameHeaderFlyweight epoch(int epoch) {
    target.putInt(offsetBytes + EPOCH_OFFSET, epoch, LITTLE_ENDIAN);
    return this;
  }

  public FrameHeaderFlyweight sequence(int sequence) {
    target.putInt(offsetBytes + SEQUENCE_OFFSET, sequence, LITTLE_ENDIAN);
    return this;
  }

  public FrameHeaderFlyweight ack(int ack) {
    target.putInt(offsetBytes + ACK_OFFSET, ack, LITTLE_ENDIAN);
    return this;
  }

  public FrameHeaderFlyweight credit(int credit) {
    target.putInt(offsetBytes + CREDIT_OFFSET, credit, LITTLE_ENDIAN);
    return this;
  }

  public FrameHeaderFlyweight payloadCrc(int payloadCrc) {
    target.putInt(offsetBytes + PAYLOAD_CRC_OFFSET, payloadCrc, LITTLE_ENDIAN);
    return this;
  }

  /// Puts the header CRC. The last thing done to a frame: the message must lie behind the
  /// header already.
  public FrameHeaderFlyweight seal() {
    target.putInt(offsetBytes + HEADER_CRC_OFFSET, computeHeaderCrc(), LITTLE_ENDIAN);
    return this;
  }

  /// True if header and message are as they were sealed. Needs the message's bytes too.
  public boolean headerCrcIsRight() {
    return headerCrc() == computeHeaderCrc();
  }

  private int computeHeaderCrc() {
    int messageBytes = messageBytes();
    buffer.getBytes(offsetBytes, covered, 0, HEADER_CRC_OFFSET);
    buffer.getBytes(messageOffset(), covered, HEADER_CRC_OFFSET, messageBytes);
    crc.reset();
    crc.update(covered, 0, HEADER_CRC_OFFSET + messageBytes);
    return (int) crc.getValue();
  }
}
