package farside.replay;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Facts as bytes, one after the other. Spec: `specs/recording.md`.
///
/// | field   | bytes                                                                       |
/// |---------|-----------------------------------------------------------------------------|
/// | kind    | 1, see `FactKind`                                                           |
/// | port    | a number                                                                    |
/// | numbers | as many as the kind has: 7 bits a byte, lowest first, zigzag                |
/// | texts   | as many as the kind has: length in bytes (a number), UTF-8                  |
/// | content | if the kind has it: its length, how many bytes follow (numbers), and these  |
///
/// What follows is the content without the zeroes at its end: that is all that is saved. What
/// hosts write is seldom there twice, since of what leaves the cabinet a checksum is kept.
final class FactFormat {
  private FactFormat() {}

  static void encode(Fact fact, ByteArrayOutputStream out) {
    out.write(fact.kind().code());
    number(fact.port(), out);
    for (long number : fact.numbers()) {
      number(number, out);
    }
    for (String text : fact.texts()) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      number(bytes.length, out);
      out.writeBytes(bytes);
    }
    if (fact.kind().hasContent()) {
      byte[] content = fact.content();
      int kept = lengthWithoutZeroes(content);
      number(content.length, out);
      number(kept, out);
      out.write(content, 0, kept);
    }
  }

  private static int lengthWithoutZeroes(byte[] content) {
    int length = content.length;
    while (length > 0 && content[length - 1] == 0) {
      length--;
    }
    return length;
  }

  private static void number(long value, ByteArrayOutputStream out) {
    long left = (value << 1) ^ (value >> 63);
    while ((left & ~0x7FL) != 0) {
      out.write((int) (left & 0x7F) | 0x80);
      left >>>= 7;
    }
    out.write((int) left);
  }

  /// The next fact of a block.
  ///
  /// @throws DamagedRecording if the bytes are none
  static Fact decode(ByteBuffer in) throws DamagedRecording {
    try {
      int code = in.get();
      FactKind kind = FactKind.of(code);
      if (kind == null) {
        throw new DamagedRecording("no fact has the code " + code);
      }
      int port = Math.toIntExact(number(in));
      long[] numbers = new long[kind.numbers().size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = number(in);
      }
      String[] texts = new String[kind.texts().size()];
      for (int i = 0; i < texts.length; i++) {
        texts[i] =
            StandardCharsets.UTF_8.newDecoder().decode(slice(in, number(in))).toString();
      }
      return new Fact(
          kind, port, numbers, texts, kind.hasContent() ? content(in) : Fact.NO_CONTENT);
    } catch (BufferUnderflowException | ArithmeticException | CharacterCodingException failure) {
      throw new DamagedRecording("a fact is not whole");
    }
  }

  private static byte[] content(ByteBuffer in) throws DamagedRecording {
    long length = number(in);
    long kept = number(in);
    if (length < 0 || length > RecordingFormat.BLOCK_MAX_BYTES || kept > length) {
      throw new DamagedRecording("a fact has " + length + " bytes of content, and keeps " + kept);
    }
    ByteBuffer bytes = slice(in, kept);
    byte[] content = new byte[(int) length];
    bytes.get(content, 0, (int) kept);
    return content;
  }

  private static ByteBuffer slice(ByteBuffer in, long lengthBytes) throws DamagedRecording {
    if (lengthBytes < 0 || lengthBytes > in.remaining()) {
      throw new DamagedRecording("a fact is longer than its block");
    }
    ByteBuffer slice = in.slice(in.position(), (int) lengthBytes);
    in.position(in.position() + (int) lengthBytes);
    return slice;
  }

  private static long number(ByteBuffer in) throws DamagedRecording {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = in.get();
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new DamagedRecording("a number is too long");
  }
}
