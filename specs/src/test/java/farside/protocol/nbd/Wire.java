package farside.protocol.nbd;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;

/// What a client says, piece by piece.
final class Wire {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /// Hex digits, with blanks and line ends where they help the reader.
  static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replaceAll("\\s", ""));
  }

  Wire raw(byte[] raw) {
    bytes.writeBytes(raw);
    return this;
  }

  Wire clientFlags(int flags) {
    return u32(flags);
  }

  Wire option(NbdOption option, byte[] data) {
    return option(option.number(), data);
  }

  Wire option(int number, byte[] data) {
    UnsafeBuffer header = new UnsafeBuffer(new byte[OptionFlyweight.LENGTH_BYTES]);
    OptionFlyweight.put(header, 0, number, data.length);
    return raw(header.byteArray()).raw(data);
  }

  /// INFO or GO.
  Wire infoOption(NbdOption option, String name, NbdInfo... wanted) {
    Wire data = new Wire().text(name).u16(wanted.length);
    for (NbdInfo each : wanted) {
      data.u16(each.number());
    }
    return option(option, data.toBytes());
  }

  /// LIST_META_CONTEXT or SET_META_CONTEXT.
  Wire contextOption(NbdOption option, String name, String... queries) {
    Wire data = new Wire().text(name).u32(queries.length);
    for (String query : queries) {
      data.text(query);
    }
    return option(option, data.toBytes());
  }

  Wire request(NbdCommand command, int flags, long cookie, long offsetBytes, long lengthBytes) {
    return request(command.number(), flags, cookie, offsetBytes, lengthBytes);
  }

  Wire request(int command, int flags, long cookie, long offsetBytes, long lengthBytes) {
    UnsafeBuffer header = new UnsafeBuffer(new byte[RequestFlyweight.LENGTH_BYTES]);
    RequestFlyweight.put(header, 0, flags, command, cookie, offsetBytes, lengthBytes);
    return raw(header.byteArray());
  }

  /// A length of four bytes, then the text.
  Wire text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return u32(utf8.length).raw(utf8);
  }

  Wire u16(int value) {
    bytes.write(value >> 8);
    bytes.write(value);
    return this;
  }

  Wire u32(int value) {
    return u16(value >>> 16).u16(value);
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  /// A client that has agreed to structured replies, chosen the context and opened the export.
  static Wire openedWithContext(String name) {
    return new Wire()
        .clientFlags(3)
        .option(NbdOption.STRUCTURED_REPLY, new byte[0])
        .contextOption(NbdOption.SET_META_CONTEXT, name, MetaContext.ALLOCATION)
        .infoOption(NbdOption.GO, name);
  }

  /// A client that has opened the export of that name.
  static Wire opened(String name) {
    return new Wire().clientFlags(3).infoOption(NbdOption.GO, name);
  }
}
