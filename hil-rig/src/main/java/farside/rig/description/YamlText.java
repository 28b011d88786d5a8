package farside.rig.description;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/// A YAML text as a tree of JSON nodes that knows where each key and value stands.
///
/// Takes the part of YAML that a rig needs: mappings, lists and scalars. Anchors, aliases and
/// tags are refused, so nothing can grow beyond the text itself. A plain `0010` stays the text
/// that it is: YAML's rule would make it the number 8.
final class YamlText {
  /// Far more than any rig needs, and little enough to hold in memory.
  static final int LENGTH_MAX_BYTES = 1 << 20;

  private static final int DEPTH_MAX = 12;
  private static final Pattern WHOLE_NUMBER = Pattern.compile("-?(0|[1-9][0-9]{0,17})");
  private static final Pattern TAB_IN_INDENTATION = Pattern.compile("^ *\t", Pattern.MULTILINE);

  /// Stops the reading at the first mistake: what follows it in the text cannot be trusted.
  private static final class Stop extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Mistake mistake;

    Stop(Place place, String what, String cure) {
      super(what);
      this.mistake = new Mistake(place, what, cure);
    }
  }

  private final Map<String, Place> keyPlaces = new HashMap<>();
  private final Map<String, Place> valuePlaces = new HashMap<>();
  private final JsonNode root;

  private YamlText(String text) throws Stop, IOException {
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      if (parser.nextToken() == null) {
        throw new Stop(
            Place.START,
            "the file holds nothing but comments",
            "Begin with `sites:`; hil-rig/rigs/loopback.yaml is an example.");
      }
      root = read(parser, "", 0);
      if (parser.nextToken() != null) {
        throw new Stop(
            placeOf(parser.currentTokenLocation()),
            "a second YAML document begins here",
            "Keep one document in a file: remove the line `---` and what follows.");
      }
    }
  }

  static YamlText parse(String fileName, byte[] bytes) throws RigRefusedException {
    String text = "";
    try {
      text = decode(bytes);
      return new YamlText(text);
    } catch (Stop stop) {
      throw new RigRefusedException(fileName, text, List.of(stop.mistake));
    } catch (JacksonException failure) {
      throw new RigRefusedException(fileName, text, List.of(syntaxMistake(failure)));
    } catch (IOException | RuntimeException failure) {
      // The parser is not ours and reads what strangers wrote: whatever it throws, the text is
      // at fault.
      Mistake mistake = new Mistake(
          Place.START,
          "this is not YAML (%s)".formatted(Shown.printable(String.valueOf(failure.getMessage()))),
          "Compare with hil-rig/rigs/loopback.yaml.");
      throw new RigRefusedException(fileName, text, List.of(mistake));
    }
  }

  JsonNode root() {
    return root;
  }

  /// Where the key that ends the JSON pointer stands; for an item of a list, where the item
  /// begins.
  Place keyPlace(String pointer) {
    Place place = keyPlaces.get(pointer);
    return place != null ? place : valuePlace(pointer);
  }

  /// Where the value stands; for what the text does not have, the nearest thing around it.
  Place valuePlace(String pointer) {
    Place place = valuePlaces.get(pointer);
    if (place != null) {
      return place;
    }
    return pointer.isEmpty()
        ? Place.START
        : keyPlace(pointer.substring(0, pointer.lastIndexOf('/')));
  }

  /// A name as it stands in a JSON pointer.
  static String escaped(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }

  private JsonNode read(YAMLParser parser, String pointer, int depth) throws Stop, IOException {
    Place place = placeOf(parser.currentTokenLocation());
    valuePlaces.put(pointer, place);
    refuseWhatGrows(parser, place);
    if (depth > DEPTH_MAX) {
      throw new Stop(
          place,
          "this is nested too deeply",
          "A rig has at most five levels; check the indentation.");
    }
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> readMapping(parser, pointer, depth);
      case START_ARRAY -> readList(parser, pointer, depth);
      case VALUE_NULL -> NullNode.getInstance();
      case VALUE_TRUE, VALUE_FALSE -> BooleanNode.valueOf(token == JsonToken.VALUE_TRUE);
      case VALUE_NUMBER_INT -> number(parser.getText());
      case VALUE_STRING, VALUE_NUMBER_FLOAT -> new TextNode(parser.getText());
      default ->
        throw new Stop(
            place, "this is not text, a number, a list or a mapping", "Write it as plain text.");
    };
  }

  private ObjectNode readMapping(YAMLParser parser, String pointer, int depth)
      throws Stop, IOException {
    ObjectNode mapping = JsonNodeFactory.instance.objectNode();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      Place place = placeOf(parser.currentTokenLocation());
      refuseWhatGrows(parser, place);
      String below = pointer + "/" + escaped(name);
      if (mapping.has(name)) {
        throw new Stop(
            place,
            "%s stands here a second time; the first is in line %d"
                .formatted(Shown.quoted(name), keyPlaces.get(below).line()),
            "Remove one of the two, or give it another name.");
      }
      keyPlaces.put(below, place);
      parser.nextToken();
      mapping.set(name, read(parser, below, depth + 1));
    }
    return mapping;
  }

  private ArrayNode readList(YAMLParser parser, String pointer, int depth)
      throws Stop, IOException {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(read(parser, pointer + "/" + list.size(), depth + 1));
    }
    return list;
  }

  private static void refuseWhatGrows(YAMLParser parser, Place place) throws Stop, IOException {
    if (parser.isCurrentAlias() || parser.getObjectId() != null) {
      throw new Stop(
          place,
          "anchors (&) and aliases (*) are not used in rigs",
          "Write the text out at each place.");
    }
    if (parser.getTypeId() != null) {
      throw new Stop(place, "tags (!) are not used in rigs", "Remove the tag; put text in quotes.");
    }
  }

  /// A whole number as people write it; anything else stays text, and the schema says what was
  /// wanted.
  private static JsonNode number(String text) {
    return WHOLE_NUMBER.matcher(text).matches()
        ? LongNode.valueOf(Long.parseLong(text))
        : new TextNode(text);
  }

  private static String decode(byte[] bytes) throws Stop {
    if (bytes.length > LENGTH_MAX_BYTES) {
      throw new Stop(
          Place.START,
          "the file has %d bytes, more than the %d that a rig may have"
              .formatted(bytes.length, LENGTH_MAX_BYTES),
          "Is it a rig at all? hil-rig/rigs/loopback.yaml is an example.");
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length + 1);
    CoderResult result = decoder.decode(in, out, true);
    String text = out.flip().toString();
    if (result.isError()) {
      throw new Stop(
          placeAt(text, text.length()),
          "byte 0x%02X is not UTF-8".formatted(bytes[in.position()]),
          "Save the file as UTF-8 text.");
    }
    if (text.startsWith("\uFEFF")) {
      text = text.substring(1);
    }
    if (text.isBlank()) {
      throw new Stop(
          Place.START,
          "the file is empty",
          "Begin with `sites:`; hil-rig/rigs/loopback.yaml is an example.");
    }
    refuseControlCharacters(text);
    return text;
  }

  private static void refuseControlCharacters(String text) throws Stop {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isForbidden(c)) {
        throw new Stop(
            placeAt(text, i),
            "there is a control character (0x%02X)".formatted((int) c),
            "Remove it, or write the line again.");
      }
    }
    Matcher tab = TAB_IN_INDENTATION.matcher(text);
    if (tab.find()) {
      throw new Stop(
          placeAt(text, tab.end() - 1), "the line is indented with a tab", "Indent with spaces.");
    }
  }

  /// Control characters, and the two line ends of Unicode that editors do not count as such.
  private static boolean isForbidden(char c) {
    boolean isLineEnd = c == '\u2028' || c == '\u2029';
    return isLineEnd || (Character.isISOControl(c) && c != '\n' && c != '\r' && c != '\t');
  }

  private static Place placeAt(String text, int index) {
    int line = 1;
    int lineStart = 0;
    for (int i = 0; i < index; i++) {
      char c = text.charAt(i);
      boolean isLoneReturn = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) != '\n';
      if (c == '\n' || isLoneReturn) {
        line++;
        lineStart = i + 1;
      }
    }
    return new Place(line, index - lineStart + 1);
  }

  private static Place placeOf(JsonLocation location) {
    return new Place(Math.max(1, location.getLineNr()), Math.max(1, location.getColumnNr()));
  }

  private static Mistake syntaxMistake(JacksonException failure) {
    String cure =
        "Check the indentation, the colon and the space after it, quotes and brackets, here and in the line above.";
    if (failure.getCause() instanceof MarkedYAMLException cause && cause.getProblemMark() != null) {
      // A quote that is never closed swallows the rest of the file: the place to look is where
      // it opens.
      boolean isOpenQuote = cause.getContextMark() != null
          && "while scanning a quoted scalar".equals(cause.getContext());
      Mark mark = isOpenQuote ? cause.getContextMark() : cause.getProblemMark();
      Place place = new Place(mark.getLine() + 1, mark.getColumn() + 1);
      return new Mistake(
          place, "this is not YAML (%s)".formatted(Shown.printable(cause.getProblem())), cure);
    }
    Place place = failure.getLocation() == null ? Place.START : placeOf(failure.getLocation());
    // The first line says what the parser met, then what its own insides look like: no help to
    // anyone.
    String met =
        String.valueOf(failure.getOriginalMessage()).lines().findFirst().orElse("");
    return new Mistake(
        place,
        "this is not YAML (%s)"
            .formatted(Shown.printable(met.replaceFirst(", got this instead.*", ""))),
        cure);
  }
}
