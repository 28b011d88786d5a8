package farside.protocol.session;

import static org.assertj.core.api.Assertions.assertThat;

import farside.protocol.link.FrameHeaderFlyweight;
import farside.protocol.link.FrameKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/// The tables of `specs/link-session.md` against the schema, the generated codecs and the frame
/// header.
class LinkSessionDocumentTest {
  private static final Path DOCUMENT = Path.of("link-session.md");
  private static final Path SCHEMA =
      Path.of("src/main/resources/farside/protocol/session/session-messages.xml");
  private static final Map<String, Integer> LENGTHS =
      new LinkedHashMap<>(Map.of("uint8", 1, "uint16", 2, "uint32", 4, "uint64", 8));

  @Test
  void theFrameTableHoldsTheOffsetsOfTheFlyweight() throws IOException {
    Map<String, Integer> offsets = new LinkedHashMap<>();
    offsets.put("magic", FrameHeaderFlyweight.MAGIC_OFFSET);
    offsets.put("version", FrameHeaderFlyweight.VERSION_OFFSET);
    offsets.put("kind", FrameHeaderFlyweight.KIND_OFFSET);
    offsets.put("message bytes", FrameHeaderFlyweight.MESSAGE_BYTES_OFFSET);
    offsets.put("payload bytes", FrameHeaderFlyweight.PAYLOAD_BYTES_OFFSET);
    offsets.put("epoch", FrameHeaderFlyweight.EPOCH_OFFSET);
    offsets.put("sequence", FrameHeaderFlyweight.SEQUENCE_OFFSET);
    offsets.put("ack", FrameHeaderFlyweight.ACK_OFFSET);
    offsets.put("credit", FrameHeaderFlyweight.CREDIT_OFFSET);
    offsets.put("payload CRC-32C", FrameHeaderFlyweight.PAYLOAD_CRC_OFFSET);
    offsets.put("header CRC-32C", FrameHeaderFlyweight.HEADER_CRC_OFFSET);

    List<List<String>> rows = table("## The frame", "offset");
    Map<String, Integer> written = new LinkedHashMap<>();
    int endOffset = 0;
    for (List<String> row : rows) {
      assertThat(Integer.parseInt(row.get(0))).as(row.get(2)).isEqualTo(endOffset);
      written.put(row.get(2), endOffset);
      endOffset += Integer.parseInt(row.get(1));
    }
    assertThat(written).containsExactlyEntriesOf(offsets);
    assertThat(endOffset).isEqualTo(FrameHeaderFlyweight.HEADER_BYTES);
    assertThat(rows.getFirst().get(3))
        .contains(String.format("0x%02X", FrameHeaderFlyweight.MAGIC));
    assertThat(rows.get(1).get(3)).isEqualTo(String.valueOf(FrameHeaderFlyweight.VERSION));
    assertThat(rows.get(4).get(3)).endsWith(String.valueOf(FrameHeaderFlyweight.PAYLOAD_BYTES_MAX));
  }

  @Test
  void theTableInTheFlyweightsJavadocIsTheSame() throws IOException {
    List<String> javadoc = Files.readAllLines(
            Path.of("src/main/java/farside/protocol/link/FrameHeaderFlyweight.java"))
        .stream()
        .filter(line -> line.startsWith("/// |"))
        .skip(2)
        .map(line -> String.join("|", cells(line.substring(4))))
        .toList();
    assertThat(javadoc)
        .isEqualTo(table("## The frame", "offset").stream()
            .map(row -> String.join("|", row))
            .toList());
  }

  @Test
  void theKindsHaveTheirCodes() throws IOException {
    assertThat(table("## The frame", "kind").stream().map(row -> row.get(0) + " " + row.get(1)))
        .containsExactlyElementsOf(Stream.of(FrameKind.values())
            .filter(kind -> kind != FrameKind.UNKNOWN)
            .map(kind -> kind.name() + " " + kind.code())
            .toList());
  }

  @Test
  void everyMessageHasItsTableAndEveryTableItsMessage() throws Exception {
    String document = Files.readString(DOCUMENT);
    Matcher headings = Pattern.compile("(?m)^### (\\w+): template (\\d+), block of (\\d+) bytes$")
        .matcher(document);
    List<String> written = new ArrayList<>();
    while (headings.find()) {
      written.add(headings.group(1) + " " + headings.group(2) + " " + headings.group(3));
    }
    List<String> declared = new ArrayList<>();
    for (Element message : messages()) {
      declared.add(message.getAttribute("name") + " " + message.getAttribute("id") + " "
          + blockBytes(message));
    }
    assertThat(written).isEqualTo(declared);

    for (Element message : messages()) {
      List<String> fields = new ArrayList<>();
      int offset = 0;
      for (Element field : elements(message, "field")) {
        int length = lengthOf(field.getAttribute("type"));
        fields.add(offset + "|" + length + "|" + field.getAttribute("name") + "|"
            + field.getAttribute("type") + "|" + field.getAttribute("description"));
        offset += length;
      }
      assertThat(table("### " + message.getAttribute("name") + ": ", "offset").stream()
              .map(row -> String.join("|", row)))
          .as(message.getAttribute("name"))
          .containsExactlyElementsOf(fields);
    }
  }

