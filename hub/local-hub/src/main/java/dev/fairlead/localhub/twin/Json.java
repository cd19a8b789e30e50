package dev.fairlead.localhub.twin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fairlead.localhub.LocalHubException;

/**
 * Reads and writes JSON. The depth of input is bounded here, its size by the receiving front end.
 */
public final class Json {

  private static final int MAX_DEPTH = 64;
  private static final int BAD_ARGUMENT = 400004;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  /**
   * Reads one JSON value.
   *
   * @throws LocalHubException 400004 if the text is not exactly one
   */
  public static JsonNode parse(String text) {
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new LocalHubException(BAD_ARGUMENT, "This is not JSON: " + e.getOriginalMessage());
    }
    if (node.isMissingNode()) {
      throw new LocalHubException(BAD_ARGUMENT, "This is not JSON: the text is empty.");
    }
    return node;
  }

  /**
   * Reads one JSON object.
   *
   * @throws LocalHubException 400004 if the text is not exactly one
   */
  public static ObjectNode parseObject(String text) {
    if (parse(text) instanceof ObjectNode object) {
      return object;
    }
    throw new LocalHubException(BAD_ARGUMENT, "This is not a JSON object. Send {…}.");
  }

  /** A new empty object. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** The value as text, without white space. */
  public static String print(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A JSON tree could not be printed.", e);
    }
  }
}
