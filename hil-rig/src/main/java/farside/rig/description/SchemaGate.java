package farside.rig.description;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The second gate: has the text the shape that `specs/rig.schema.json` asks for?
///
/// The schema's own descriptions are the cures, so that manual, editor and refusal say the
/// same.
final class SchemaGate {
  private static final String RESOURCE = "/farside/rig/rig.schema.json";

  private final JsonNode schemaNode;
  private final JsonSchema schema;

  SchemaGate() {
    SchemaValidatorsConfig config = SchemaValidatorsConfig.builder()
        .pathType(PathType.JSON_POINTER)
        .locale(Locale.ROOT)
        .build();
    schemaNode = readSchema();
    schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
        .getSchema(schemaNode, config);
  }

  /// A text of the schema, which the validator quotes in messages; the mapper would do that too.
  private static final class Word extends TextNode {
    private static final long serialVersionUID = 1L;

    Word(String text) {
      super(text);
    }

    @Override
    public String toString() {
      return '"' + asText() + '"';
    }
  }

  /// The parser alone: an object mapper begins with Java's calendars, which cost every start more
  /// than this does.
  private static JsonNode readSchema() {
    try (InputStream in = SchemaGate.class.getResourceAsStream(RESOURCE);
        JsonParser parser = new JsonFactory().createParser(in)) {
      parser.nextToken();
      return read(parser);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static JsonNode read(JsonParser parser) throws IOException {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        ObjectNode object = nodes.objectNode();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          object.set(name, read(parser));
        }
        yield object;
      }
      case START_ARRAY -> {
        ArrayNode array = nodes.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(read(parser));
        }
        yield array;
      }
      case VALUE_STRING -> new Word(parser.getText());
      case VALUE_NUMBER_INT -> nodes.numberNode(parser.getLongValue());
      case VALUE_TRUE, VALUE_FALSE -> nodes.booleanNode(parser.getBooleanValue());
      default -> throw new IOException("the schema has a " + parser.currentToken());
    };
  }

  List<Mistake> check(YamlText text) {
    List<Mistake> mistakes = new ArrayList<>();
    for (ValidationMessage message : schema.validate(text.root())) {
      mistakes.add(toMistake(message, text));
    }
    return mistakes;
  }

  private Mistake toMistake(ValidationMessage message, YamlText text) {
    String pointer = message.getInstanceLocation().toString();
    String name = message.getProperty();
    JsonNode value = text.root().at(pointer);
    String word = lastWord(pointer);
    return switch (message.getType()) {
      case "additionalProperties" ->
        new Mistake(
            text.keyPlace(pointer + "/" + YamlText.escaped(name)),
            "there is no key " + Shown.quoted(name) + " here",
            cureOfUnknownKey(pointer, name));
      case "required" ->
        new Mistake(
            text.keyPlace(pointer),
            "%s is missing".formatted(Shown.quoted(name)),
            cure(pointer + "/" + YamlText.escaped(name)));
      case "propertyNames" -> badKey(name, pointer, text);
      default ->
        new Mistake(
            text.valuePlace(pointer),
            badValue(isSecret(pointer) ? "secret" : message.getType(), word, value),
            cure(pointer));
    };
  }

  /// True for what no message may repeat, such as a password put where its hash belongs.
  private boolean isSecret(String pointer) {
    return schemaAt(pointer).filter(node -> node.path("writeOnly").asBoolean()).isPresent();
  }

  private static String badValue(String rule, String word, JsonNode value) {
    return switch (rule) {
      case "type" -> "%s is %s".formatted(word, kindOf(value));
      case "enum", "pattern" -> "%s cannot be %s".formatted(word, Shown.quoted(value.asText()));
      case "minimum" -> "%s is %s, which is too small".formatted(word, value.asText());
      case "maximum" -> "%s is %s, which is too large".formatted(word, value.asText());
      case "minItems", "minProperties" -> "%s holds nothing".formatted(word);
      case "maxItems", "maxProperties" ->
        "%s holds %d entries, which are too many".formatted(word, value.size());
      default -> "%s is not as it should be".formatted(word);
    };
  }

  private Mistake badKey(String key, String pointer, YamlText text) {
    String cure = schemaAt(pointer)
        .map(node -> node.path("propertyNames").path("description").asText())
        .orElse("");
    return new Mistake(
        text.keyPlace(pointer + "/" + YamlText.escaped(key)),
        "%s cannot be a name here".formatted(Shown.quoted(key)),
        cure);
  }

  private String cureOfUnknownKey(String pointer, String name) {
    List<String> known = new ArrayList<>();
    schemaAt(pointer)
        .ifPresent(node -> node.path("properties").fieldNames().forEachRemaining(known::add));
    return NearestWord.to(name, known)
        .map(nearest -> "Did you mean %s?".formatted(Shown.quoted(nearest)))
        .orElse("Possible here: %s.".formatted(Shown.list(known)));
  }

  /// The description that stands nearest to the value, on the way from it to the root.
  private String cure(String pointer) {
    String at = pointer;
    while (true) {
      String description = description(at);
      if (!description.isEmpty()) {
        return description;
      }
      if (at.isEmpty()) {
        return "";
      }
      at = at.substring(0, at.lastIndexOf('/'));
    }
  }

  private String description(String pointer) {
    JsonNode node = schemaNode;
    for (String token : tokens(pointer)) {
      node = below(target(node), token);
    }
    JsonNode own = node.path("description");
    return own.isMissingNode() ? target(node).path("description").asText() : own.asText();
  }

  private Optional<JsonNode> schemaAt(String pointer) {
    JsonNode node = schemaNode;
    for (String token : tokens(pointer)) {
      node = below(target(node), token);
    }
    JsonNode found = target(node);
    return found.isMissingNode() ? Optional.empty() : Optional.of(found);
  }

  private static JsonNode below(JsonNode node, String token) {
    JsonNode property = node.path("properties").path(token);
    if (!property.isMissingNode()) {
      return property;
    }
    return node.has("items") ? node.path("items") : node.path("additionalProperties");
  }

  private JsonNode target(JsonNode node) {
    String reference = node.path("$ref").asText();
    return reference.isEmpty() ? node : schemaNode.at(reference.substring(1));
  }

  private static String[] tokens(String pointer) {
    return pointer.isEmpty() ? new String[0] : pointer.substring(1).split("/", -1);
  }

  private static String lastWord(String pointer) {
    String[] tokens = tokens(pointer);
    if (tokens.length == 0) {
      return "the file";
    }
    String last = tokens[tokens.length - 1].replace("~1", "/").replace("~0", "~");
    boolean isItem = tokens.length > 1
        && List.of("drives", "links", "consoles").contains(tokens[tokens.length - 2]);
    return isItem ? "an entry of `%s`".formatted(tokens[tokens.length - 2]) : Shown.quoted(last);
  }

  private static String kindOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL -> "empty";
      case OBJECT -> "a mapping";
      case ARRAY -> "a list";
      case NUMBER -> "the number " + value.asText();
      case BOOLEAN -> "the truth value " + value.asText();
      default -> Shown.quoted(value.asText());
    };
  }
}