  @Test
  void theGeneratedCodecsHaveTheTemplatesAndLengthsOfTheSchema() throws Exception {
    for (Element message : messages()) {
      Class<?> codec =
          Class.forName("farside.protocol.session." + message.getAttribute("name") + "Decoder");
      assertThat(codec.getField("TEMPLATE_ID").getInt(null))
          .isEqualTo(Integer.parseInt(message.getAttribute("id")));
      assertThat(codec.getField("BLOCK_LENGTH").getInt(null))
          .as(codec.getName())
          .isEqualTo(blockBytes(message));
      assertThat(codec.getField("SCHEMA_VERSION").getInt(null)).isEqualTo(1);
    }
  }

  @Test
  void everyMessageFitsIntoAFrame() throws Exception {
    for (Element message : messages()) {
      assertThat(MessageHeaderEncoder.ENCODED_LENGTH + blockBytes(message))
          .as(message.getAttribute("name"))
          .isLessThanOrEqualTo(FrameHeaderFlyweight.MESSAGE_BYTES_MAX);
    }
  }

  @Test
  void aMirroredWriteCostsAtMost64BytesBesideItsPayload() throws IOException {
    int overheadBytes = FrameHeaderFlyweight.HEADER_BYTES
        + MessageHeaderEncoder.ENCODED_LENGTH
        + WriteEncoder.BLOCK_LENGTH;
    assertThat(overheadBytes).isEqualTo(62).isLessThanOrEqualTo(64);
    assertThat(Files.readString(DOCUMENT))
        .contains("**" + overheadBytes + " bytes\nbefore the payload; the budget is 64**");
  }

  @Test
  void enumsAndSetsHoldTheValuesOfTheSchema() throws Exception {
    List<String> enums = new ArrayList<>();
    for (Element type : elements(schema().getDocumentElement(), "enum")) {
      for (Element value : elements(type, "validValue")) {
        enums.add(type.getAttribute("name") + " " + value.getTextContent() + " "
            + value.getAttribute("name"));
      }
    }
    List<String> sets = new ArrayList<>();
    for (Element type : elements(schema().getDocumentElement(), "set")) {
      for (Element choice : elements(type, "choice")) {
        sets.add(type.getAttribute("name") + " " + choice.getTextContent() + " "
            + choice.getAttribute("name"));
      }
    }
    assertThat(table("## Values", "enum").stream().map(row -> String.join(" ", row)))
        .containsExactlyElementsOf(enums);
    assertThat(table("## Values", "set").stream().map(row -> String.join(" ", row.subList(0, 3))))
        .containsExactlyElementsOf(sets);
    assertThat(table("## Values", "order").stream().map(List::getFirst))
        .containsExactlyElementsOf(Stream.of(PairOrderCode.values())
            .filter(code -> code != PairOrderCode.NULL_VAL && code != PairOrderCode.SBE_UNKNOWN)
            .map(PairOrderCode::name)
            .toList());
  }

  /// The rows of the first table under a heading whose header line begins with a word.
  private static List<List<String>> table(String heading, String firstColumn) throws IOException {
    List<String> lines = Files.readAllLines(DOCUMENT);
    int at = 0;
    while (!lines.get(at).startsWith(heading)) {
      at++;
    }
    while (!lines.get(at).startsWith("| " + firstColumn + " |")) {
      at++;
    }
    List<List<String>> rows = new ArrayList<>();
    for (at += 2; at < lines.size() && lines.get(at).startsWith("|"); at++) {
      rows.add(cells(lines.get(at)));
    }
    return rows;
  }

  private static List<String> cells(String row) {
    String inner = row.strip();
    return Stream.of(inner.substring(1, inner.length() - 1).split("\\|", -1))
        .map(String::strip)
        .toList();
  }

  private static Document schema() throws Exception {
    return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(SCHEMA.toFile());
  }

  private static List<Element> messages() throws Exception {
    return elements(schema().getDocumentElement(), "sbe:message");
  }

  private static List<Element> elements(Element parent, String tag) {
    NodeList nodes = parent.getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  private static int blockBytes(Element message) throws Exception {
    int bytes = 0;
    for (Element field : elements(message, "field")) {
      bytes += lengthOf(field.getAttribute("type"));
    }
    return bytes;
  }

  private static int lengthOf(String type) throws Exception {
    Integer primitive = LENGTHS.get(type);
    if (primitive != null) {
      return primitive;
    }
    for (String tag : List.of("type", "enum", "set")) {
      for (Element declared : elements(schema().getDocumentElement(), tag)) {
        if (declared.getAttribute("name").equals(type)) {
          return tag.equals("type")
              ? Integer.parseInt(declared.getAttribute("length"))
              : LENGTHS.get(declared.getAttribute("encodingType"));
        }
      }
    }
    throw new AssertionError("type " + type + " is not declared in the schema");
  }
}
