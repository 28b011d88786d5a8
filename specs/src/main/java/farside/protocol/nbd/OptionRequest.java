package farside.protocol.nbd;

import static java.nio.ByteOrder.BIG_ENDIAN;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/// An option as it was asked, whole and checked.
///
/// | option                    | data                                                       |
/// |---------------------------|------------------------------------------------------------|
/// | EXPORT_NAME               | the name, to the end                                       |
/// | ABORT                     | none; any is ignored                                       |
/// | LIST                      | none                                                       |
/// | STARTTLS                  | none                                                       |
/// | INFO, GO                  | u32 length, name; u16 count, as many u16 `NbdInfo`         |
/// | STRUCTURED_REPLY          | none                                                       |
/// | LIST_META_CONTEXT and SET | u32 length, name; u32 count, as many (u32 length, query)   |
///
/// What is not in the table is not served, and its data is never looked at.
public sealed interface OptionRequest {
  String NO_NAME = "the export name is not UTF-8 of at most " + NbdLimits.NAME_BYTES_MAX + " bytes";

  record NameExport(String name) implements OptionRequest {}

  record Abort() implements OptionRequest {}

  record ListExports() implements OptionRequest {}

  record StartTls() implements OptionRequest {}

  record StructuredReplies() implements OptionRequest {}

  record ListContexts(String exportName, List<String> queries) implements OptionRequest {}

  record SetContexts(String exportName, List<String> queries) implements OptionRequest {}

  record DescribeExport(String name, Wanted wanted) implements OptionRequest {}

  record OpenExport(String name, Wanted wanted) implements OptionRequest {}

  /// Lengths that do not add up, or a name that is no text: answered, and the haggling goes on.
  record Malformed(NbdOption option, String reason) implements OptionRequest {}

  /// What the client wants to be told beside size and flags. What it asks for that we do not
  /// know of is passed over, as the protocol wants it.
  record Wanted(boolean name, boolean description, boolean blockSize) {}

  /// True if options of that number come out of [#parse]; data of others is skipped unread.
  static boolean isServed(NbdOption option) {
    return option != NbdOption.PEEK_EXPORT && option != NbdOption.EXTENDED_HEADERS;
  }

  /// Reads the data of an option that [#isServed].
  static OptionRequest parse(NbdOption option, DirectBuffer data, int lengthBytes) {
    return switch (option) {
      case EXPORT_NAME -> parseExportName(data, lengthBytes);
      case ABORT -> new Abort();
      case LIST -> withoutData(option, lengthBytes, new ListExports());
      case STARTTLS -> withoutData(option, lengthBytes, new StartTls());
      case STRUCTURED_REPLY -> withoutData(option, lengthBytes, new StructuredReplies());
      case INFO, GO -> parseInfo(option, data, lengthBytes);
      case LIST_META_CONTEXT, SET_META_CONTEXT -> parseContexts(option, data, lengthBytes);
      case PEEK_EXPORT, EXTENDED_HEADERS ->
        throw new IllegalArgumentException(option + " is not served");
    };
  }

  private static OptionRequest withoutData(
      NbdOption option, int lengthBytes, OptionRequest request) {
    return lengthBytes == 0
        ? request
        : new Malformed(option, option + " takes no data, " + lengthBytes + " bytes came");
  }

  private static OptionRequest parseExportName(DirectBuffer data, int lengthBytes) {
    String name = name(data, 0, lengthBytes);
    return name == null ? new Malformed(NbdOption.EXPORT_NAME, NO_NAME) : new NameExport(name);
  }

