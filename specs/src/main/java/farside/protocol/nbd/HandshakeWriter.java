package farside.protocol.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/// What the server says before an export is open, collected until it is sent.
///
/// A reply to an option:
///
/// | offset | length | field  | notes                       |
/// |-------:|-------:|--------|-----------------------------|
/// |      0 |      8 | magic  | `0x0003e889045565a9`        |
/// |      8 |      4 | option | the one that is answered    |
/// |     12 |      4 | type   | see `NbdOptionReply`        |
/// |     16 |      4 | length | bytes of data that follow   |
///
/// Big-endian. Each option ends with one ACK or one error, whatever came before it.
final class HandshakeWriter {
  static final long GREETING_MAGIC = 0x4e42_444d_4147_4943L;
  static final long REPLY_MAGIC = 0x0003_e889_0455_65a9L;
  static final int REPLY_HEADER_BYTES = 20;

  /// Zeroes after the answer to EXPORT_NAME, unless both sides do without them.
  static final int PADDING_BYTES = 124;

  private static final int TEXT_BYTES_MAX = 256;

  private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(256);
  private int lengthBytes;

  DirectBuffer buffer() {
    return buffer;
  }

  int lengthBytes() {
    return lengthBytes;
  }

  void clear() {
    lengthBytes = 0;
  }

  void greeting(int handshakeFlags) {
    putLong(GREETING_MAGIC);
    putLong(OptionFlyweight.MAGIC);
    putShort(handshakeFlags);
  }

  void ack(int option) {
    header(option, NbdOptionReply.ACK, 0);
  }

  void error(int option, NbdOptionReply type, String text) {
    byte[] bytes = utf8(text);
    header(option, type, bytes.length);
    putBytes(bytes);
  }

  void server(int option, NbdExport export) {
    byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
    byte[] description = utf8(export.description());
    header(option, NbdOptionReply.SERVER, Integer.BYTES + name.length + description.length);
    putInt(name.length);
    putBytes(name);
    putBytes(description);
  }

  void infoExport(int option, NbdExport export, boolean structuredReplies) {
    header(option, NbdOptionReply.INFO, 12);
    putShort(NbdInfo.EXPORT.number());
    putLong(export.sizeBytes());
    putShort(TransmissionFlags.of(export, structuredReplies));
  }

  void infoText(int option, NbdInfo info, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    header(option, NbdOptionReply.INFO, Short.BYTES + bytes.length);
    putShort(info.number());
    putBytes(bytes);
  }

  void infoBlockSize(int option, NbdExport export) {
    header(option, NbdOptionReply.INFO, 14);
    putShort(NbdInfo.BLOCK_SIZE.number());
    putInt(NbdLimits.BLOCK_BYTES_MIN);
    putInt(export.preferredBytes());
    putInt(NbdLimits.PAYLOAD_BYTES_ADVERTISED);
  }

  /// @param id what names the context in replies; nothing if it is only listed
  void metaContext(int option, int id, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    header(option, NbdOptionReply.META_CONTEXT, Integer.BYTES + bytes.length);
    putInt(id);
    putBytes(bytes);
  }

  /// The one answer without a header, for clients of the old way in.
  void exportOpened(NbdExport export, boolean structuredReplies, boolean padded) {
    putLong(export.sizeBytes());
    putShort(TransmissionFlags.of(export, structuredReplies));
    if (padded) {
      buffer.setMemory(lengthBytes, PADDING_BYTES, (byte) 0);
      lengthBytes += PADDING_BYTES;
    }
  }

  private void header(int option, NbdOptionReply type, int dataBytes) {
    putLong(REPLY_MAGIC);
    putInt(option);
    putInt(type.number());
    putInt(dataBytes);
  }

  /// Text for people, cut to what the protocol recommends, and never inside a character.
  private static byte[] utf8(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= TEXT_BYTES_MAX) {
      return bytes;
    }
    int end = TEXT_BYTES_MAX;
    while ((bytes[end] & 0xC0) == 0x80) {
      end--;
    }
    return Arrays.copyOf(bytes, end);
  }

  private void putShort(int value) {
    buffer.putShort(lengthBytes, (short) value, BIG_ENDIAN);
    lengthBytes += Short.BYTES;
  }

  private void putInt(int value) {
    buffer.putInt(lengthBytes, value, BIG_ENDIAN);
    lengthBytes += Integer.BYTES;
  }

  private void putLong(long value) {
    buffer.putLong(lengthBytes, value, BIG_ENDIAN);
    lengthBytes += Long.BYTES;
  }

  private void putBytes(byte[] bytes) {
    buffer.putBytes(lengthBytes, bytes);
    lengthBytes += bytes.length;
  }
}