  private static OptionRequest parseInfo(NbdOption option, DirectBuffer data, int lengthBytes) {
    if (lengthBytes < Integer.BYTES + Short.BYTES) {
      return new Malformed(option, option + " needs at least 6 bytes, " + lengthBytes + " came");
    }
    long nameBytes = data.getInt(0, BIG_ENDIAN) & 0xFFFF_FFFFL;
    if (nameBytes > lengthBytes - (Integer.BYTES + Short.BYTES)) {
      return new Malformed(
          option, "a name of " + nameBytes + " bytes does not fit in " + lengthBytes + " bytes");
    }
    int countOffset = Integer.BYTES + (int) nameBytes;
    int count = data.getShort(countOffset, BIG_ENDIAN) & 0xFFFF;
    int infoOffset = countOffset + Short.BYTES;
    if (lengthBytes - infoOffset != count * Short.BYTES) {
      return new Malformed(
          option,
          count + " information requests do not fill " + (lengthBytes - infoOffset) + " bytes");
    }
    String name = name(data, Integer.BYTES, (int) nameBytes);
    if (name == null) {
      return new Malformed(option, NO_NAME);
    }
    Wanted wanted = wanted(data, infoOffset, count);
    return option == NbdOption.GO ? new OpenExport(name, wanted) : new DescribeExport(name, wanted);
  }

  private static OptionRequest parseContexts(NbdOption option, DirectBuffer data, int lengthBytes) {
    int headBytes = 2 * Integer.BYTES;
    if (lengthBytes < headBytes) {
      return new Malformed(option, option + " needs at least 8 bytes, " + lengthBytes + " came");
    }
    long nameBytes = data.getInt(0, BIG_ENDIAN) & 0xFFFF_FFFFL;
    if (nameBytes > lengthBytes - headBytes) {
      return new Malformed(
          option, "a name of " + nameBytes + " bytes does not fit in " + lengthBytes + " bytes");
    }
    String name = name(data, Integer.BYTES, (int) nameBytes);
    if (name == null) {
      return new Malformed(option, NO_NAME);
    }
    long count = data.getInt(Integer.BYTES + (int) nameBytes, BIG_ENDIAN) & 0xFFFF_FFFFL;
    int at = headBytes + (int) nameBytes;
    List<String> queries = new ArrayList<>();
    // Each query takes at least its length: the count needs no bound of its own.
    for (long index = 0; index < count; index++) {
      long queryBytes =
          lengthBytes - at < Integer.BYTES ? -1 : data.getInt(at, BIG_ENDIAN) & 0xFFFF_FFFFL;
      at += Integer.BYTES;
      if (queryBytes < 0 || queryBytes > lengthBytes - at) {
        return new Malformed(option, "query " + index + " of " + count + " is cut short");
      }
      String query = name(data, at, (int) queryBytes);
      if (query == null) {
        return new Malformed(
            option,
            "query " + index + " is not UTF-8 of at most " + NbdLimits.NAME_BYTES_MAX + " bytes");
      }
      queries.add(query);
      at += (int) queryBytes;
    }
    if (at != lengthBytes) {
      return new Malformed(
          option, count + " queries are followed by " + (lengthBytes - at) + " bytes more");
    }
    return option == NbdOption.SET_META_CONTEXT
        ? new SetContexts(name, queries)
        : new ListContexts(name, queries);
  }

  private static Wanted wanted(DirectBuffer data, int offset, int count) {
    boolean name = false;
    boolean description = false;
    boolean blockSize = false;
    for (int index = 0; index < count; index++) {
      int info = data.getShort(offset + index * Short.BYTES, BIG_ENDIAN) & 0xFFFF;
      name |= info == NbdInfo.NAME.number();
      description |= info == NbdInfo.DESCRIPTION.number();
      blockSize |= info == NbdInfo.BLOCK_SIZE.number();
    }
    return new Wanted(name, description, blockSize);
  }

  /// Null if the bytes are no name: too long, not UTF-8, or with a NUL inside.
  private static String name(DirectBuffer data, int offset, int lengthBytes) {
    if (lengthBytes > NbdLimits.NAME_BYTES_MAX) {
      return null;
    }
    byte[] bytes = new byte[lengthBytes];
    data.getBytes(offset, bytes);
    try {
      String name =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return name.indexOf('\0') < 0 ? name : null;
    } catch (CharacterCodingException notText) {
      return null;
    }
  }
}
